"""Tools on a region of a raster: segmentation, denoising, cloud removal and editing, as `core/tools.py` describes them.

`run.use` uses one. Each tool has a backend that needs no weights; BACKENDS in `run.py` lists them, and the first one that this machine can
run is taken.
"""
