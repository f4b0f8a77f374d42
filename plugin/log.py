"""The ZoomEarth tab of QGIS's log messages panel."""

from __future__ import annotations

from qgis.core import Qgis, QgsMessageLog

from ..core.address import hidden

TAG = "ZoomEarth"


def say(text: str, level: Qgis.MessageLevel = Qgis.MessageLevel.Info) -> None:
    """Writes an entry, with addresses without keys. QGIS shows no notification: messages that the user must see are in the panel."""
    QgsMessageLog.logMessage(hidden(text), TAG, level, False)


def warn(text: str) -> None:
    """Writes an entry as a warning."""
    say(text, Qgis.MessageLevel.Warning)
