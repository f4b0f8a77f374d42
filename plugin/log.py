"""The ZoomEarth tab of QGIS's log messages panel."""

from __future__ import annotations

from qgis.core import Qgis, QgsMessageLog

from ..core.address import hidden

TAG = "ZoomEarth"


def say(text: str, level: Qgis.MessageLevel = Qgis.MessageLevel.Info) -> None:
    """One entry, its addresses without keys, and without a notification: what a user must see is shown in the panel."""
    QgsMessageLog.logMessage(hidden(text), TAG, level, False)


def warn(text: str) -> None:
    """The same, as a warning."""
    say(text, Qgis.MessageLevel.Warning)
