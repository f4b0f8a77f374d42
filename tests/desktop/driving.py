"""What the scripts that run inside the real QGIS have in common: a log, waiting, pictures, and the end (see release/desktop.py).

DRIVE_OUT: the folder of log and pictures; DRIVE_NAME: of the script, and of its log.
"""

import os
import time
import traceback
from pathlib import Path

from qgis.core import QgsProject
from qgis.PyQt.QtCore import QCoreApplication, QEventLoop, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import iface, plugins, unloadPlugin

OUT = Path(os.environ["DRIVE_OUT"])
LOG = (OUT / f"{os.environ['DRIVE_NAME']}.log").open("w", buffering=1)
BEGUN = time.monotonic()


def log(*words):
    print(f"{time.monotonic() - BEGUN:6.2f}", *words, file=LOG)


def wait(condition, seconds=90):
    loop, timer = QEventLoop(), QTimer()
    end, met = time.monotonic() + seconds, []  # what is met now need not be met a moment later: the map draws again

    def look():
        if condition():
            met.append(True)
        if met or time.monotonic() > end:
            loop.quit()

    timer.timeout.connect(look)
    timer.start(20)
    loop.exec()
    timer.stop()
    assert met, "timed out"


class Stalls:
    """The longest time for which the GUI did not answer: a timer is asked for every 5 ms.

    own: the same without the time in which other programs had the processors, in ms.
    """

    def __init__(self):
        self.longest = self.own = 0.0
        self._last, self._waited = time.monotonic(), waited()
        self._timer = QTimer()
        self._timer.timeout.connect(self._tick)
        self._timer.start(5)

    def _tick(self):
        now, without = time.monotonic(), waited()
        self.longest = max(self.longest, now - self._last)
        self.own = max(self.own, 1000 * (now - self._last) - (without - self._waited))
        self._last, self._waited = now, without

    def stop(self):
        self._timer.stop()
        return 1000 * self.longest


def waited():
    """For how many ms this thread could have run, but had no processor."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e6


def in_dialog(name, act, begin):
    """Calls `begin`, which opens a modal dialog, and `act` with the dialog once it is there."""
    done = []

    def look():
        dialog = QApplication.activeModalWidget()
        if dialog and name in (dialog.objectName(), "") and not done:
            done.append(dialog)
            act(dialog)

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(100)
    begin()
    timer.stop()
    assert done, f"{name} did not open"


def picture(name):
    wait(lambda: not iface.mapCanvas().isDrawing())
    QTest.qWait(500)
    iface.mainWindow().grab().save(str(OUT / f"{name}.png"))


def run(main):
    """Runs `main` when QGIS is up, and ends QGIS: with 0, or after an error, which the log has then, with 1."""

    def go():
        code = 1
        try:
            main()
            code = 0
        except BaseException:
            log(traceback.format_exc())
            iface.mainWindow().grab().save(str(OUT / "failed.png"))
        log("exit code", code)
        if "zoomearth" in plugins:
            unloadPlugin("zoomearth")
        QgsProject.instance().clear()
        QTest.qWait(200)
        QCoreApplication.exit(code)

    QTimer.singleShot(0, go)
