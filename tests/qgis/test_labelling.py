"""The dock *Labels*: boxes from the map, candidates without a model, decisions by keys, and what is on the disk then."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from panel import wait
from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsRasterLayer, QgsRectangle
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication

from zoomearth.core.labels.file import LabelFile
from zoomearth.core.labels.rows import ACCEPTED, CANDIDATE, REASONS, REJECTED, UNSURE
from zoomearth.plugin.labelling.dock import LabelDock
from zoomearth.plugin.labelling.project_labels import ProjectLabels

Key = Qt.Key


class Desk:
    """The dock with a project's labels; keys go to whatever has the focus."""

    def __init__(self, iface):
        self.iface = iface
        self.labels = ProjectLabels()
        self.labels.name_annotator("Ada O'Neill")
        self.dock = LabelDock(iface, self.labels)
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
        self.dock.boxes._rectangle._drawn(QgsRectangle(west + left * x, north - bottom * y, west + right * x, north - top * y))
        self.ready()

    def press(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        QTest.keyClick(QApplication.focusWidget() or self.board, key, modifier)
        self.ready()

    def type(self, text):
        QTest.keyClicks(QApplication.focusWidget(), text)

    def templates(self):
        ended = []
        self.dock.templates.ended.connect(lambda *counts: ended.append(counts))
        self.press(Key.Key_T)
        wait(lambda: ended)
        self.ready()
        return ended[0]

    def read(self):
        return LabelFile.open(self.dock.store.path)

    def close(self):
        self.labels.close()
        self.dock.close_down()
        self.dock.deleteLater()
        self.labels.deleteLater()


@pytest.fixture
def desk(qgis_app, qgis_iface, qgis_new_project, tmp_path):
    qgis_iface.mapCanvas().freeze(False)
    qgis_iface.mapCanvas().setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:32633"))
    QgsProject.instance().write(str(tmp_path / "town.qgz"))
    desk = Desk(qgis_iface)
    yield desk
    desk.close()
    qgis_iface.mapCanvas().freeze()


@pytest.fixture
def town(desk, scene):
    return desk.add(scene)


def test_a_box_on_the_map_is_whole_pixels_with_a_level_and_words_that_its_place_suggests(desk, town, tmp_path):
    desk.drag(town, 100.4, 60.3, 180.2, 119.8)
    assert desk.dock.store.path == tmp_path / "town_labels.gpkg"
    assert QApplication.focusWidget() is desk.dock.box_editor.label
    desk.type("mill")
    desk.press(Key.Key_Return)
    desk.drag(town, 500, 500, 800, 700)
    desk.type("old mill")
    assert "bottommost old mill" in desk.dock.box_editor.hint.text()
    desk.press(Key.Key_Return)
    with desk.read() as labels:
        first, second = labels.boxes()
        (image,) = labels.images()
        assert first.sides == (100, 60, 180, 120)
        assert [(each.level, each.label, each.annotator) for each in (first, second)] == [
            ("object", "mill", "Ada O'Neill"),
            ("region", "bottommost old mill", "Ada O'Neill"),
        ]
        assert (image.width, image.height, image.crs, image.gsd, image.path) == (1200, 800, "EPSG:32633", 0.5, str(town.source()))
        assert image.checksum
    (layer,) = (each for each in QgsProject.instance().mapLayers().values() if each.customProperty("zoomearth/labels"))
    assert [feature["label"] for feature in layer.getFeatures()] == ["mill", "bottommost old mill"]
    assert layer.crs().authid() == "EPSG:32633"
    assert QApplication.focusWidget() is desk.board


def test_levels_and_words_are_changed_by_keys_and_undone(desk, town):
    desk.drag(town, 100, 60, 180, 120)
    desk.type("top mill")
    desk.press(Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    desk.press(Key.Key_1)
    with desk.read() as labels:
        assert [(each.level, each.label) for each in labels.boxes()] == [("region", "top mill")]
    desk.press(Key.Key_Z)
    with desk.read() as labels:
        assert [each.level for each in labels.boxes()] == ["object"]
    desk.press(Key.Key_Delete)
    with desk.read() as labels:
        assert labels.boxes() == []
    desk.press(Key.Key_Z)
    with desk.read() as labels:
        assert [each.label for each in labels.boxes()] == ["top mill"]
    assert "top mill" in desk.board.place.text()


def test_candidates_without_a_model_are_decided_by_keys_alone(desk, town):
    desk.drag(town, 100, 60, 180, 120)
    desk.type("mill")
    desk.press(Key.Key_Return)
    added, missing = desk.templates()
    assert (added, missing) == (5, [])
    colour = desk.dock.shown.question
    assert "main colour of the mill" in colour.question
    assert QApplication.focusWidget() is desk.board
    desk.press(Key.Key_A)
    second = desk.dock.shown.question
    assert second.id != colour.id
    desk.press(Key.Key_R)
    desk.press(Key.Key_3)
    desk.press(Key.Key_U)
    fourth = desk.dock.shown.question
    desk.press(Key.Key_E)
    assert QApplication.focusWidget() is desk.dock.editor.answer
    desk.type("aqua")
    desk.press(Key.Key_Return)
    with desk.read() as labels:
        verdicts = [(each.verdict, each.reason) for each in labels.questions()]
        assert verdicts == [(ACCEPTED, ""), (REJECTED, REASONS[2]), (UNSURE, ""), (ACCEPTED, ""), (CANDIDATE, "")]
        assert [each.edited for each in labels.questions()] == [False, False, False, True, False]
        assert labels.get(type(fourth), fourth.id).answer == "aqua"
        assert {each.annotator for each in labels.questions() if each.verdict != CANDIDATE} == {"Ada O'Neill"}
    desk.press(Key.Key_Z)
    assert desk.dock.shown.question.id == fourth.id
    assert desk.dock.shown.question.verdict == CANDIDATE
    desk.press(Key.Key_Left)
    assert desk.dock.shown.question.verdict == UNSURE
    desk.press(Key.Key_Left)
    desk.press(Key.Key_Left)
    assert desk.dock.shown.question.id == colour.id
    desk.press(Key.Key_Left)
    assert desk.dock.shown.question.id == colour.id, "the first one has none before it"
    assert "1 accepted" in desk.board.counts.text()


def test_a_question_that_a_person_writes_is_accepted_and_about_the_whole_image_too(desk, town):
    desk.press(Key.Key_3)
    assert desk.dock.shown.level == "global"
    desk.press(Key.Key_N)
    desk.type("Is this a town or a village?")
    desk.press(Key.Key_Return)
    assert QApplication.focusWidget() is desk.dock.editor.answer, "an answer is missing"
    desk.type("town")
    desk.dock.editor.category.setCurrentText("Land use / cover")
    desk.press(Key.Key_Return)
    with desk.read() as labels:
        (question,) = labels.questions()
        assert (question.question, question.answer, question.category) == ("Is this a town or a village?", "town", "Land use / cover")
        assert (question.level, question.verdict, question.maker, question.box, question.steps) == ("global", ACCEPTED, "person", "", ())
    assert desk.dock.shown.question.id == question.id


def test_the_canvas_flies_to_the_box_and_the_pictures_show_it(desk, town):
    desk.drag(town, 100, 60, 180, 120)
    desk.press(Key.Key_Escape)
    canvas = desk.iface.mapCanvas()
    canvas.setExtent(town.extent())
    desk.templates()
    desk.press(Key.Key_A)
    assert canvas.extent().width() < town.extent().width() / 2
    pictures = desk.board.pictures
    wait(lambda: pictures.patch.drawn and pictures.crop.drawn and pictures.whole.drawn)
    assert pictures.patch.drawn.image.width() == 360
    assert len(pictures.whole.drawn.outline) == 5
    found = desk.dock.shown.flags
    assert bool(found) == desk.board.flags.isVisible()


def test_flags_stand_at_the_candidate(desk, town):
    desk.drag(town, 100, 60, 180, 120)
    desk.type("mill")
    desk.press(Key.Key_Return)
    desk.press(Key.Key_N)
    desk.type("What colour is the blue mill?")
    desk.press(Key.Key_Tab)
    desk.type("blue")
    desk.press(Key.Key_Return)
    assert "answer in the question" in desk.board.flags.text()
    assert "'blue' stands in the question" in desk.board.flags.text().replace("&#x27;", "'")


def test_a_rotated_raster_is_labelled_in_its_own_pixels(desk, turned):
    layer = desk.add(turned)
    image_of_layer = layer.extent()
    center = image_of_layer.center()
    around = QgsRectangle(center.x() - 20, center.y() - 20, center.x() + 20, center.y() + 20)
    desk.iface.mapCanvas().setDestinationCrs(layer.crs())
    desk.dock.boxes._rectangle._drawn(around)
    desk.ready()
    with desk.read() as labels:
        (box,), (image,) = labels.boxes(), labels.images()
        assert (image.width, image.height) == (1200, 800)
        x, y = image.grid.to_map(*box.box.center)
        assert abs(x - center.x()) < 1
        assert abs(y - center.y()) < 1


def test_the_project_opens_its_labels_again_where_they_were_left(desk, town, tmp_path):
    desk.drag(town, 100, 60, 180, 120)
    desk.type("mill")
    desk.press(Key.Key_Return)
    desk.templates()
    desk.press(Key.Key_A)
    left = desk.dock.shown.question.id
    QgsProject.instance().write()
    QgsProject.instance().clear()
    desk.ready()
    assert desk.dock.store.path is None
    QgsProject.instance().read(str(tmp_path / "town.qgz"))
    desk.ready()
    assert desk.dock.store.path == tmp_path / "town_labels.gpkg"
    assert desk.dock.shown.question.id == left


def test_another_persons_decision_on_the_same_file_is_seen_and_not_overwritten(desk, town):
    desk.drag(town, 100, 60, 180, 120)
    desk.press(Key.Key_Escape)
    desk.templates()
    shown = desk.dock.shown.question
    with LabelFile.open(desk.dock.store.path, "Ben") as other:
        other.edit(shown.id, answer="Ben's")
        other.remove(other.boxes()[0].id)
    desk.press(Key.Key_A)
    assert "no question" in desk.dock.message.text
    assert desk.dock.shown.question is None


def test_a_file_without_labels_or_of_another_version_is_refused_and_the_open_one_stays(desk, town, tmp_path):
    desk.drag(town, 100, 60, 180, 120)
    desk.press(Key.Key_Escape)
    (tmp_path / "other.gpkg").write_bytes(b"no database")
    desk.labels.open(tmp_path / "other.gpkg")
    desk.ready()
    assert "other.gpkg" in desk.dock.message.text
    assert desk.dock.store.path == tmp_path / "town_labels.gpkg"
    assert len(desk.dock.store.path.read_bytes()) > 0


def test_the_narrow_dock_fits_beside_the_map(desk):
    assert desk.dock.widget().minimumSizeHint().width() <= 300


CHILD = """
import sys
from pathlib import Path
from qgis.PyQt.QtCore import QCoreApplication
from zoomearth.core.labels.file import LabelFile
from zoomearth.plugin.labelling.store import LabelStore
application = QCoreApplication([])
store = LabelStore()
store.open(Path(sys.argv[1]), "Ada")
def on(question):
    store.change(lambda labels: labels.accept(question.id), lambda _: (print(question.id, flush=True), store.do(LabelFile.next, on)))
store.do(LabelFile.next, on)
application.exec()
"""


def test_kill_9_loses_no_decision(qgis_app, tmp_path):
    from labelling import filled

    path = tmp_path / "labels.gpkg"
    filled(path, count=500).close()
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "zoomearth").symlink_to(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "path"), os.environ.get("PYTHONPATH", "")])}
    with subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True, env=environment) as child:
        done = [child.stdout.readline().strip() for _ in range(20)]
        child.kill()
        done += child.stdout.read().split()
    with LabelFile.open(path, "Ada") as labels:
        accepted = [each.id for each in labels.questions(verdict=ACCEPTED)]
        assert len(done) >= 20
        assert accepted[: len(done)] == done
        assert len(accepted) <= len(done) + 1
