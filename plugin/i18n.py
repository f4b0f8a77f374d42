"""Texts for people. Literal strings stand inside `tr("...")`, so that pylupdate finds them."""

from __future__ import annotations

from qgis.PyQt.QtCore import QCoreApplication


def tr(text: str, context: str = "ZoomEarth") -> str:
    """The text in the user's language, or as it stands where there is no translation."""
    return QCoreApplication.translate(context, text)
