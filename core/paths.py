"""The folders of the package's own files."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The package's folder; it is also the folder of the QGIS plugin."""
RESOURCES = ROOT / "resources"
