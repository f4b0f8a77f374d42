"""Delayed calls that are dropped when their owner is deleted."""

from __future__ import annotations

from typing import Callable

from qgis.PyQt.QtCore import QObject, QTimer


def later(owner: QObject, act: Callable[[], object], ms: int = 0) -> None:
    """Calls `act` from the event loop after `ms` milliseconds. (`QTimer.singleShot` of Qt 5 takes no owner from Python.)"""
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.timeout.connect(act)
    timer.timeout.connect(timer.deleteLater)
    timer.start(ms)
