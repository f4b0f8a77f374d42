"""Labelling in QGIS: boxes, candidate questions, and decisions about them."""
