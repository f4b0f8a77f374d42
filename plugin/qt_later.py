"""What is done later, unless its owner is gone by then."""

from __future__ import annotations

from typing import Callable

from qgis.PyQt.QtCore import QObject, QTimer


def later(owner: QObject, act: Callable[[], object], ms: int = 0) -> None:
    """Calls `act` from the event loop, after `ms` milliseconds. (Qt 5's `singleShot` can't be tied to an owner from Python.)"""
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.timeout.connect(act)
    timer.timeout.connect(timer.deleteLater)
    timer.start(ms)
