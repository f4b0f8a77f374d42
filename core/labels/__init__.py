"""Labels: boxes on rasters, and questions about them with their answers, in one file that loses nothing (`file.LabelFile`).

Standard library only: QGIS, the command line and training read and write the same GeoPackage.
"""
