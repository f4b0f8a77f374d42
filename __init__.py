"""ZoomEarth: ask a very large raster a question, and see where the answer was read.

The folder is the Python package `zoomearth` and the QGIS plugin at once, so this file stays inert: nothing heavy, nothing of QGIS.
"""

from typing import Any

__version__ = "0.1.0"


def classFactory(iface: Any) -> Any:
    """Called by QGIS, once it loads the plugin."""
    from .plugin.plugin import Plugin

    return Plugin(iface)
