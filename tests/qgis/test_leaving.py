"""Closing a project, the plugin or QGIS while questions wait or answers are not in their file; bringing back earlier results; reloading."""

import pytest
from panel import ANSWER, wait
from qgis.core import QgsProject
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QApplication, QProgressDialog, QPushButton
from test_writer import another, content, locked

from zoomearth.plugin.exchanges import writer as writer_module
from zoomearth.plugin.exchanges.exchange import Status
from zoomearth.plugin.exchanges.results_file import ResultsFile
from zoomearth.plugin.exchanges.unsaved import earlier, new_file, waiting_file
from zoomearth.plugin.plugin import Plugin

SLOW = "<think>" + "and then " * 3000


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(writer_module, "RETRY", 200)


class Person:
    """Answers the questions of the panel."""

    def __init__(self, panel, *answers):
        self.heard, self._answers = [], list(answers)
        panel.dock.confirm = self

    def __call__(self, text):
        self.heard.append(text)
        return self._answers.pop(0)


def ask_slowly(panel, scene, count):
    """Questions, of which the first is being answered."""
    panel.script(SLOW, pace=0.01)
    panel.add(scene)
    asked = [panel.ask(f"Question {number}?") for number in range(count)]
    wait(lambda: asked[0].views)
    return asked


def test_questions_that_wait_are_dropped_only_after_asking(panel, demo_scene):
    asked = ask_slowly(panel, demo_scene, 4)
    person = Person(panel, True)
    QgsProject.instance().clear()
    assert person.heard == ["4 questions are waiting. Discard them?"]
    wait(lambda: not panel.session.busy)
    assert {exchange.status for exchange in asked} == {Status.CANCELLED}


def test_whoever_does_not_drop_them_gets_their_answers_before_the_project_closes(panel, demo_scene, tmp_path):
    project = str(tmp_path / "harbour.qgz")
    QgsProject.instance().write(project)
    panel.script(*[ANSWER] * 3, pace=0.02)
    panel.add(demo_scene)
    asked = [panel.ask(f"Question {number}?") for number in range(3)]
    path = panel.results.file.path
    QgsProject.instance().write()
    person, shown = Person(panel, False), []
    timer = QTimer()
    timer.timeout.connect(lambda: shown.extend(QApplication.instance().topLevelWidgets()))
    timer.start(20)
    QgsProject.instance().clear()
    timer.stop()
    assert person.heard == ["3 questions are waiting. Discard them?"]
    assert any(isinstance(widget, QProgressDialog) for widget in shown)
    assert [exchange.answer for exchange in asked] == ["3"] * 3
    assert len(ResultsFile(path).read()) == 3
    assert not QgsProject.instance().mapLayers()
    assert QgsProject.instance().layerTreeRoot().children() == []
    assert QgsProject.instance().read(project)
    assert [exchange.question for exchange in panel.session.exchanges] == [exchange.question for exchange in asked]


def test_the_rest_can_be_dropped_while_waiting(panel, demo_scene):
    asked = ask_slowly(panel, demo_scene, 3)
    Person(panel, False)

    def drop():
        for dialog in panel.dock.findChildren(QProgressDialog, "zoomearth_answering"):
            timer.stop()
            dialog.findChild(QPushButton).click()

    timer = QTimer()
    timer.timeout.connect(drop)
    timer.start(50)
    QgsProject.instance().clear()
    assert {exchange.status for exchange in asked} == {Status.CANCELLED}


def test_qgis_stays_open_for_whoever_wants_the_answers(panel, demo_scene):
    asked = ask_slowly(panel, demo_scene, 2)
    person = Person(panel, False, True)
    assert not panel.dock.leaving.may_close()
    assert panel.session.open_questions == 2
    assert panel.dock.leaving.may_close()
    assert panel.session.open_questions == 0
    assert len(person.heard) == 2
    wait(lambda: not panel.session.busy)
    assert asked[1].status is Status.CANCELLED


def test_answers_that_are_not_in_their_file_are_told_of_before_closing(panel, demo_scene, tmp_path):
    QgsProject.instance().write(str(tmp_path / "harbour.qgz"))
    panel.script(ANSWER)
    panel.add(demo_scene)
    panel.asked()
    path = panel.results.file.path
    with locked(path):
        panel.asked("Second?")
        person = Person(panel, False, True)
        assert not panel.dock.leaving.may_close()
        assert "another program is using it" in person.heard[0]
        assert str(waiting_file(path)) in person.heard[0]
        assert person.heard[0].endswith("Close anyway?")
        assert panel.dock.leaving.may_close()
    wait(lambda: not panel.results.trouble)


def test_the_plugin_asks_before_it_is_unloaded(qgis_iface, qgis_new_project, harbour, tmp_path):
    QgsProject.instance().write(str(tmp_path / "harbour.qgz"))
    plugin = Plugin(qgis_iface)
    plugin.initGui()
    plugin.results.keep(another(harbour, 0))
    wait(lambda: not plugin.results.writing)
    heard = []
    plugin.dock.confirm = lambda text: heard.append(text) or True
    with locked(plugin.results.file.path):
        plugin.results.keep(another(harbour, 1))
        wait(lambda: not plugin.results.writing)
        plugin.unload()
    assert len(heard) == 1
    again = Plugin(qgis_iface)
    again.initGui()
    try:
        assert len(again.session.exchanges) == 2
        wait(lambda: not again.results.writing and not again.results.trouble)
        assert len(ResultsFile(again.results.file.path).read()) == 2
    finally:
        again.unload()


def test_earlier_unsaved_results_are_listed_and_come_into_the_project(panel, harbour, demo_scene):
    file = new_file()
    file.parent.mkdir(parents=True)
    ResultsFile(file).write({exchange.id: exchange for exchange in (another(harbour, 0), another(harbour, 1))})
    (file.parent / "broken.gpkg").write_bytes(b"x" * 100)
    assert [(path, words.split(", ", 1)[1]) for path, words in earlier()] == [(file, "2 questions: Question 0?")]
    panel.script(ANSWER)
    panel.add(demo_scene)
    panel.asked()
    for _ in range(2):
        panel.dock.toolbar.earlier.aboutToShow.emit()
        (action,) = (action for action in panel.dock.toolbar.earlier.actions() if "Question 0?" in action.text())
        action.trigger()
        wait(lambda: not panel.results.writing)
    questions = ["Question 0?", "Question 1?", "How many ships are at the northern pier?"]
    assert [exchange.question for exchange in panel.session.exchanges] == questions
    assert len(panel.dock.transcript.cards) == 3
    assert [exchange.question for exchange in ResultsFile(panel.results.file.path).read()] == questions
    assert file.exists()


def test_reload_shows_what_a_second_qgis_has_written_and_removed(panel, harbour, demo_scene, tmp_path):
    QgsProject.instance().write(str(tmp_path / "harbour.qgz"))
    panel.script(ANSWER)
    panel.add(demo_scene)
    first = panel.asked()
    panel.results.keep(another(harbour, 0))
    wait(lambda: not panel.results.writing)
    path = panel.results.file.path
    ResultsFile(path).write({first.id: None, "exchange-1": another(harbour, 1)})
    panel.script(SLOW, pace=0.01)
    running = panel.ask("Being answered?")
    panel.dock.toolbar.reload.trigger()
    assert [exchange.question for exchange in panel.session.exchanges] == ["Question 0?", "Question 1?", "Being answered?"]
    assert panel.dock.transcript.card(running.id) is not None
    assert panel.results.rois(another(harbour, 0)).featureCount() == 2 * len(harbour.zooms)
    panel.session.cancel()
    wait(lambda: not panel.session.busy)
    panel.script(ANSWER)
    panel.asked("Last?")
    assert first.id not in content(path)["exchanges"]  # exchanges that the other QGIS has removed stay removed
