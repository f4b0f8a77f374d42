"""Raster layers as input of the backend: source, style, region and snapshot."""
