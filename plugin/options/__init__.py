"""ZoomEarth in QGIS's Options: the model, the environment, a test, diagnostics."""
