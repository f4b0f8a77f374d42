"""Every question leaves a feature: the place asked about with the answer, who checked it, and how QGIS shows it."""

import contextlib
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import maps
import pytest
from panel import ANSWER, BOX, wait
from qgis.core import (
    NULL,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtTest import QTest

from zoomearth.core.answer_type import CHOICE, AnswerType
from zoomearth.plugin.exchanges.answer_colors import NAMED
from zoomearth.plugin.exchanges.question import Question
from zoomearth.plugin.exchanges.result_rows import CHECKS, ROI_FIELDS
from zoomearth.plugin.exchanges.result_tables import ANSWERS
from zoomearth.plugin.exchanges.results_file import ResultsFile
from zoomearth.plugin.export.vector import answer_rows, export_rois
from zoomearth.plugin.layers.scope import rectangle

POOL = AnswerType(CHOICE, ("yes", "no", "unsure"))


@pytest.fixture
def asked(panel, demo_scene):
    """A panel with three answers about the whole scene, one of them with a box, in a saved project."""
    layer = panel.add(demo_scene)
    (place,), _ = panel.dock.form.places(layer)
    for question, kind, *replies in (
        ("Is there a pool?", POOL, "<answer>yes</answer>"),
        ("Is there a <ship>?", POOL, "<answer>no</answer>"),
        ("How many ships?", None, BOX, ANSWER),
    ):
        panel.script(*replies)
        panel.session.ask(Question(layer, question, kind), place)
        wait(lambda: not panel.session.busy)
    return panel


def answers(panel):
    (layer,) = panel.results.layers(ANSWERS)
    return layer


def settle(panel):
    wait(lambda: not panel.results.writing)
    QTest.qWait(20)


def edit(layer, question, **values):
    """As the attribute table does."""
    (feature,) = layer.getFeatures(f"question = '{question}'")
    layer.startEditing()
    for field, value in values.items():
        layer.changeAttributeValue(feature.id(), layer.fields().indexOf(field), value)
    assert layer.commitChanges(), layer.commitErrors()


def tip(layer, feature):
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(feature)
    return QgsExpression.replaceExpressionText(layer.mapTipTemplate(), context)


def test_answers_and_boxes_join_by_the_id_of_the_question(asked):
    rows = {feature["exchange"]: feature for feature in answers(asked).getFeatures()}
    assert sorted(row["answer"] for row in rows.values()) == ["3", "no", "yes"]
    (boxes,) = asked.results.layers()
    assert [rows[box["exchange"]]["question"] for box in boxes.getFeatures()] == ["How many ships?"]
    raster = asked.dock.form.layer.currentLayer()
    assert all(row.geometry().boundingBox().contains(raster.extent().center()) for row in rows.values())


def test_the_map_is_coloured_by_answer_with_a_legend_and_labels(asked):
    layer = answers(asked)
    colors = {category.label(): category.symbol().color().name() for category in layer.renderer().categories()}
    assert list(colors) == ["yes", "no", "3", "other or no answer"]
    assert (colors["yes"], colors["no"]) == (NAMED["yes"], NAMED["no"])
    assert len(set(colors.values())) == 4
    assert layer.labelsEnabled()
    asked.session.check(asked.session.exchanges[0], "unsure", "Ada")
    settle(asked)
    assert "unsure" in [category.label() for category in layer.renderer().categories()]


def labels(layer, extent):
    """The texts that QGIS's label engine places on a map of that extent."""
    job = maps.drawn(layer, extent, QSize(600, 600))
    return sorted(label.labelText for label in job.takeLabelingResults().allLabels())


def test_of_answers_about_the_same_place_the_newest_one_is_labelled(asked):
    layer, session = answers(asked), asked.session
    assert labels(layer, layer.extent()) == ["3 (+2)"]
    around = QgsRectangle(layer.extent())
    around.scale(30)
    assert labels(layer, around) == ["3 (+2)"]
    around.scale(3)
    assert labels(layer, around) == [], "a dot"
    raster = asked.dock.form.layer.currentLayer()
    corner = QgsRectangle(raster.extent())
    corner.setXMinimum(corner.center().x())
    session.ask(Question(raster, "How many lakes?"), rectangle(corner, raster.crs(), raster))
    wait(lambda: not session.busy)
    settle(asked)
    assert labels(layer, layer.extent()) == ["3", "3 (+2)"]
    session.remove(session.exchanges[2])
    settle(asked)
    assert labels(layer, layer.extent()) == ["3", "no (+1)"]
    session.remove(session.exchanges[1])
    settle(asked)
    assert labels(layer, layer.extent()) == ["3", "yes"]


def test_the_map_tip_names_the_other_questions_about_the_place(asked):
    shown = [tip(answers(asked), feature) for feature in answers(asked).getFeatures()]
    assert all("How many ships?" in text for text in shown)
    first = shown[0].partition("Also asked here:")[2]
    assert "Is there a &lt;ship>? <b>no</b>" in first
    assert "pool" not in first


def test_a_style_that_the_user_has_chosen_stays(asked):
    layer = answers(asked)
    renderer = layer.renderer().clone()
    (first, *others) = renderer.categories()
    symbol = first.symbol().clone()
    symbol.setColor(symbol.color().darker())
    changed = symbol.color().name()
    renderer.updateCategorySymbol(0, symbol)
    layer.setRenderer(renderer)
    asked.session.check(asked.session.exchanges[1], "unsure", "Ada")
    settle(asked)
    (first, *others) = layer.renderer().categories()
    assert first.symbol().color().name() == changed != NAMED["yes"]
    assert [category.label() for category in others] == ["no", "3", "unsure", "other or no answer"]


def test_fields_have_names_words_and_only_checks_can_be_edited(asked):
    layer = answers(asked)
    fields = layer.fields()
    aliases = {fields[at].name(): layer.attributeAlias(at) for at in range(fields.count())}
    assert (aliases["checked"], aliases["answer"]) == ("Checked answer", "Answer")
    assert {name for name in ROI_FIELDS if not layer.editFormConfig().readOnly(fields.indexOf(name))} == set(CHECKS)
    assert layer.editorWidgetSetup(fields.indexOf("stopped")).config()["map"][0] == {"answered": "answered"}
    assert layer.editorWidgetSetup(fields.indexOf("checked")).type() == "UniqueValues", "the questions have different types"
    shown = [column.name for column in layer.attributeTableConfig().columns() if not column.hidden]
    assert {"question", "answer", "checked", "note"} < set(shown)
    assert "stretch" not in shown


def test_questions_with_the_same_choices_offer_them_for_the_check(asked):
    asked.session.remove(asked.session.exchanges[2])
    asked.session.check(asked.session.exchanges[0], "yes", "Ada")
    settle(asked)
    at = answers(asked).fields().indexOf("checked")
    offered = [text for entry in answers(asked).editorWidgetSetup(at).config()["map"] for text in entry]
    assert offered == ["not checked", "yes", "no", "unsure"]


ROOF = AnswerType("fields", fields=(AnswerType("text", name="roof"), AnswerType("integer", name="storeys")))


def test_a_typed_answer_is_an_attribute_of_its_type_and_follows_the_check(panel, demo_scene, tmp_path):
    """Two questions whose values have one name and two types, and one with named fields; exported, and appended to."""
    layer = panel.add(demo_scene)
    (place,), _ = panel.dock.form.places(layer)
    for kind, reply in (
        (AnswerType("integer"), "3,000,000,000 trees"),
        (AnswerType(CHOICE, ("yes", "no")), "Yes, one."),
        (POOL, "unsure"),
        (ROOF, "roof: tiles; storeys: 2"),
        (AnswerType("number"), "I can't tell."),
        (AnswerType(CHOICE, ("crops", "trees")), "crops"),
    ):
        panel.script(f"<answer>{reply}</answer>")
        panel.session.ask(Question(layer, "How many?", kind), place)
        wait(lambda: not panel.session.busy)
    settle(panel)
    names = ("value", "value_2", "value_3", "roof", "storeys", "value_4")
    kinds = ["Integer64", "Boolean", "String", "String", "Integer64", "Real"]
    shown = answers(panel)
    assert [shown.fields().field(name).typeName() for name in names] == kinds
    rows = [{name: feature[name] for name in names if feature[name] != NULL} for feature in shown.getFeatures()]
    wanted = [{"value": 3_000_000_000}, {"value_2": True}, {"value_3": "unsure"}, {"roof": "tiles", "storeys": 2}, {}, {"value_3": "crops"}]
    assert rows == wanted
    at = shown.fields().indexOf("value_3")
    offered = {next(iter(each.values())) for each in shown.editorWidgetSetup(at).config()["map"]}
    assert offered == {*POOL.choices, "crops", "trees"}
    assert all(shown.editFormConfig().readOnly(shown.fields().indexOf(name)) for name in names)
    panel.session.check(panel.session.exchanges[1], "no", "Ada")
    settle(panel)
    assert [feature["value_2"] for feature in shown.getFeatures() if feature["value_2"] != NULL] == [False]
    for suffix, boolean in ((".gpkg", False), (".shp", "false"), (".geojson", False), (".csv", "false"), (".xlsx", False)):
        file = export_rois(answer_rows(panel.session.exchanges), tmp_path / f"answers{suffix}")
        back = QgsVectorLayer(str(file), "back", "ogr")
        values = [[feature[name] for name in names] for feature in back.getFeatures()]
        assert [row[0] for row in values] == [3_000_000_000, *[NULL] * 5] or suffix in (".csv", ".xlsx"), values
        assert str(values[1][1]).lower() in (str(boolean).lower(), "0", "1"), (suffix, values[1])
        assert values[3][3] == "tiles"


def test_the_map_tip_shows_answer_question_check_and_picture(asked):
    asked.session.check(asked.session.exchanges[1], "unsure", "Ada <3")
    settle(asked)
    layer = answers(asked)
    shown = [tip(layer, feature) for feature in layer.getFeatures()]
    (ship,) = (text for text in shown if "ship>" in text.partition("Also asked here:")[0])
    assert "<b>unsure</b>" in ship
    assert "Is there a &lt;ship>?" in ship
    assert "Checked by Ada &lt;3" in ship
    assert 'src="data:image/png;base64,' in ship
    (box,) = asked.results.layers()[0].getFeatures()
    picture = tip(asked.results.layers()[0], box)
    assert "northern pier" in picture
    assert "base64" in picture


def test_a_check_in_the_attribute_table_reaches_the_exchange_and_its_file(asked):
    layer = answers(asked)
    edit(layer, "Is there a pool?", checked="no", note="a trampoline")
    settle(asked)
    exchange = asked.session.exchanges[0]
    assert (exchange.answer, exchange.checked, exchange.note) == ("yes", "no", "a trampoline")
    assert exchange.checked_by
    (row,) = layer.getFeatures("question = 'Is there a pool?'")
    assert (row["answer"], row["checked"], row["checked_by"]) == ("yes", "no", exchange.checked_by)
    assert row["checked_at"] == exchange.checked_at
    edit(layer, "Is there a pool?", checked_by="Grace")
    settle(asked)
    assert [back.checked_by for back in asked.results.read()] == ["Grace", None, None]
    edit(layer, "Is there a pool?", checked=None, note=None)
    settle(asked)
    assert [getattr(exchange, name) for name in CHECKS] == [None] * 4
    assert [back.question for back in asked.results.read()] == [each.question for each in asked.session.exchanges]


def test_a_checked_answer_stays_selected_and_in_its_place(asked):
    layer = answers(asked)
    layer.selectByExpression("question = 'Is there a pool?'")
    asked.session.check(asked.session.exchanges[0], "no", "Ada")
    settle(asked)
    assert [feature["checked"] for feature in layer.getSelectedFeatures()] == ["no"]


def test_a_check_that_another_program_has_written_into_the_feature_is_read(asked):
    path, id = asked.results.file.path, asked.session.exchanges[1].id
    editing = "import sys; from osgeo import ogr; f = ogr.Open(sys.argv[1], 1); l = f.GetLayerByName(sys.argv[2]); "
    editing += "l.SetAttributeFilter(f\"exchange = '{sys.argv[3]}'\"); r = l.GetNextFeature(); r['checked'] = 'yes'; l.SetFeature(r)"
    table = answers(asked).source().partition("layername=")[2]
    subprocess.run([sys.executable, "-c", editing, str(path), table, id], check=True)
    assert [exchange.checked for exchange in asked.results.read()] == [None, "yes", None]


OLDER = ("checked", "checked_by", "checked_at", "note")  # what files of November 2026 lack


def test_a_file_of_an_older_version_gets_the_columns_when_it_is_opened_and_loses_nothing(asked, tmp_path):
    QgsProject.instance().write(str(tmp_path / "town.qgz"))
    QTest.qWait(50)
    settle(asked)
    path, before = asked.results.file.path, [exchange.to_dict() for exchange in asked.session.exchanges]
    QgsProject.instance().clear()
    make_older(path)
    assert QgsProject.instance().read(str(tmp_path / "town.qgz"))
    settle(asked)
    assert asked.results.trouble == ""
    assert [exchange.to_dict() for exchange in asked.session.exchanges] == [{**data, "answer_type": None} for data in before]
    for kind in (ANSWERS, "rois"):
        (layer,) = asked.results.layers(kind)
        assert set(ROI_FIELDS) < set(layer.fields().names())
        assert layer.attributeAlias(layer.fields().indexOf("checked")) == "Checked answer"
    assert sorted(feature["answer"] for feature in answers(asked).getFeatures()) == ["3", "no", "yes"]
    assert not ResultsFile(path).read()[0].checked
    edit(answers(asked), "Is there a pool?", checked="no")
    settle(asked)
    assert [exchange.checked for exchange in ResultsFile(path).read()] == ["no", None, None]
    alone = QgsVectorLayer(str(path), "", "ogr")
    assert alone.isValid()


def make_older(path: Path) -> None:
    """As the code of `main` on 30 November 2026 wrote it: tables and JSON without what a person says."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.create_function("ST_IsEmpty", 1, lambda blob: blob is None)
        tables = [name for (name,) in file.execute("SELECT table_name FROM gpkg_contents") if name != "exchanges"]
        for table in tables:
            for column in OLDER:
                file.execute(f'ALTER TABLE "{table}" DROP COLUMN {column}')
        for id, data in file.execute("SELECT exchange, data FROM exchanges").fetchall():
            kept = {name: value for name, value in json.loads(data).items() if name not in (*OLDER, "answer_type")}
            file.execute("UPDATE exchanges SET data = ? WHERE exchange = ?", (json.dumps(kept), id))
        file.commit()
