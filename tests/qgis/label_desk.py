"""The dock *Labels* with a project's labels, for the plugin's tests: boxes are dragged, and keys go to whatever has the focus."""

from panel import wait
from qgis.core import QgsProject, QgsRasterLayer, QgsRectangle
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication

from zoomearth.core.labels.file import LabelFile
from zoomearth.core.requests import Load
from zoomearth.plugin.child.backend_process import Backend, command
from zoomearth.plugin.exchanges.project_results import ProjectResults
from zoomearth.plugin.exchanges.session import Session
from zoomearth.plugin.labelling.dock import LabelDock
from zoomearth.plugin.labelling.project_labels import ProjectLabels

Key = Qt.Key


class Desk:
    """The dock with a project's labels; keys go to whatever has the focus."""

    def __init__(self, iface, python):
        self.iface = iface
        self.load = Load()
        self.backend = Backend(lambda: command(python))
        self.results = ProjectResults()
        self.session = Session(self.backend, self.results, lambda: self.load)
        self.labels = ProjectLabels()
        self.labels.name_annotator("Ada O'Neill")
        self.dock = LabelDock(iface, self.labels, self.session, lambda: True)
        self.dock.resize(420, 800)
        self.dock.show()
        self.board = self.dock.board
        QApplication.setActiveWindow(self.dock)
        self.board.setFocus()

    def ready(self):
        self.dock.store.finish()
        wait(lambda: not self.dock.store.busy and self.dock.shown is not None)

    def add(self, path):
        layer = QgsRasterLayer(str(path), path.stem)
        QgsProject.instance().addMapLayer(layer)
        self.dock.layer.setLayer(layer)
        return layer

    def drag(self, layer, left, top, right, bottom):
        """A rectangle in pixels of a layer that is upright, as `QgsMapToolExtent` gives it."""
        west, north = layer.extent().xMinimum(), layer.extent().yMaximum()
        x, y = layer.rasterUnitsPerPixelX(), layer.rasterUnitsPerPixelY()
        self.dock.boxes.new._rectangle._drawn(QgsRectangle(west + left * x, north - bottom * y, west + right * x, north - top * y))
        self.ready()

    def press(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        QTest.keyClick(QApplication.focusWidget() or self.board, key, modifier)
        self.ready()

    def type(self, text):
        QTest.keyClicks(QApplication.focusWidget(), text)

    def mill(self, town):
        """Draws the box of the mill, names it, and has candidates made from templates."""
        self.drag(town, 100, 60, 180, 120)
        self.type("mill")
        self.press(Key.Key_Return)
        self.templates()

    def templates(self):
        return self.proposed(Key.Key_T)

    def proposed(self, key):
        """What the dock says in the end."""
        ended = []
        self.dock.proposer.ended.connect(ended.append)
        self.press(key)
        wait(lambda: ended, 120)
        self.ready()
        return ended[0]

    def read(self):
        return LabelFile.open(self.dock.store.path)

    def close(self):
        self.session.close()
        self.results.close()
        self.labels.close()
        self.dock.close_down()
        for thing in (self.dock, self.labels, self.session, self.results, self.backend):
            thing.deleteLater()
