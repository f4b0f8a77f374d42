"""The tools in Processing: over an extent, over each polygon of a layer, in a model, and from a shell."""

import contextlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from algorithms import Feedback, Run, map_box
from osgeo import gdal, ogr
from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingAlgorithm,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterRasterLayer,
    QgsProject,
    QgsRasterLayer,
    QgsSettings,
    QgsVectorLayer,
)
from rasters import NORTH_UP, ROTATED, city, make

from zoomearth.core.tools import TOOLS
from zoomearth.plugin.processing.provider import Provider

NAMES = [name.replace("-", "") for name in TOOLS]
PROGRAM = shutil.which("qgis_process.bin") or shutil.which("qgis_process")  # Debian 12's wrapper adds an unknown option


@pytest.fixture(scope="module")
def provider(qgis_app):
    provider = Provider()
    QgsApplication.processingRegistry().addProvider(provider)
    yield provider
    QgsApplication.processingRegistry().removeProvider(provider)


@pytest.fixture(autouse=True)
def backend(provider, python):
    QgsSettings().setValue("zoomearth/python", python)


def ground(seed=0):
    """Dark ground of 400 x 300 px with two bright lakes."""
    pixels = city(400, 300, seed) // 3
    yy, xx = np.mgrid[:300, :400]
    for x, y in LAKES:
        pixels[:, (xx - x) ** 2 / 1600 + (yy - y) ** 2 / 900 < 1] = np.array([40, 90, 230], np.uint8)[:, None]
    return pixels


LAKES = (110, 90), (290, 200)
COLOURS = ["Red", "Green", "Blue"]


@pytest.fixture(scope="module")
def lakes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lakes")
    return make(folder / "lakes.tif", ground(), crs="EPSG:32633", affine=NORTH_UP, interpretation=COLOURS)


@pytest.fixture
def layer(lakes, qgis_new_project):
    return added(lakes)


def added(path):
    layer = QgsRasterLayer(str(path), Path(path).stem)
    assert layer.isValid()
    QgsProject.instance().addMapLayer(layer)
    return layer


def around(lake, beyond=6):
    return lake[0] - 40 - beyond, lake[1] - 30 - beyond, lake[0] + 40 + beyond, lake[1] + 30 + beyond


def polygons(layer, boxes, crs=None, names=None):
    """A scratch layer of boxes in pixels of the raster layer, with names."""
    target = QgsCoordinateReferenceSystem(crs or layer.crs().authid())
    places = QgsVectorLayer(f"Polygon?crs={target.authid()}&field=name:string", "places", "memory")
    features = []
    for number, each in enumerate(boxes):
        feature = QgsFeature(places.fields())
        feature.setAttributes([names[number] if names else str(number)])
        if each:
            geometry = QgsGeometry.fromRect(map_box(layer, *each))
            geometry.transform(QgsCoordinateTransform(layer.crs(), target, QgsProject.instance()))
            feature.setGeometry(geometry)
        features.append(feature)
    places.dataProvider().addFeatures(features)
    QgsProject.instance().addMapLayer(places)
    return places


def values(path):
    return gdal.Open(str(path)).ReadAsArray()


@pytest.mark.parametrize("name", NAMES)
def test_each_tool_runs_on_a_thread_and_every_parameter_is_explained(provider, name):
    algorithm = provider.algorithm(name)
    assert not algorithm.flags() & QgsProcessingAlgorithm.Flag.FlagNoThreading
    assert len(algorithm.shortHelpString()) > 300
    assert all(parameter.help() for parameter in algorithm.parameterDefinitions())
    given = {parameter.name() for parameter in algorithm.parameterDefinitions()}
    tool = next(tool for tool in TOOLS.values() if tool.name.replace("-", "") == name)
    assert {parameter.name.upper() for parameter in tool.parameters} <= given


def test_an_object_is_outlined_in_the_crs_of_the_raster_with_its_attributes(layer, tmp_path):
    out = tmp_path / "lake.gpkg"
    extent = map_box(layer, *around(LAKES[0]))
    run = Run("segmentation", INPUT=layer, EXTENT=extent, LABEL="the lake", OUTPUT=str(out))
    assert run.good, run.feedback.told
    assert (run.results["MADE"], run.results["FAILED"]) == (1, 0)
    (row,) = run.rows()
    truth = np.pi * 40 * 30 * layer.rasterUnitsPerPixelX() ** 2
    assert row[""].area() == pytest.approx(truth, rel=0.05)
    assert row["area_m2"] == pytest.approx(truth, rel=0.05)
    assert (row["label"], row["tool"], row["image"]) == ("the lake", "segmentation", layer.source())
    assert 0.1 < row["score"] <= 1
    assert QgsVectorLayer(str(out)).crs() == layer.crs()


@pytest.mark.parametrize("name", ["segmentation", "denoising"])
def test_what_is_loaded_is_styled_as_an_outline_or_as_its_source(layer, tmp_path, name):
    layer.renderer().setRedBand(3)
    out = QgsProcessingOutputLayerDefinition("memory:" if name == "segmentation" else str(tmp_path / "out.tif"), QgsProject.instance())
    run = Run(name, INPUT=layer, EXTENT=map_box(layer, *around(LAKES[0])), OUTPUT=out)
    assert run.good, run.feedback.told
    made = run.context.getMapLayer(run.results["OUTPUT"]) or QgsRasterLayer(run.results["OUTPUT"])
    (details,) = run.context.layersToLoadOnCompletion().values()
    details.postProcessor().postProcessLayer(made, run.context, run.feedback)
    if name == "segmentation":
        assert made.renderer().symbol().symbolLayerCount() == 3
    else:
        assert made.renderer().redBand() == 3


def test_each_polygon_of_any_crs_is_worked_on_and_one_that_fails_is_said_and_left_out(layer):
    places = polygons(layer, [around(LAKES[0]), (-900, 0, -800, 90), None, around(LAKES[1])], "EPSG:4326", ["west", "far", "none", "east"])
    run = Run("segmentation", INPUT=layer, POLYGONS=places, OUTPUT="memory:")
    assert run.good, run.feedback.told
    assert (run.results["MADE"], run.results["FAILED"]) == (2, 2)
    assert [row["feature"] for row in run.rows()] == ["west", "east"]
    errors = [text for text in run.feedback.told if text.startswith("error")]
    assert len(errors) == 2
    assert "Feature far" in errors[0]
    assert "outside" in errors[0]
    assert "Feature none" in errors[1]
    assert "no geometry" in errors[1]


@pytest.mark.parametrize("suffix", [".tif", ".vrt"])
@pytest.mark.parametrize("affine", [NORTH_UP, ROTATED], ids=["north up", "rotated"])
def test_polygons_give_one_raster_on_the_grid_of_the_source_with_no_data_between_them(qgis_new_project, tmp_path, suffix, affine):
    before = ground()
    source = make(tmp_path / "ground.tif", before, crs="EPSG:32632", affine=affine, interpretation=COLOURS)
    layer = added(source)
    transform = gdal.Open(str(source)).GetGeoTransform()
    places = QgsVectorLayer("Polygon?crs=EPSG:32632", "places", "memory")
    features = []
    for left, top, right, bottom in ((20, 30, 60, 80), (200, 100, 250, 140)):
        corners = [gdal.ApplyGeoTransform(transform, x, y) for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))]
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromPolygonXY([[QgsPointXY(*corner) for corner in corners]]))
        features.append(feature)
    places.dataProvider().addFeatures(features)
    out = tmp_path / f"out{suffix}"
    run = Run("editing", INPUT=layer, POLYGONS=places, VERB="recolour", COLOR="#ff0000", OUTPUT=str(out))
    assert run.good, run.feedback.told
    written = gdal.Open(str(out))
    assert (written.RasterXSize, written.RasterYSize) == (230, 110)
    assert written.GetGeoTransform() == pytest.approx(
        [*gdal.ApplyGeoTransform(transform, 20, 30)[:1], *transform[1:3], *gdal.ApplyGeoTransform(transform, 20, 30)[1:], *transform[4:]]
    )
    valid = written.GetRasterBand(1).GetMaskBand().ReadAsArray() > 0
    wanted = np.zeros((110, 230), bool)
    wanted[:50, :40] = wanted[70:, 180:] = True
    assert (valid == wanted).all()
    assert (written.ReadAsArray()[:, valid] != before[:, 30:140, 20:250][:, valid]).any()
    beside = {file.name for file in tmp_path.iterdir() if file.name.startswith("out")}
    assert beside == ({"out.tif"} if suffix == ".tif" else {"out.vrt", "out-1.tif", "out-2.tif"})
    assert (values(source) == before).all(), "the source is as it was"


def test_noise_is_removed_in_the_rasters_own_type_and_the_style_is_that_of_the_layer(qgis_new_project, tmp_path):
    clean = np.full((1, 200, 200), 3000, np.uint16)
    noisy = (clean + np.random.default_rng(0).normal(0, 120, clean.shape)).astype(np.uint16)
    layer = added(make(tmp_path / "noisy.tif", noisy))
    out = tmp_path / "clean.tif"
    run = Run("denoising", INPUT=layer, SIGMA=120, OUTPUT=str(out))
    assert run.good, run.feedback.told
    after = values(out)
    assert after.dtype == np.uint16
    assert np.std(after.astype(float) - 3000) < 30


def test_clouds_are_replaced_from_ticked_layers_under_a_drawn_mask(qgis_new_project, tmp_path):
    pixels = ground()
    cloudy = pixels.copy()
    cloudy[:, 60:100, 60:120] = 250
    layer = added(make(tmp_path / "cloudy.tif", cloudy, crs="EPSG:32633", affine=NORTH_UP, interpretation=COLOURS))
    other = added(make(tmp_path / "other.tif", np.clip(pixels * 0.9 + 5, 0, 255).astype(np.uint8), crs="EPSG:32633", affine=NORTH_UP))
    drawn = polygons(layer, [(58, 58, 122, 102)])
    out = tmp_path / "clear.tif"
    given = {"INPUT": layer, "EXTENT": map_box(layer, 20, 20, 200, 150), "MASK": drawn, "OUTPUT": str(out)}
    run = Run("cloudremoval", REFERENCES=[other], **given)
    assert run.good, run.feedback.told
    after, truth = values(out).astype(int), pixels[:, 20:150, 20:200].astype(int)
    inside = np.zeros((130, 180), bool)
    inside[40:80, 40:100] = True
    assert np.abs(after - truth)[:, inside].mean() < 6
    assert (after == cloudy[:, 20:150, 20:200])[:, :30].all()
    assert not Run("cloudremoval", REFERENCES=[], **given).good


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("segmentation", {"OUTPUT": "memory:"}, "Choose an extent or a polygon layer"),
        ("segmentation", {"EXTENT": "0,1,0,1 [EPSG:32633]", "OUTPUT": "memory:"}, "outside"),
        ("denoising", {"OUTPUT": "OUT/x.png"}, "ends in .tif or .vrt"),
        ("denoising", {"OUTPUT": "OUT/nowhere/x.tif"}, "nowhere"),
        ("denoising", {"OUTPUT": "SOURCE"}, "raster itself"),
        ("editing", {"VERB": "paste", "OUTPUT": "OUT/x.tif"}, "reference"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_no_file(layer, tmp_path, name, given, words):
    given = {key: value.replace("OUT/", f"{tmp_path}/").replace("SOURCE", layer.source()) for key, value in given.items()}
    run = Run(name, INPUT=layer, **given)
    assert not run.good
    assert words in run.feedback.told[-1]
    assert list(tmp_path.rglob("*.tif")) == []


def backends():
    """Ids of backend processes that this one has started."""
    ids = []
    for children in Path("/proc/self/task").glob("*/children"):
        for child in children.read_text().split():
            with contextlib.suppress(OSError):
                if b"backend/__main__.py" in Path(f"/proc/{child}/cmdline").read_bytes():
                    ids.append(int(child))
    return ids


def test_a_cancel_ends_it_and_leaves_no_file(qtbot, qgis_new_project, tmp_path):
    layer = added(make(tmp_path / "large.tif", city(3000, 3000), interpretation=COLOURS))
    out = tmp_path / "out.tif"
    context, feedback, ended = QgsProcessingContext(), Feedback(), []
    context.setProject(QgsProject.instance())
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("zoomearth:denoising")
    task = QgsProcessingAlgRunnerTask(algorithm, {"INPUT": layer, "OUTPUT": str(out)}, context, feedback)
    task.executed.connect(lambda good, results: ended.append((good, results)))
    QgsApplication.taskManager().addTask(task)
    qtbot.waitUntil(lambda: feedback.progress() > 0 or bool(ended), timeout=30000)
    assert not ended
    feedback.cancel()
    qtbot.waitUntil(lambda: bool(ended), timeout=10000)
    assert {file.name for file in tmp_path.iterdir()} <= {"large.tif", "large.tif.aux.xml"}
    qtbot.waitUntil(lambda: not backends(), timeout=3000)


def test_a_model_denoises_and_outlines_what_is_left(layer):
    model = QgsProcessingModelAlgorithm()
    model.addModelParameter(QgsProcessingParameterRasterLayer("raster", "raster"), QgsProcessingModelParameter("raster"))
    source = QgsProcessingModelChildParameterSource
    extent = map_box(layer, *around(LAKES[0], 10))
    sides = f"{extent.xMinimum()},{extent.xMaximum()},{extent.yMinimum()},{extent.yMaximum()} [EPSG:32633]"
    first = QgsProcessingModelChildAlgorithm("zoomearth:denoising")
    first.setChildId("clean")
    first.addParameterSources("INPUT", [source.fromModelParameter("raster")])
    model.addChildAlgorithm(first)
    second = QgsProcessingModelChildAlgorithm("zoomearth:segmentation")
    second.setChildId("outline")
    second.addParameterSources("INPUT", [source.fromChildOutput("clean", "OUTPUT")])
    second.addParameterSources("EXTENT", [source.fromStaticValue(sides)])
    output = QgsProcessingModelOutput("lake")
    output.setChildId("outline")
    output.setChildOutputName("OUTPUT")
    second.setModelOutputs({"lake": output})
    model.addChildAlgorithm(second)
    context, feedback = QgsProcessingContext(), Feedback()
    context.setProject(QgsProject.instance())
    results, good = model.run({"raster": layer, "outline:lake": "memory:"}, context, feedback)
    assert good, feedback.told
    (feature,) = context.getMapLayer(results["outline:lake"]).getFeatures()
    assert feature.geometry().area() == pytest.approx(np.pi * 1200 * layer.rasterUnitsPerPixelX() ** 2, rel=0.05)


def test_a_tool_is_used_from_a_shell(root, python, lakes, tmp_path):
    if not PROGRAM:
        pytest.skip("there is no qgis_process")
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "zoomearth").symlink_to(root)
    (tmp_path / "xdg").mkdir(mode=0o700)
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "QGIS_CUSTOM_CONFIG_PATH": str(tmp_path / "config"),
        "QGIS_PLUGINPATH": str(tmp_path / "plugins"),
        "XDG_RUNTIME_DIR": str(tmp_path / "xdg"),
        "ZOOMEARTH_HOME": str(tmp_path / "home"),
    }

    def run(*arguments):
        return subprocess.run([PROGRAM, *arguments], env=environment, capture_output=True, text=True, timeout=200)

    run("plugins", "enable", "zoomearth")
    (settings,) = (tmp_path / "config").rglob("QGIS3.ini")
    settings.write_text(settings.read_text() + f"\n[zoomearth]\npython={python}\n")
    out = tmp_path / "lakes.gpkg"
    place = gdal.Open(str(lakes)).GetGeoTransform()
    (left, top), (right, bottom) = (gdal.ApplyGeoTransform(place, *corner) for corner in (around(LAKES[0])[:2], around(LAKES[0])[2:]))
    extent = f"{left},{right},{bottom},{top} [EPSG:32633]"
    done = run("--json", "run", "zoomearth:segmentation", f"--INPUT={lakes}", f"--EXTENT={extent}", f"--OUTPUT={out}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["results"]["MADE"] == 1
    data = ogr.Open(str(out))
    assert data.GetLayer(0).GetFeatureCount() == 1
