"""Where the package's own files lie."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The package's folder, which is the QGIS plugin's folder too."""
RESOURCES = ROOT / "resources"
