"""A QGIS that finishes one exchange, begins another, prints `backend PID`, and waits to be killed. Arguments: checkout, python, scene."""

import importlib.util
import pathlib
import sys

from qgis.core import QgsApplication
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QObject, pyqtSignal

root, python, scene = sys.argv[1:]
spec = importlib.util.spec_from_file_location("zoomearth", f"{root}/__init__.py", submodule_search_locations=[root])
module = importlib.util.module_from_spec(spec)
sys.modules["zoomearth"] = module
spec.loader.exec_module(module)
sys.path.insert(0, f"{root}/tests/qgis")


class Iface(QObject):
    currentLayerChanged = pyqtSignal(object)

    def __init__(self):
        super().__init__()
        self.canvas = QgsMapCanvas()

    def mapCanvas(self):
        return self.canvas

    def activeLayer(self):
        return None


application = QgsApplication([], True)
application.initQgis()
from panel import ANSWER, BOX, Panel, wait  # noqa: E402

panel = Panel(Iface(), python)
panel.script(BOX, ANSWER)
panel.add(pathlib.Path(scene))
panel.asked("Finished?")
panel.script("<think>" + "and then " * 30000, pace=0.01)
exchange = panel.ask("Unfinished?")
wait(lambda: exchange.views and exchange.views[0].thoughts)
print("backend", panel.backend.pid, flush=True)
wait(lambda: False, 60)
