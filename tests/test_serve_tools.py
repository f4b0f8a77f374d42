"""Tools over the wire: a real child process uses one without a model, and a cancel or bad input leaves no file."""

import base64
import io

import numpy as np
import psutil
import pyogrio
import pytest
import rasterio
from PIL import Image
from rasters import ROTATED, city, make

from zoomearth.core.events import ToolResult
from zoomearth.core.protocol import read_event
from zoomearth.core.requests import Describe, RunTool
from zoomearth.core.source import SceneSource, Where
from zoomearth.core.tools import UseTool


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """A bright lake on darker ground, rotated, in 16 bit, 1000 x 800 px."""
    pixels = city(1000, 800).astype(np.uint16) * 12
    yy, xx = np.mgrid[:800, :1000]
    pixels[:, (xx - 300) ** 2 / 9000 + (yy - 200) ** 2 / 4000 < 1] = np.array([500, 1000, 3900], np.uint16)[:, None]
    folder = tmp_path_factory.mktemp("scene")
    return str(make(folder / "scene.tif", pixels, affine=ROTATED, interpretation=["Red", "Green", "Blue"]))


def start(backend, scene, tool, out, where=None, pictures=0, **use):
    id = backend.id()
    source = SceneSource(scene, (3, 2, 1), ((0.0, 4000.0),) * 3)
    backend.request(RunTool(source, UseTool(tool, **use), str(out), where, pictures, id))
    return id


def picture(text):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text)))).astype(int)


LAKE = Where(window=(190, 120, 410, 280))


def test_a_mask_and_new_pixels_come_with_pictures_in_the_colours_of_the_layer_and_no_model(backend, scene, tmp_path):
    out = tmp_path / "lake.gpkg"
    last = backend.last(start(backend, scene, "segmentation", out, LAKE, 440, label="lake", exchange="e1"))
    result = read_event(last).result
    assert isinstance(result, ToolResult)
    assert (result.made.tool, result.made.kind, result.made.out, result.made.label) == ("segmentation", "mask", str(out), "lake")
    _, _, shapes, _ = pyogrio.raw.read(out)
    assert len(shapes) == 1
    before, after = picture(result.before), picture(result.after)
    assert before.shape == after.shape == (320, 440, 3)
    assert before[160, 220] == pytest.approx([3900 / 4000 * 255, 64, 32], abs=2), "the bands and the stretch of the layer"
    assert (before != after)[160, 220].any()
    assert (before == after)[:8].all(), "outside of the mask"

    patch = tmp_path / "patch.tif"
    result = read_event(
        backend.last(start(backend, scene, "editing", patch, LAKE, 220, arguments={"verb": "brighten", "amount": 2}))
    ).result
    assert result.made.synthetic
    with rasterio.open(patch) as written:
        assert (written.count, written.dtypes[0], written.shape) == (3, "uint16", (160, 220))
    before, after = picture(result.before), picture(result.after)
    assert before.shape == after.shape
    assert after.mean() > before.mean() + 10
    libraries = " ".join(file.path for file in psutil.Process(backend.process.pid).memory_maps())
    assert "libtorch" not in libraries


def test_without_a_region_the_whole_raster_is_worked_on_and_progress_is_told(backend, scene, tmp_path):
    out = tmp_path / "whole.tif"
    backend.history.clear()
    last = backend.last(start(backend, scene, "denoising", out, arguments={"noise": "impulse"}))
    assert last["result"]["before"] is None
    with rasterio.open(out) as written:
        assert written.shape == (800, 1000)
    assert {"denoising", "writing"} <= {event["stage"] for event in backend.history if event["event"] == "progress"}


def test_a_cancelled_tool_leaves_no_file_and_the_next_one_works(backend, scene, tmp_path):
    running = start(backend, scene, "denoising", tmp_path / "running.tif")
    waiting = start(backend, scene, "denoising", tmp_path / "waiting.tif")
    backend.until("progress", id=running)
    for id in (waiting, running):
        backend.send(op="cancel", id=id)
    assert {backend.last(id)["event"] for id in (waiting, running)} == {"cancelled"}
    assert list(tmp_path.iterdir()) == []
    assert backend.last(start(backend, scene, "segmentation", tmp_path / "lake.gpkg", LAKE))["event"] == "done"


@pytest.mark.parametrize(
    ("tool", "given", "words"),
    [
        ("segmentation", {"where": Where(window=(5000, 0, 5100, 90))}, "lies outside"),
        ("segmentation", {"where": Where(window=(10, 10, 11, 11))}, "1 x 1 pixels"),
        ("denoising", {"arguments": {"sigma": "much"}}, "sigma is 'much'"),
        ("cloud-removal", {}, "needs an image of another date"),
        ("editing", {"arguments": {"verb": "improve"}}, "verb is 'improve'"),
        ("editing", {"arguments": {"verb": "blur"}, "mask": "/nowhere/mask.gpkg"}, "no file /nowhere/mask.gpkg"),
    ],
)
def test_what_can_not_be_done_fails_with_a_sentence_and_leaves_no_file(backend, scene, tmp_path, tool, given, words):
    last = backend.last(start(backend, scene, tool, tmp_path / ("out.gpkg" if tool == "segmentation" else "out.tif"), **given))
    assert last["event"] == "failed"
    assert words in last["message"]
    assert last["hint"]
    assert list(tmp_path.iterdir()) == []


def test_a_tool_that_is_none_is_refused_before_anything_is_done(backend, scene):
    id = backend.id()
    backend.send(op="tool", id=id, source={"path": scene}, use={"tool": "magic"}, out="x.tif")
    assert "There is no tool 'magic'" in backend.last(id)["message"]
    id = backend.id()
    backend.request(Describe(SceneSource(scene), id))
    assert backend.last(id)["event"] == "done"
