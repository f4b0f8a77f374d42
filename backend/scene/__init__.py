"""The raster that is asked about: opened through GDAL, read in windows, rendered as views."""
