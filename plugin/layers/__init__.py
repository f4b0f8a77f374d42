"""Raster layers as the backend is told about them: source, style, region, snapshot."""
