"""Results of the panel and of Processing as training rows: they show the model the same pictures."""

import hashlib
import io
import json
import os
import subprocess

import numpy as np
import pytest
from panel import wait
from PIL import Image
from qgis.core import QgsContrastEnhancement, QgsMultiBandColorRenderer, QgsProcessingFeedback, QgsProject
from rasters import NORTH_UP, ROTATED, make

from zoomearth.core.geometry import Grid
from zoomearth.core.requests import Load
from zoomearth.plugin.exchanges.exchange import Status
from zoomearth.plugin.exchanges.question import Question
from zoomearth.plugin.export.vector import answer_rows, export_rois, rows
from zoomearth.plugin.layers.scope import Place
from zoomearth.plugin.processing.asker import Asker
from zoomearth.plugin.processing.questions import Raster, Row

LOOKS = [
    '[{"bbox_2d": [40, 30, 300, 260], "label": "the northern field"}]',
    '[{"zoom_out": true}]',
    '[{"bbox_2d": [100, 90, 200, 180], "label": "Äcker"}]',
]
ANSWER = "<answer>3 fields</answer>"
BANDS, LIMITS = [4, 1, 3], [(300.5, 30000.0), (0.0, 41000.0), (1000.0, 52000.0)]
REPLAY = """
import hashlib, json, sys
from pathlib import Path
from zoomearth.backend.scene.region import resolve
from zoomearth.backend.scene.scene import Scene
from zoomearth.core.look import Answer, Zoom, ZoomOut
from zoomearth.core.profile import Profile
from zoomearth.training.data.folder import Folder
from zoomearth.training.data.sets.base import Unusable
from zoomearth.training.tuning.labelled import transcript

profile = Profile.from_dict({"name": "scripted", "dialect": "zoomearth"})
for row in Folder().load(Path(sys.argv[1])):
    if isinstance(row, Unusable):
        print(json.dumps({"why": str(row)}))
        continue
    with Scene.of(row.source) as scene:
        actions = [Zoom(step.box, step.label) if step.box else ZoomOut() for step in row.steps_in(scene.size)]
        region = resolve(scene, row.region)
        talks, _ = transcript(profile, scene.size, row.question, [*actions, Answer(row.answer)], region=region, picture=scene.part)
    pictures = [hashlib.sha256(turn.picture.tobytes()).hexdigest() for talk in talks for turn in talk.turns if turn.view]
    print(json.dumps({"question": row.question, "answer": row.answer, "image": row.source.path, "pictures": pictures}))
"""


@pytest.fixture(params=[NORTH_UP, ROTATED], ids=["upright", "turned"])
def layer(request, panel, tmp_path):
    """Four bands of 16 bits, shown in three of them between limits of the user's."""
    rows, columns = np.mgrid[:900, :1300]
    noise = np.random.default_rng(5).integers(0, 9000, (4, 900, 1300))
    pixels = np.stack([rows * 50, columns * 40, (rows + columns) * 20, (1300 - columns) * 45]) + noise
    layer = panel.add(make(tmp_path / "fields.tif", pixels.astype("uint16"), crs="EPSG:32633", affine=request.param), "my fields")
    renderer = QgsMultiBandColorRenderer(layer.dataProvider(), *BANDS)
    setters = (renderer.setRedContrastEnhancement, renderer.setGreenContrastEnhancement, renderer.setBlueContrastEnhancement)
    for band, (low, high), put in zip(BANDS, LIMITS, setters):
        contrast = QgsContrastEnhancement(layer.dataProvider().dataType(band))
        contrast.setContrastEnhancementAlgorithm(QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum)
        contrast.setMinimumValue(low)
        contrast.setMaximumValue(high)
        put(contrast)
    layer.setRenderer(renderer)
    layer.affine = request.param
    return layer


@pytest.fixture
def outline(layer):
    grid = Grid(layer.affine)
    ring = ((100, 80), (1200, 60), (1250, 800), (700, 850), (120, 700))
    hole = ((500, 300), (600, 300), (600, 420))
    return tuple(tuple(grid.to_map(x, y) for x, y in each) for each in (ring, hole))


@pytest.fixture
def replay(python, tmp_path_factory):
    """The rows of a folder, each with the pictures of its labelled conversation, in the backend's Python."""
    package = tmp_path_factory.mktemp("package")
    (package / "zoomearth").symlink_to(os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..")))

    def replay(folder):
        environment = {**os.environ, "PYTHONPATH": str(package)}
        done = subprocess.run([python, "-c", REPLAY, str(folder)], capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return replay


def check(row, exchange, layer):
    pictures = [hashlib.sha256(Image.open(io.BytesIO(seen.picture)).convert("RGB").tobytes()).hexdigest() for seen in exchange.views]
    assert (row["question"], row["answer"]) == (exchange.question, "3 fields"), row
    assert row["image"] == layer.source()
    assert row["pictures"] == pictures


def test_the_results_of_a_project_are_training_rows(panel, layer, outline, replay, tmp_path):
    QgsProject.instance().write(str(tmp_path / "project.qgz"))
    asked = []
    for replies, place in ((LOOKS, Place("a field", outline)), ([], Place("whole layer")), (LOOKS[:1], Place("whole layer"))):
        panel.script(*replies, ANSWER)
        asked.append(panel.session.ask(Question(layer, f"How many fields are there? {len(asked)}"), place))
        wait(lambda: not panel.session.busy)
    assert [exchange.status for exchange in asked] == [Status.DONE] * 3
    assert [len(exchange.views) for exchange in asked] == [4, 1, 2]
    result = {row["question"]: row for row in replay(panel.results.file.path)}
    assert len(result) == 3
    for exchange in asked:
        check(result[exchange.question], exchange, layer)


def test_exported_boxes_and_answers_are_training_rows(panel, layer, outline, replay, tmp_path, python):
    with Asker(python, Load(replies=(*LOOKS, ANSWER)), QgsProcessingFeedback(False)) as asker:
        exchange = asker.ask(Row(Raster.of(layer), "How many fields?", outline))
    for suffix in (".gpkg", ".geojson"):
        folder = tmp_path / suffix[1:]
        folder.mkdir()
        export_rois(rows([exchange]), folder / f"rois{suffix}")
        export_rois(answer_rows([exchange]), folder / f"answers{suffix}")
        (row,) = replay(folder)
        check(row, exchange, layer)


def test_what_only_qgis_can_draw_is_named_and_not_learnt(panel, layer, replay, tmp_path):
    layer.brightnessFilter().setBrightness(60)
    panel.script(*LOOKS, ANSWER)
    exchange = panel.session.ask(Question(layer, "How many fields?"), Place("whole layer"))
    wait(lambda: not panel.session.busy)
    assert exchange.status is Status.DONE, exchange.message
    (row,) = replay(panel.results.file.path)
    assert "no image" in row["why"]
