"""The dock *Labels*: boxes from the map, candidates without a model, decisions by keys, and what is on the disk then."""

import html
import json
import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from panel import wait
from qgis.core import QgsProject, QgsRectangle
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication

from zoomearth.core.labels.file import LabelFile
from zoomearth.core.labels.rows import ACCEPTED, CANDIDATE, REASONS, REJECTED, UNSURE
from zoomearth.core.requests import Load
from zoomearth.core.settings import Settings

Key = Qt.Key


def test_a_box_on_the_map_is_whole_pixels_with_a_level_and_words_that_its_place_suggests(desk, town, tmp_path):
    desk.drag(town, 100.4, 60.3, 180.2, 119.8)
    assert desk.dock.store.path == tmp_path / "town_labels.gpkg"
    assert QApplication.focusWidget() is desk.dock.boxes.editor.label
    desk.type("mill")
    desk.press(Key.Key_Return)
    desk.drag(town, 500, 500, 800, 700)
    desk.type("old mill")
    assert "bottommost old mill" in desk.dock.boxes.editor.hint.text()
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
    assert desk.templates() == ""
    with desk.read() as labels:
        assert len(labels.questions(verdict=CANDIDATE)) == 5
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
    assert QApplication.focusWidget() is desk.dock.writing.editor.answer
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
    assert QApplication.focusWidget() is desk.dock.writing.editor.answer, "an answer is missing"
    desk.type("town")
    desk.dock.writing.editor.category.setCurrentText("Land use / cover")
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


def test_the_balance_says_what_to_ask_next_and_follows_the_decisions(desk, town):
    desk.mill(town)
    desk.dock.tabs.setCurrentWidget(desk.dock.balance)
    desk.ready()
    table = desk.dock.balance.table

    def row(name):
        found = next(at for at in range(table.rowCount()) if table.item(at, 0).text() == name)
        return [table.item(found, at).text() for at in range(1, table.columnCount())]

    assert row("all")[0] == "5"
    assert row("Object existence")[:3] == ["2", "2", "1:1"]
    assert row("Object existence")[5] == "1.0"
    assert "Ask next, object: Object category," in desk.dock.balance.advice.text()
    colour = desk.dock.shown.question
    desk.dock.tabs.setCurrentIndex(0)
    desk.board.setFocus()
    desk.press(Key.Key_R)
    desk.press(Key.Key_1)
    desk.dock.tabs.setCurrentWidget(desk.dock.balance)
    desk.ready()
    assert row("all")[0] == "4", "a rejected question does not count"
    assert colour.category not in [table.item(at, 0).text() for at in range(table.rowCount())]


def test_a_second_person_decides_blindly_and_the_agreement_is_shown(desk, town):
    desk.mill(town)
    for key in (Key.Key_A, Key.Key_A, Key.Key_U):
        desk.press(key)
    desk.labels.name_annotator("Ben")
    desk.ready()
    desk.dock.menu.second.setChecked(True)
    desk.ready()
    desk.board.setFocus()
    with desk.read() as labels:
        decided = [each.id for each in labels.questions() if each.verdict != CANDIDATE]
    assert desk.dock.shown.question.id == decided[0]
    assert "accepted" not in desk.board.facts.text()
    desk.press(Key.Key_Left)
    assert desk.dock.shown.question.id == decided[0], "no way to see what others have decided"
    desk.press(Key.Key_A)
    desk.press(Key.Key_R)
    desk.press(Key.Key_1)
    desk.press(Key.Key_U)
    assert desk.dock.shown.question is None, "the candidates are not part of a second pass"
    desk.dock.tabs.setCurrentWidget(desk.dock.balance)
    desk.ready()
    assert "Ada O'Neill and Ben: 3 decided by both, kappa 0.50" in html.unescape(desk.dock.balance.advice.text())
    desk.dock.menu.second.setChecked(False)
    desk.ready()
    assert desk.dock.shown.question.verdict == CANDIDATE


REPLY = '[{"question": "Does the mill have sails?", "answer": "yes"}, {"question": "Is the mill ruined?", "answer": "no"}]'


def test_a_models_candidates_come_through_the_backend_process_and_decisions_stay(desk, town):
    desk.load = Load(replies=(REPLY,))
    for top in (60, 260):
        desk.drag(town, 100, top, 180, top + 60)
        desk.type("mill")
        desk.press(Key.Key_Return)
    assert desk.proposed(Key.Key_M) == ""
    assert desk.dock.shown.question.question == "Does the mill have sails?"
    assert "scripted" in desk.board.facts.text()
    assert desk.dock.proposer.isHidden()
    desk.press(Key.Key_A)
    assert "No new candidate" not in desk.proposed(Key.Key_M)
    with desk.read() as labels:
        assert [each.verdict for each in labels.questions()] == [ACCEPTED, CANDIDATE]
    ended = []
    desk.dock.proposer.ended.connect(ended.append)
    desk.dock.menu.model_clicked.emit()
    wait(lambda: ended, 60)
    with desk.read() as labels:
        assert len(labels.questions()) == 4, "the other box"


def test_the_model_may_check_its_candidates_for_two_more_flags(desk, town):
    desk.load = Load(replies=(REPLY, "<answer>yes</answer>", "<answer>no</answer>", "<answer>yes</answer>", "<answer>no</answer>"))
    desk.drag(town, 100, 60, 180, 120)
    desk.press(Key.Key_Escape)
    desk.dock.menu.check_toggled.emit(True)
    assert desk.proposed(Key.Key_M) == ""
    assert "answerable blind" in desk.board.flags.text()
    with desk.read() as labels:
        assert all(each.blind and each.second for each in labels.questions())


def test_proposals_are_cancelled_and_what_came_stays(desk, town):
    desk.load = Load(replies=(" ".join(f"mill {number}" for number in range(60)) + REPLY,), pace=0.01)
    for top in (60, 160, 260, 360):
        desk.drag(town, 100, top, 180, top + 60)
        desk.press(Key.Key_Escape)
    ended, counts = [], []
    desk.dock.proposer.ended.connect(ended.append)
    desk.dock.proposer.proposals.counted.connect(lambda *numbers: counts.append(numbers))
    desk.dock.proposer.proposals.start(desk.dock.store.path)
    wait(lambda: counts)
    desk.dock.proposer.cancel.click()
    wait(lambda: ended)
    assert not desk.dock.proposer.proposals.busy
    with desk.read() as labels:
        assert len(labels.questions()) == counts[-1][2] < 8


def test_a_model_that_proposes_nonsense_is_one_sentence(desk, town):
    desk.load = Load(replies=("I am not able to do this.",))
    desk.drag(town, 100, 60, 180, 120)
    desk.press(Key.Key_Escape)
    assert "No new candidate" in desk.proposed(Key.Key_M)
    desk.load = Load(Settings(model="there is no such model"))
    assert "there is no such model" in desk.proposed(Key.Key_M)
    assert "there is no such model" in desk.dock.message.text


def test_a_raster_that_was_moved_is_found_by_its_content(desk, scene, turned, tmp_path):
    copy = tmp_path / "moved.tif"
    copy.write_bytes(scene.read_bytes())
    original = desk.add(scene)
    desk.drag(original, 100, 60, 180, 120)
    desk.press(Key.Key_Escape)
    QgsProject.instance().removeMapLayer(original.id())
    desk.press(Key.Key_1)
    assert "No layer of the project shows" in desk.board.place.text()
    desk.add(turned)
    desk.dock.menu.moved_clicked.emit()
    desk.ready()
    assert "is not the raster that was labelled" in desk.dock.message.text
    desk.add(copy)
    desk.dock.menu.moved_clicked.emit()
    desk.ready()
    with desk.read() as labels:
        assert labels.images()[0].path == str(copy)
    assert "No layer" not in desk.board.place.text()


def test_the_accepted_ones_are_exported_and_a_bad_place_is_a_sentence(desk, town, tmp_path):
    desk.mill(town)
    desk.press(Key.Key_A)
    desk.press(Key.Key_A)
    desk.dock.menu.export(tmp_path / "rows.jsonl", "lrs-gro")
    desk.ready()
    assert "2 written" in desk.dock.message.text
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert [(row["image_name"], row["bbox"]) for row in rows] == [("town.tif", [85, 51, 154, 102])] * 2
    desk.dock.menu.export(tmp_path / "none" / "rows.jsonl", "coco")
    desk.ready()
    assert "can't be written" in desk.dock.message.text


def test_a_rotated_raster_is_labelled_in_its_own_pixels(desk, turned):
    layer = desk.add(turned)
    image_of_layer = layer.extent()
    center = image_of_layer.center()
    around = QgsRectangle(center.x() - 20, center.y() - 20, center.x() + 20, center.y() + 20)
    desk.iface.mapCanvas().setDestinationCrs(layer.crs())
    desk.dock.boxes.new._rectangle._drawn(around)
    desk.ready()
    with desk.read() as labels:
        (box,), (image,) = labels.boxes(), labels.images()
        assert (image.width, image.height) == (1200, 800)
        x, y = image.grid.to_map(*box.box.center)
        assert abs(x - center.x()) < 1
        assert abs(y - center.y()) < 1


def test_the_project_opens_its_labels_again_where_they_were_left(desk, town, tmp_path):
    desk.mill(town)
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


def test_a_project_that_is_saved_elsewhere_keeps_its_labels_and_the_map_stays_where_it_was(desk, town, tmp_path):
    desk.drag(town, 100, 60, 180, 120)
    desk.press(Key.Key_Escape)
    (tmp_path / "elsewhere").mkdir()
    QgsProject.instance().write(str(tmp_path / "elsewhere" / "copy.qgz"))
    QgsProject.instance().clear()
    desk.ready()
    QgsProject.instance().read(str(tmp_path / "elsewhere" / "copy.qgz"))
    before = desk.iface.mapCanvas().extent()
    desk.ready()
    assert desk.dock.store.path == tmp_path / "town_labels.gpkg"
    assert desk.dock.shown.box
    assert desk.iface.mapCanvas().extent() == before


def test_a_place_that_can_not_be_written_is_named_and_another_file_can_be_made(desk, town, tmp_path):
    (tmp_path / "town_labels.gpkg").mkdir()
    desk.drag(town, 100, 60, 180, 120)
    assert "town_labels.gpkg" in desk.dock.message.text
    assert "No label file is open" not in desk.dock.message.text
    desk.labels.open(tmp_path / "other.gpkg", new=True)
    desk.ready()
    desk.drag(town, 100, 60, 180, 120)
    desk.press(Key.Key_Escape)
    with desk.read() as labels:
        assert len(labels.boxes()) == 1


def test_a_hidden_dock_draws_nothing(desk, town):
    desk.drag(town, 100, 60, 180, 120)
    desk.press(Key.Key_Escape)
    desk.dock.hide()
    desk.board.pictures.show_box(town, desk.dock.shown.image, None)
    assert not any(desk.board.pictures.painter._jobs.values())
    desk.dock.show()
    wait(lambda: desk.board.pictures.whole.drawn)


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


def test_another_persons_file_is_merged_and_what_was_decided_differently_is_to_settle(desk, town, tmp_path):
    desk.mill(town)
    ben = tmp_path / 'ben "B".gpkg'
    ben.write_bytes(desk.dock.store.path.read_bytes())
    desk.press(Key.Key_A)
    with LabelFile.open(ben, "Ben") as other:
        first, second, *_ = other.questions()
        other.reject(first.id)
        other.accept(second.id)
        other.add(replace(other.boxes()[0], id="b" * 32, sides=(300.0, 300.0, 400.0, 400.0), label="pier", annotator="Ben"))
    desk.dock.menu.merge(ben)
    desk.ready()
    assert 'New rows from ben "B".gpkg: 1; changed: 2. Decided differently by both: 1;' in desk.dock.message.text
    with desk.read() as labels:
        assert [each.verdict for each in labels.questions()][:3] == [REJECTED, ACCEPTED, CANDIDATE]
    (layer,) = (each for each in QgsProject.instance().mapLayers().values() if each.customProperty("zoomearth/labels"))
    assert layer.featureCount() == 2
    desk.dock.tabs.setCurrentWidget(desk.dock.settle)
    desk.ready()
    assert [pair.id for pair in desk.dock.settle.table.pairs] == [first.id]
    desk.dock.menu.merge(ben)
    desk.ready()
    assert "has nothing new" in desk.dock.message.text


def test_what_can_not_be_merged_is_a_sentence_and_changes_nothing(desk, town, tmp_path):
    desk.drag(town, 100, 60, 180, 120)
    desk.press(Key.Key_Escape)
    before = desk.dock.store.path.read_bytes()
    newer, rows = tmp_path / "newer.gpkg", tmp_path / "rows.gpkg"
    LabelFile.open(newer, "Ben", new=True).close()
    with sqlite3.connect(newer) as file:
        file.execute("UPDATE label_file SET version = 99")
    file.close()
    rows.write_text("no database")
    for path, words in (
        (newer, "labels of a newer version: 99"),
        (rows, "it is not a GeoPackage"),
        (desk.dock.store.path, "is the open file itself"),
        (tmp_path / "none.gpkg", "does not exist"),
    ):
        desk.dock.menu.merge(path)
        desk.ready()
        assert words in desk.dock.message.text
    assert desk.dock.store.path.read_bytes() == before
    assert desk.dock.shown.box


def test_the_narrow_dock_fits_beside_the_map(desk):
    for editor in (desk.dock.writing.editor, desk.dock.boxes.editor):
        editor.show()
    desk.dock.writing.thoughts.begin(["Where it is.", "What it is."])
    for tab in range(desk.dock.tabs.count()):
        desk.dock.tabs.setCurrentIndex(tab)
        assert desk.dock.widget().minimumSizeHint().width() <= 240
    assert desk.dock.widget().minimumSizeHint().height() <= 500, "on a small screen it is scrolled"


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


def test_what_was_typed_comes_back_where_it_could_not_be_written(desk, town):
    desk.drag(town, 100, 60, 180, 120)
    desk.type("mill")
    desk.press(Key.Key_Return)
    box = desk.dock.shown.box
    other = sqlite3.connect(desk.dock.store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # another program holds the file
    desk.press(Key.Key_N)
    desk.type("Is the mill old?")
    desk.press(Key.Key_Tab)
    desk.type("yes")
    QTest.keyClick(QApplication.focusWidget(), Key.Key_Return)
    wait(lambda: "another program is using it" in desk.dock.message.text and not desk.dock.store.busy)
    editor = desk.dock.writing.editor
    assert (editor.isVisible(), editor.question.text(), editor.answer.text()) == (True, "Is the mill old?", "yes")
    assert desk.dock.shown.box == box
    other.execute("ROLLBACK")
    other.close()
    QTest.keyClick(editor.answer, Key.Key_Return)
    desk.ready()
    assert editor.isHidden()
    with desk.read() as labels:
        assert [(each.question, each.answer, each.box) for each in labels.questions()] == [("Is the mill old?", "yes", box.id)]


def test_a_text_goes_to_the_place_for_which_its_editor_was_opened(desk, town):
    desk.mill(town)
    desk.drag(town, 300, 200, 360, 260)
    desk.dock.act("candidate")
    desk.ready()
    assert desk.dock.shown.box.label == "mill"
    desk.type("bridge")
    desk.press(Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    with desk.read() as labels:
        assert [box.label for box in labels.boxes()] == ["mill", "bridge"]
        bridge = labels.boxes()[1].id
    assert desk.dock.shown.box.id == bridge
    desk.press(Key.Key_N)
    desk.dock.act("candidate")
    desk.ready()
    assert desk.dock.shown.box.label == "mill"
    editor = desk.dock.writing.editor
    editor.question.setText("Is it of stone?")
    editor.answer.setText("yes")
    editor.answer.setFocus()
    desk.press(Key.Key_Return)
    with desk.read() as labels:
        assert [each.question for each in labels.questions(box=bridge)] == ["Is it of stone?"]
