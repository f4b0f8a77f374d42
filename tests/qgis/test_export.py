"""Exported boxes: in the right place, with complete names and texts, and never in an incomplete file."""

import json
import os
import re
import resource
import subprocess
from dataclasses import replace

import pytest
from asked import ANSWER, ZOOM, asked
from hypothesis import given
from hypothesis import strategies as st
from osgeo import gdal, ogr
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsProject, QgsVectorLayer
from rasters import ROTATED

from zoomearth.core.atomic import SHAPEFILE_NAME, SHAPEFILE_TEXT, shapefile_text
from zoomearth.core.errors import SceneError
from zoomearth.core.geometry import Box, Grid
from zoomearth.core.roi_table import FIELDS
from zoomearth.plugin.exchanges.exchange import Status
from zoomearth.plugin.export.vector import add_to_project, answer_rows, boxes, crs_of, export_rois, rows, selected, selected_answers

EACH = pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".geojson"])
WGS84 = QgsCoordinateReferenceSystem("EPSG:4326")


def read(path):
    """(EPSG code, [(fields, corners)]) as any other program reads the file."""
    source = ogr.Open(str(path))
    layer = source.GetLayer(0)
    crs = layer.GetSpatialRef()
    features = []
    for feature in layer:
        ring = feature.GetGeometryRef().GetGeometryRef(0)
        features.append((feature.items(), [ring.GetPoint_2D(at) for at in range(ring.GetPointCount())]))
    return crs and crs.GetAuthorityCode(None), features


def corners(points):
    """Independent of the first corner and of the direction, which differ between drivers."""
    return sorted(set(points), key=lambda point: (round(point[0], 1), round(point[1], 1)))


def flat(points):
    return [value for point in points for value in point]


@EACH
def test_the_boxes_arrive_with_all_their_fields(harbour, tmp_path, suffix):
    path = export_rois(rows([harbour]), tmp_path / f"boxes{suffix}")
    _, features = read(path)
    names = [name[:SHAPEFILE_NAME] for name in FIELDS] if suffix == ".shp" else list(FIELDS)
    assert [list(fields) for fields, _ in features] == [names] * 2
    first, second = (fields for fields, _ in features)
    assert first["question"] == "How many ships lie at the outer quay?"
    assert (first["answer"], first["step"], first["label"], first["stopped"]) == ("3 ships", 1, "northern harbour", "answered")
    assert (first["model"], first["layer"], first["kind"]) == ("scripted", "town", "zoom")
    assert re.sub(r"\D", "", first["time"])[:14] == re.sub(r"\D", "", harbour.time), "OGR takes GeoJSON's for a date"
    assert first["window"] == ",".join(map(str, harbour.zooms[0].window))
    assert first["scale"] == pytest.approx(harbour.zooms[0].scale, abs=1e-3)
    assert (second["step"], second["label"]) == (2, "outer quay")


@pytest.mark.parametrize("suffix", [".gpkg", ".shp"])
def test_the_layers_own_crs_is_kept_to_the_last_digit(harbour, tmp_path, suffix):
    code, features = read(export_rois(rows([harbour]), tmp_path / f"boxes{suffix}"))
    assert code == "32633"
    for (_, points), seen in zip(features, harbour.zooms):
        assert flat(corners(points)) == flat(corners(map(tuple, seen.polygon)))


def test_geojson_is_longitude_first_as_its_rfc_wants(harbour, tmp_path):
    path = export_rois(rows([harbour]), tmp_path / "boxes.geojson")
    written = json.loads(path.read_text())
    assert "crs" not in written
    longitude, latitude = written["features"][0]["geometry"]["coordinates"][0][0]
    assert (longitude, latitude) == pytest.approx((15.0, 41.55), abs=0.01)  # 500 km east, 4600 km north in zone 33


@EACH
@pytest.mark.parametrize("code", ["EPSG:4326", "EPSG:3857", "EPSG:3035"])
def test_any_other_crs_puts_the_boxes_in_the_same_place(harbour, tmp_path, suffix, code):
    crs = QgsCoordinateReferenceSystem(code)
    path = export_rois(rows([harbour]), tmp_path / f"boxes{suffix}", crs)
    layer = QgsVectorLayer(str(path), "boxes", "ogr")
    assert layer.crs() == crs
    back = QgsCoordinateTransform(layer.crs(), QgsCoordinateReferenceSystem("EPSG:32633"), QgsProject.instance())
    for feature, seen in zip(layer.getFeatures(), harbour.zooms):
        geometry = feature.geometry()
        geometry.transform(back)
        result = [(point.x(), point.y()) for point in list(geometry.vertices())[:4]]
        assert flat(corners(result)) == pytest.approx(flat(corners(map(tuple, seen.polygon))), abs=0.02)


@EACH
def test_a_turned_raster_gives_turned_boxes(turned, tmp_path, suffix):
    crs = QgsCoordinateReferenceSystem("EPSG:32632")
    exchange = asked(turned, "What is there?", ZOOM, ANSWER, crs=crs.toWkt())
    _, [(_, points)] = read(export_rois(rows([exchange]), tmp_path / f"boxes{suffix}", crs))
    expected = Grid(ROTATED).polygon(Box(*exchange.zooms[0].roi))
    assert flat(corners(points)) == pytest.approx(flat(corners(expected)), abs=0.01)  # the wire gives hundredths of a pixel
    assert len({round(x, 3) for x, _ in points}) > 2, "an upright box has two"


def test_rasters_in_different_crss_meet_in_one_file(harbour, turned, tmp_path):
    other = asked(turned, "What is there?", ZOOM, ANSWER, crs=QgsCoordinateReferenceSystem("EPSG:32632").toWkt())
    code, features = read(export_rois(rows([harbour, other]), tmp_path / "both.gpkg"))
    assert (code, len(features)) == ("32633", 3)
    crs = QgsCoordinateReferenceSystem("EPSG:32632")
    east = QgsCoordinateTransform(crs, QgsCoordinateReferenceSystem("EPSG:32633"), QgsProject.instance())
    expected = [east.transform(*point) for point in other.zooms[0].polygon]
    assert flat(corners(features[2][1])) == pytest.approx(flat(corners((point.x(), point.y()) for point in expected)))


def test_a_raster_that_lies_nowhere_gives_pixels_and_claims_no_place(scene, tmp_path):
    exchange = asked(scene, "What is there?", ZOOM, ANSWER)
    exchange.views = [replace(seen, polygon=None) for seen in exchange.views]
    code, [(_, points)] = read(export_rois(rows([exchange]), tmp_path / "pixels.gpkg"))
    left, top, right, bottom = exchange.zooms[0].roi
    assert code is None
    assert corners(points) == corners([(left, -top), (right, -top), (right, -bottom), (left, -bottom)])


def test_pixels_and_places_are_not_mixed(harbour, scene, tmp_path):
    nowhere = asked(scene, "What is there?", ZOOM, ANSWER, layer="a photo")
    with pytest.raises(SceneError, match="a photo is not georeferenced"):
        export_rois(rows([harbour, nowhere]), tmp_path / "mixed.gpkg")
    assert list(tmp_path.iterdir()) == []


def test_a_crs_that_does_not_reach_the_raster_is_said(harbour, tmp_path):
    far = QgsCoordinateReferenceSystem.fromProj("+proj=gnom +lat_0=-90 +lon_0=-165 +datum=WGS84")
    with pytest.raises(SceneError, match="places looked at in town can't be transformed to"):
        export_rois(rows([harbour]), tmp_path / "far.gpkg", far)
    assert list(tmp_path.iterdir()) == []


def test_a_shapefiles_names_are_its_own_and_not_the_drivers():
    """The driver would shorten a longer name itself, and add numbers to equal names."""
    assert SHAPEFILE_NAME == 10
    assert len({name[:SHAPEFILE_NAME] for name in FIELDS}) == len(FIELDS)
    assert all(name.isascii() for name in FIELDS)


@EACH
def test_a_meaningless_answer_is_marked_in_every_format(harbour, tmp_path, suffix):
    for meaningless in (True, False):
        path = export_rois(rows([replace(harbour, meaningless=meaningless)]), tmp_path / f"boxes{suffix}")
        assert {fields["meaningless"[: SHAPEFILE_NAME if suffix == ".shp" else None]] for fields, _ in read(path)[1]} == {meaningless}


def test_a_long_text_is_cut_between_characters(harbour, tmp_path):
    long = replace(harbour, question="Wie viele Schiffe? " + "船" * 200, answer="ü" * 126 + "x" + "ü" * 9)
    fields = read(export_rois(rows([long]), tmp_path / "long.shp"))[1][0][0]
    assert fields["question"] == "Wie viele Schiffe? " + "船" * ((SHAPEFILE_TEXT - 19) // 3)
    assert fields["answer"] == "ü" * 126 + "x"
    whole = read(export_rois(rows([long]), tmp_path / "long.gpkg"))[1][0][0]
    assert whole["question"] == long.question, "a GeoPackage keeps all of it"


@given(st.text())
def test_a_cut_text_is_a_beginning_that_fits(text):
    cut = shapefile_text(text)
    assert len(cut.encode()) <= SHAPEFILE_TEXT
    assert text.startswith(cut)
    assert cut == text or len(cut.encode()) > SHAPEFILE_TEXT - 4


@EACH
def test_an_older_file_is_replaced_with_all_its_parts(harbour, scene, tmp_path, suffix):
    path = tmp_path / f"boxes{suffix}"
    export_rois(rows([harbour]), path)
    for part in (".qix", ".sbn") if suffix == ".shp" else ():
        path.with_suffix(part).write_bytes(b"an index of the old boxes")
    nowhere = asked(scene, "What is there?", ZOOM, ANSWER)
    nowhere.views = [replace(seen, polygon=None) for seen in nowhere.views]
    export_rois(rows([nowhere]), path)
    _, features = read(path)
    assert [fields["question"] for fields, _ in features] == ["What is there?"]
    left_over = {".prj", ".qix", ".sbn"} & {file.suffix for file in tmp_path.iterdir()}
    assert left_over == set(), "they would put the new boxes into the old place"
    assert all(file.stem == "boxes" for file in tmp_path.iterdir()), "nothing temporary stays"


def test_a_full_disk_leaves_the_older_file_whole(harbour, tmp_path):
    for suffix in (".gpkg", ".shp", ".geojson"):
        path = export_rois(rows([harbour]), tmp_path / f"boxes{suffix}")
        before = path.read_bytes()
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, hard))  # like a disk with this much free space
        try:
            with pytest.raises(SceneError, match=f"boxes{suffix} can't be written"):
                export_rois(rows([harbour] * 50), path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert path.read_bytes() == before
        assert len(read(path)[1]) == 2
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]


def test_what_can_not_be_written_is_said_before_any_work(harbour, tmp_path):
    chosen = rows([harbour])
    with pytest.raises(SceneError, match="is not supported") as error:
        export_rois(chosen, tmp_path / "boxes.kml")
    assert ".geojson" in error.value.hint
    with pytest.raises(SceneError, match="missing does not exist"):
        export_rois(chosen, tmp_path / "missing" / "boxes.gpkg")
    with pytest.raises(SceneError, match="nothing to export"):
        export_rois([], tmp_path / "boxes.gpkg")


def test_a_read_only_folder_is_said(harbour, tmp_path):
    tmp_path.chmod(0o555)
    user = os.getuid()
    os.setreuid(65534, -1) if user == 0 else None  # root may write everywhere
    try:
        with pytest.raises(SceneError, match="read-only"):
            export_rois(rows([harbour]), tmp_path / "boxes.gpkg")
    finally:
        os.setreuid(user, -1)
        tmp_path.chmod(0o755)


@EACH
def test_a_file_that_is_open_in_the_project_is_left_alone(harbour, tmp_path, suffix):
    path = export_rois(rows([harbour]), tmp_path / f"boxes{suffix}")
    layer = QgsVectorLayer(str(path), "kept boxes", "ogr")
    QgsProject.instance().addMapLayer(layer)
    with pytest.raises(SceneError, match="open in this project as the layer kept boxes"):
        export_rois(rows([harbour]), path)
    assert layer.featureCount() == 2


def test_the_selected_boxes_are_those_of_the_map(harbour):
    layer = boxes(rows([harbour]), crs_of(harbour))
    layer.selectByExpression('"step" = 2')
    other = replace(harbour, id="another")
    assert selected([layer], [other, harbour]) == [(harbour, harbour.zooms[1])]


ANSWERED = pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".geojson", ".csv", ".xlsx"])


@pytest.fixture
def answered(harbour):
    """Three exchanges: with zooms, without, and failed; the last two about a place with a hole."""
    outer, hole = (
        [[500000, 4600000], [500080, 4600000], [500080, 4600080], [500000, 4600080]],
        [[500020, 4600020], [500040, 4600020], [500040, 4600040]],
    )
    plain = replace(
        harbour,
        id="plain",
        question='Is there a "depot";\nor not?',
        answer="yes",
        confidence=0.75,
        views=harbour.views[:1],
        outline=[outer, hole],
    )
    failed = replace(
        plain, id="failed", answer=None, confidence=None, stopped="", status=Status.FAILED, message="It crashed.", hint="Ask again."
    )
    return [harbour, plain, failed]


@ANSWERED
def test_answers_are_a_file_too_with_those_that_needed_no_zoom_and_those_that_failed(answered, tmp_path, suffix):
    path = export_rois(answer_rows(answered), tmp_path / f"answers{suffix}")
    options = ["HEADERS=FORCE"] if suffix == ".xlsx" else []
    source = gdal.OpenEx(str(path), gdal.OF_VECTOR, open_options=options)
    features = list(source.GetLayer(0))
    assert len(features) == 3
    assert [feature["question"] for feature in features] == [exchange.question for exchange in answered]
    assert [feature["answer"] or None for feature in features] == ["3 ships", "yes", None]
    assert features[2]["error"] == "It crashed. Ask again."
    assert float(features[1]["confidence"]) == 0.75
    assert not features[2]["confidence"]
    assert [feature["layer"] for feature in features] == ["town"] * 3
    assert features[1]["exchange"] == "plain"
    if suffix not in (".xlsx", ".geojson"):
        assert features[1].GetGeometryRef().GetArea() == pytest.approx(80 * 80 - 20 * 20 / 2)


def test_answers_move_into_another_crs(answered, tmp_path):
    path = export_rois(answer_rows(answered), tmp_path / "answers.csv", WGS84)
    source = gdal.OpenEx(str(path), gdal.OF_VECTOR)
    features = list(source.GetLayer(0))
    left, right, bottom, top = features[1].GetGeometryRef().GetEnvelope()
    assert (left, right, bottom, top) == pytest.approx((15.0, 15.001, 41.55, 41.551), abs=0.01)


def test_selected_answers_are_those_of_the_map(answered):
    layer = boxes(answer_rows(answered), crs_of(answered[0]))
    layer.selectByExpression("\"answer\" = 'yes'")
    assert selected_answers([layer], answered) == [(answered[1], None)]


def test_ogrinfo_agrees(harbour, tmp_path):
    path = export_rois(rows([harbour]), tmp_path / "boxes.shp")
    text = subprocess.run(["ogrinfo", "-al", "-so", str(path)], capture_output=True, text=True, check=True).stdout
    assert "Feature Count: 2" in text
    assert "question: String (254.0)" in text
    assert "step: Integer" in text


@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".geojson", ".csv", ".xlsx"])
def test_answers_are_appended_to_an_existing_file_and_its_checks_are_there(harbour, tmp_path, suffix):
    path = tmp_path / f"answers{suffix}"
    checked = replace(harbour, id="2", checked="4 ships", checked_by="Ada", checked_at="2026-11-30T10:00:00Z", note="one is a raft")
    export_rois(answer_rows([harbour]), path)
    export_rois(answer_rows([checked]), path, append=True)
    source = ogr.Open(str(path))
    (layer,) = source
    found = [{name.lower(): value for name, value in feature.items().items()} for feature in layer]
    assert [row["exchange"] for row in found] == [harbour.id, "2"]
    assert [row["checked"] or None for row in found] == [None, "4 ships"]
    assert (found[1]["checked_by"], found[1]["note"]) == ("Ada", "one is a raft")
    assert re.sub(r"\D", "", found[1]["checked_at"])[:8] == "20261130"
    if suffix != ".xlsx":
        one, two = (feature.GetGeometryRef().GetEnvelope() for feature in layer)
        assert one == pytest.approx(two, rel=1e-7)


def test_a_geopackage_takes_boxes_beside_answers_and_appended_rows_its_crs(harbour, tmp_path):
    path = tmp_path / "all.gpkg"
    export_rois(answer_rows([harbour]), path, QgsCoordinateReferenceSystem("EPSG:3035"))
    export_rois(rows([harbour]), path, append=True)
    export_rois(answer_rows([replace(harbour, id="2")]), path, append=True)
    source = ogr.Open(str(path))
    assert {layer.GetName(): layer.GetFeatureCount() for layer in source} == {"answers": 2, "rois": 2}
    answers = source.GetLayerByName("answers")
    assert answers.GetSpatialRef().GetAuthorityCode(None) == "3035"
    first, second = (feature.GetGeometryRef().GetEnvelope() for feature in answers)
    assert first == pytest.approx(second)


def test_nothing_is_appended_to_a_file_of_something_else(harbour, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("name,height\nmill,12\n")
    with pytest.raises(SceneError, match="is not an export of ZoomEarth"):
        export_rois(answer_rows([harbour]), path, append=True)
    assert path.read_text() == "name,height\nmill,12\n"


def test_an_export_becomes_a_layer_coloured_by_answer(harbour, tmp_path):
    chosen = answer_rows([harbour])
    layer = add_to_project(export_rois(chosen, tmp_path / "town.gpkg"), "answers", chosen)
    assert QgsProject.instance().mapLayersByName("town") == [layer]
    assert [category.label() for category in layer.renderer().categories()] == ["3 ships", "other or no answer"]
    table = add_to_project(export_rois(chosen, tmp_path / "town.xlsx"), "answers", chosen)
    assert (table.featureCount(), table.isSpatial()) == (1, False)
