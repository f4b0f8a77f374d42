"""The loop, the geometry, the dialects and the wire: standard library only, Python 3.9."""
