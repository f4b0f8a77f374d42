"""A question about many polygons: one card, kept row by row; after a pause or a kill it goes on, and nothing is asked twice or lost."""

import json
from pathlib import Path

from panel import Panel, wait
from qgis.core import QgsFeature, QgsProject, QgsSingleBandPseudoColorRenderer
from running import QUESTION, begin, box, done, parcels, run_of, town

from zoomearth.core.requests import Load
from zoomearth.core.settings import Settings
from zoomearth.plugin.exchanges.exchange import Status
from zoomearth.plugin.exchanges.result_tables import ANSWERS
from zoomearth.plugin.exchanges.results_file import ResultsFile
from zoomearth.plugin.layers.scope import Scope
from zoomearth.plugin.runs.rows import kind

YES, NO, UNSURE = (f"<think>{'Look. ' * 6}</think><answer>{word}</answer>" for word in ("Yes, one.", "no", "unsure"))


def lines(run):
    return [json.loads(line) for line in run.answers.read_text().splitlines()] if run.answers.exists() else []


def test_many_polygons_are_one_card_whose_rows_are_answered_and_kept(panel, tmp_path):
    panel.script(YES, NO, UNSURE)
    layer = panel.add(town(tmp_path))
    polygons = parcels(layer, outside=2)
    run = begin(panel)
    assert len(panel.session.exchanges) == 1
    assert panel.dock.message.text == "2 of 30 polygons lie outside the layer town or have no area, and were left out."
    wait(lambda: done(run))
    assert {kind(row) for row in run.rows} == {"answered"}
    assert {row.verdict for row in run.rows} == {"yes", "no", "unsure"}
    assert [row.feature.name for row in run.rows] == [f"Flur {number}" for number in range(1, 29)]
    assert {row.feature.layer for row in run.rows} == {polygons.id()}
    assert len(lines(run)) == 28
    assert box(panel, run).state.text() == "28 of 28"
    stored = {row.id: row for row in ResultsFile(run.path).read()}
    assert {id: row.to_dict() for id, row in stored.items()} == {row.id: row.to_dict() for row in run.rows}
    (shown,) = [layer for layer in QgsProject.instance().mapLayers().values() if layer.customProperty("zoomearth/use") == run.use.id]
    assert sorted((each["label"], each["answer"]) for each in shown.getFeatures()) == sorted(
        (row.feature.name, row.verdict) for row in run.rows
    )
    assert [category.value() for category in shown.renderer().categories()] == ["yes", "no", "unsure", ""], "coloured by answer"
    assert not panel.results.layers(ANSWERS), "the run itself is no place"
    (exchange,) = panel.results.read()
    assert exchange.question == QUESTION
    assert exchange.answer.startswith("28 of 28: ")


def test_the_card_of_a_run_is_no_place_among_the_answers(panel, tmp_path):
    panel.script(YES)
    parcels(panel.add(town(tmp_path)), 3)
    run = begin(panel)
    wait(lambda: done(run))
    form = panel.dock.form
    form.scope.setCurrentIndex(form.scope.findData(Scope.LAYER))
    other = panel.asked("Is there a garage?")
    wait(lambda: not panel.results.writing)
    (answers,) = panel.results.layers(ANSWERS)
    assert [feature["exchange"] for feature in answers.getFeatures()] == [other.id]


def test_a_polygon_that_leaves_no_question_fails_alone(panel, tmp_path):
    panel.script(YES)
    parcels(panel.add(town(tmp_path)), 4)
    run = begin(panel, """[% if("name" = 'Flur 3', '', 'Is there a pool in ' || "name" || '?') %]""")
    wait(lambda: done(run))
    assert [kind(row) for row in run.rows] == ["answered", "answered", "failed", "answered"]
    assert "question is empty" in run.rows[2].message


def test_thousands_of_polygons_that_leave_no_question_fail_and_the_last_one_is_answered(panel, tmp_path):
    """More than Python could go through by calls inside calls."""
    panel.script(YES)
    panel.dock.confirm = lambda text: True
    polygons = parcels(panel.add(town(tmp_path)), 1)
    (last,) = polygons.getFeatures()
    nameless = QgsFeature(polygons.fields())
    nameless.setGeometry(last.geometry())
    polygons.dataProvider().truncate()
    polygons.dataProvider().addFeatures([nameless] * 3500 + [last])
    polygons.selectAll()
    run = begin(panel, """[% if("name" = 'Flur 1', 'Is there a pool?', '') %]""")
    wait(lambda: done(run), 100)
    assert [kind(row) for row in run.rows] == ["failed"] * 3500 + ["answered"]


def test_it_goes_on_after_a_pause_and_asks_no_row_twice(panel, tmp_path):
    panel.script(YES, NO, pace=0.02)
    parcels(panel.add(town(tmp_path)))
    run = begin(panel)
    wait(lambda: run.counts.over >= 3)
    box(panel, run).pause.click()
    wait(lambda: done(run))
    paused = lines(run)
    assert 3 <= len(paused) < 30
    assert box(panel, run).state.text() == f"{len(paused)} of 30, paused"
    assert run.exchange.answer.startswith(f"{len(paused)} of 30")
    box(panel, run).go_on.click()
    wait(lambda: " s left" in box(panel, run).state.text())
    wait(lambda: done(run))
    assert lines(run)[: len(paused)] == paused
    assert sorted(line["id"] for line in lines(run)) == sorted(row.id for row in run.rows), "one line a row"
    assert box(panel, run).state.text() == "30 of 30"


def test_it_goes_on_where_it_was_when_qgis_was_killed(qgis_app, qgis_new_project, qgis_iface, python, tmp_path):
    """The second panel has the project and its files as they were at an arbitrary moment: no row was waited for."""
    panel = Panel(qgis_iface, python)
    panel.script(YES, NO, pace=0.02)
    parcels(panel.add(town(tmp_path)))
    project = QgsProject.instance()
    assert project.write(str(tmp_path / "town.qgz"))
    run = begin(panel)
    wait(lambda: run.counts.over >= 5)
    panel.backend._process.kill()  # as it ends with QGIS
    panel.backend.close()
    asked = {line["id"] for line in lines(run)}
    told = {row.id for row in run.rows if kind(row) == "answered"}
    assert told <= asked
    assert len(asked) < 30
    shown = {row.id: [view.window for view in row.views] for row in run.rows if row.id in told}
    panel.results.finish()
    forget_rows(run.path, told)
    panel.close()
    assert project.read(str(tmp_path / "town.qgz"))
    second = Panel(qgis_iface, python)
    try:
        second.script(YES, NO)
        again = run_of(second)
        wait(lambda: again.rows)
        assert {row.id for row in again.rows if kind(row) == "answered"} == asked, "what the backend has written is there"
        assert {row.id: [view.window for view in row.views] for row in again.rows if row.id in told} == shown
        assert box(second, again).state.text() == f"{len(asked)} of 30, paused"
        box(second, again).go_on.click()
        wait(lambda: done(again))
        ids = [line["id"] for line in lines(again)]
        assert len(ids) == len(set(ids)) == 30
        assert again.counts.answers.keys() == {"yes", "no"}
        assert [row.feature.name for row in again.rows] == [f"Flur {number}" for number in range(1, 31)]
    finally:
        second.close()


def forget_rows(path, ids):
    """Some of the answers were not in the GeoPackage yet when QGIS was killed."""
    file = ResultsFile(path)
    rows = {row.id: row for row in file.read()}
    for id in list(ids)[:3]:
        row = rows[id]
        row.status, row.answer, row.value, row.views = Status.RUNNING, None, None, []
        file.write({id: row})


def test_a_failed_row_stops_nothing_and_is_asked_again_by_the_button(panel, tmp_path):
    panel.script(YES)
    raster = town(tmp_path)
    parcels(panel.add(raster))
    hidden = raster.with_suffix(".away")
    raster.rename(hidden)
    run = begin(panel)
    wait(lambda: done(run))
    assert {kind(row) for row in run.rows} == {"failed"}
    assert box(panel, run).state.text() == "30 of 30, 30 failed"
    assert box(panel, run).retry.text() == "30 failed: &retry"
    assert "no file" in run.rows[0].message
    hidden.rename(raster)
    box(panel, run).retry.click()
    wait(lambda: done(run))
    assert box(panel, run).state.text() == "30 of 30"
    assert not box(panel, run).retry.isVisible()
    assert {row.message for row in run.rows} == {""}


def test_a_row_at_which_the_process_dies_is_found_and_the_others_are_answered(panel, tmp_path):
    """The process is killed while it answers; the rows that were being asked are asked once more, alone."""
    panel.script(YES, NO, pace=0.02)
    parcels(panel.add(town(tmp_path)))
    run = begin(panel)
    wait(lambda: run.counts.over >= 9)
    before = panel.backend.pid
    panel.backend._process.kill()
    wait(lambda: done(run))
    assert panel.backend.pid != before
    assert {(kind(row), row.message) for row in run.rows} == {("answered", "")}
    ids = [line["id"] for line in lines(run)]
    assert len(ids) == len(set(ids)) == 30


def test_a_model_that_can_not_be_loaded_pauses_the_run_with_the_reason(panel, tmp_path):
    panel.load = Load(Settings(model=str(tmp_path / "no model")))
    parcels(panel.add(town(tmp_path)))
    run = begin(panel)
    wait(lambda: done(run))
    assert box(panel, run).trouble.text()
    assert run.counts.over == 0
    panel.script(YES)
    box(panel, run).go_on.click()
    wait(lambda: done(run))
    assert box(panel, run).trouble.text() == ""
    assert run.counts.over == 30


def test_a_cancel_ends_the_run_and_keeps_what_was_answered(panel, tmp_path):
    panel.script(YES, NO, pace=0.02)
    parcels(panel.add(town(tmp_path)))
    run = begin(panel)
    wait(lambda: run.counts.over >= 3)
    panel.dock.toolbar.cancel.click()
    wait(lambda: done(run))
    counts = run.counts
    assert counts.kinds["answered"] >= 3
    assert counts.kinds["answered"] + counts.kinds["cancelled"] == 30
    assert "cancelled" in box(panel, run).state.text()
    assert {kind(row) for row in ResultsFile(run.path).read()} == {"answered", "cancelled"}
    box(panel, run).go_on.click()
    wait(lambda: done(run))
    assert run.counts.kinds == {"answered": 30}


def test_it_goes_on_in_the_folder_of_a_project_that_is_saved_meanwhile(panel, tmp_path):
    panel.script(YES, NO, pace=0.02)
    parcels(panel.add(town(tmp_path)))
    run = begin(panel)
    wait(lambda: run.counts.over >= 3)
    before = run.path
    assert QgsProject.instance().write(str(tmp_path / "saved.qgz"))
    wait(lambda: run.path != before and done(run))
    assert run.path.parent == tmp_path / "saved_zoomearth"
    assert run.counts.kinds == {"answered": 30}
    ids = [line["id"] for line in lines(run)]
    assert len(ids) == len(set(ids)) == 30
    assert len(ResultsFile(run.path).read()) == 30
    (shown,) = [layer for layer in QgsProject.instance().mapLayers().values() if layer.customProperty("zoomearth/use") == run.use.id]
    assert shown.source().startswith(str(run.path))
    assert shown.featureCount() == 30
    assert not before.exists()


def test_a_second_run_waits_for_the_first_and_a_deleted_one_comes_back(panel, tmp_path):
    panel.script(YES, NO, pace=0.02)
    parcels(panel.add(town(tmp_path)))
    run = begin(panel)
    panel.ask("And a garage?")
    assert panel.dock.message.text == "Another run is asking. Pause it, or wait for its end."
    wait(lambda: run.counts.over >= 3)
    panel.dock.transcript.delete_clicked.emit(run.exchange)
    wait(lambda: done(run))
    assert panel.session.exchanges == []
    wait(lambda: not panel.results.writing)
    assert panel.results.read() == [], "the end of the run does not bring its card back"
    assert run.use.id not in [layer.customProperty("zoomearth/use") for layer in QgsProject.instance().mapLayers().values()]
    panel.dock.toolbar.undo.click()
    assert run_of(panel) is run
    box(panel, run).go_on.click()
    wait(lambda: done(run))
    assert run.counts.kinds == {"answered": 30}


def test_a_layer_that_only_qgis_can_draw_is_asked_about_by_images_that_are_deleted(panel, tmp_path):
    panel.script(YES)
    layer = panel.add(town(tmp_path))
    layer.setRenderer(QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1))
    parcels(layer, 10)
    run = begin(panel)
    wait(lambda: done(run), 120)
    assert run.counts.kinds == {"answered": 10}
    assert {row.seen_as for row in run.rows} == {"seen as shown in QGIS, 0.5 m per pixel (40 x 40 px)"}
    images = {line["source"]["path"] for line in lines(run)}
    assert len(images) == 10
    assert not any(Path(image).exists() for image in images)


def test_an_expression_in_the_question_has_the_values_of_each_polygon(panel, tmp_path):
    panel.script(YES)
    parcels(panel.add(town(tmp_path)), 3)
    run = begin(panel, 'Is [% "name" %] built?')
    wait(lambda: done(run))
    assert [row.question for row in run.rows] == ["Is Flur 1 built?", "Is Flur 2 built?", "Is Flur 3 built?"]


def test_all_polygons_of_a_layer_can_be_asked_about(panel, tmp_path):
    panel.script("<answer>about 3</answer>", "<answer>many</answer>")
    polygons = parcels(panel.add(town(tmp_path)), 4)
    polygons.removeSelection()
    form = panel.dock.form
    assert not form.polygon_layer.isVisible()
    form.scope.setCurrentIndex(form.scope.findData(Scope.ALL))
    assert form.polygon_layer.isVisible()
    assert form.polygon_layer.currentLayer() is polygons
    form.answer.kind.setCurrentIndex(4)
    panel.ask("How many pools?")
    wait(lambda: run_of(panel))
    run = run_of(panel)
    wait(lambda: done(run))
    assert run.counts.kinds == {"answered": 1, "unreadable": 3}
    assert run.counts.answers == {"3": 1}
    form.answer.kind.setCurrentIndex(3)
    panel.ask("Which use?")
    assert "choices are missing" in panel.dock.message.text
