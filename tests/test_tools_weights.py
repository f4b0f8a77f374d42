"""Tools with weights: found, downloaded, used where they are here, left out where a person says so; the mask lies where the model saw."""

import importlib.util
import json
import shutil
import threading
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hub import Hub
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from rasters import ROTATED, city, make, whole
from tiny import make_tiny
from tiny_sam import SIDE, make_sam

from zoomearth.backend.cli.main import main
from zoomearth.backend.models import store
from zoomearth.backend.scene.scene import Scene
from zoomearth.backend.tools import denoising, drunet, run, sam2
from zoomearth.backend.tools.job import Job
from zoomearth.core.catalogue import catalogue, tool_models
from zoomearth.core.errors import Cancelled, ModelError
from zoomearth.core.geometry import Box, Size
from zoomearth.core.region import Region
from zoomearth.core.tools import BEST, DENOISERS, EDITORS, SEGMENTERS, TOOLS, UseTool

torch = pytest.importorskip("torch")

SAM = "sam2.1-hiera-tiny"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return make_sam(tmp_path_factory.mktemp("hub") / "sam")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """No weights are here, whatever this machine has."""
    monkeypatch.setenv("ZOOMEARTH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ZOOMEARTH_DEVICE", "cpu")
    sam2.load.cache_clear()
    return tmp_path / "home" / "models"


@pytest.fixture
def here(home, checkpoint):
    """The tiny checkpoint stands where the smallest SAM 2.1 is."""
    return shutil.copytree(checkpoint, home / SAM)


@pytest.fixture
def scene(tmp_path):
    return make(tmp_path / "scene.tif", city(200, 150), affine=ROTATED, interpretation=["Red", "Green", "Blue"])


def segmented(capsys, scene, out, *more, window="60,40,140,110", code=0):
    """What the command printed: an object, or its error."""
    assert main(["tool", "segmentation", str(scene), "--window", window, "--out", str(out), "--json", *more]) == code
    return json.loads(capsys.readouterr().out)


# The list, and which backend runs


def test_the_backends_are_the_listed_models_and_the_one_without_weights():
    assert list(tool_models("segmentation")) == list(SEGMENTERS[:-1])
    for tool in TOOLS.values():
        names = [backend.name for backend in run.BACKENDS[tool.name]]
        choices = [parameter.choices for parameter in tool.parameters if parameter.name == "backend"]
        assert choices == ([(BEST, *names)] if len(names) > 1 else [])
    assert list(tool_models("denoising")) == list(DENOISERS[:-1])
    assert list(tool_models("editing")) == list(EDITORS[:-1])
    for model in tool_models().values():
        width = 2 if any(".fp16." in name for name in model.files) else 4
        assert 0.95 < model.bytes / (width * 1e9 * model.parameters) < 1.05, f"{width} bytes a parameter"
        assert model.commercial == "yes"
        assert model.tool in TOOLS


def test_a_model_of_a_tool_is_listed_as_such_and_is_not_asked(capsys):
    assert not set(catalogue()) & set(tool_models())
    assert main(["models", "--json"]) == 0
    listed = {model["id"]: model for model in json.loads(capsys.readouterr().out)}
    assert (listed[SAM]["tool"], listed[SAM]["folder"], listed["qwen3-vl-4b"]["tool"]) == ("segmentation", None, "")
    assert main(["models"]) == 0
    assert SAM in capsys.readouterr().out
    with pytest.raises(ModelError, match="answers no questions"):
        store.find(SAM)


def test_downloaded_weights_are_verified_and_used_and_a_person_can_do_without_them(scene, checkpoint, tmp_path, capsys, monkeypatch):
    made = segmented(capsys, scene, tmp_path / "before.gpkg")
    assert made["backend"] == "otsu-grabcut"
    refused = segmented(capsys, scene, tmp_path / "none.gpkg", "--set", f"backend={SAM}", code=2)["error"]
    assert (refused["hint"], "not been downloaded" in refused["message"]) == (f"zoomearth models download {SAM}", True)
    assert not (tmp_path / "none.gpkg").exists()
    server = Hub(checkpoint, f"facebook/{SAM}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server.cut = 20_000
    assert main(["models", "download", SAM]) == 0
    assert [start for name, start in server.ranges if name == "model.safetensors"] == [0, 20_000]
    server.shutdown()
    server.server_close()
    assert main(["models", "verify", SAM]) == 0
    capsys.readouterr()
    made = segmented(capsys, scene, tmp_path / "with.tif", "--label", "roof")
    assert made["backend"] == SAM
    assert 0 <= made["confidence"] <= 1
    assert any("label" in note for note in made["notes"])
    assert whole(tmp_path / "with.tif").shape == (1, 70, 80)
    made = segmented(capsys, scene, tmp_path / "without.gpkg", "--set", "backend=otsu-grabcut")
    assert made["backend"] == "otsu-grabcut"


def test_a_folder_from_elsewhere_becomes_the_tools_model(checkpoint, capsys):
    assert main(["models", "verify", str(checkpoint)]) == 0
    assert main(["models", "adopt", str(checkpoint), SAM]) == 2, "its size is not the listed model's"
    assert "of weights" in capsys.readouterr().err


def test_the_largest_that_is_here_is_taken(here, home):
    shutil.copytree(here, home / "sam2.1-hiera-base-plus")
    (home / "sam2.1-hiera-large").mkdir()
    shutil.copy(here / "config.json", home / "sam2.1-hiera-large")  # a download that was stopped
    assert run._chosen(TOOLS["segmentation"], BEST).name == "sam2.1-hiera-base-plus"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda folder: (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:9000]), "can't be loaded"),
        (lambda folder: (folder / "preprocessor_config.json").unlink(), "can't be loaded"),
        (lambda folder: (folder / "config.json").write_text("{"), "can't be loaded"),
        (lambda folder: make_tiny(folder), "weights"),
        (lambda folder: _without_one_tensor(folder / "model.safetensors"), "lacks 1 of the model's weights"),
    ],
    ids=["torn", "no picture settings", "no config", "another family", "a tensor is missing"],
)
def test_weights_that_are_not_whole_are_one_sentence_that_says_how_to_do_without(scene, here, tmp_path, capsys, spoil, says):
    spoil(here)
    error = segmented(capsys, scene, tmp_path / "out.gpkg", code=2)["error"]
    assert says in error["message"]
    assert str(here) in error["message"]
    assert f"zoomearth models download {SAM}" in error["hint"]
    assert "--set backend=otsu-grabcut" in error["hint"]
    assert not (tmp_path / "out.gpkg").exists()
    assert segmented(capsys, scene, tmp_path / "out.gpkg", "--set", "backend=otsu-grabcut")["backend"] == "otsu-grabcut"


def _without_one_tensor(file):
    from safetensors.torch import load_file, save_file

    tensors = load_file(file)
    del tensors["no_memory_embedding"]
    save_file(tensors, file, metadata={"format": "pt"})


# What the model sees, and where its mask lies


def test_a_box_in_a_picture_is_answered_as_by_plain_transformers(checkpoint):
    """The picture by transformers' own steps, the box in its pixels, one mask."""
    from transformers import Sam2Model
    from transformers.image_transforms import normalize, rescale

    picture = Image.fromarray(np.moveaxis(city(SIDE, SIDE), 0, -1))
    settings = json.loads((checkpoint / "preprocessor_config.json").read_text())
    values = normalize(rescale(np.asarray(picture, np.float32), settings["rescale_factor"]), settings["image_mean"], settings["image_std"])
    sam = sam2.load(checkpoint, "cpu")
    ours = sam.pictures(picture, do_resize=False, return_tensors="pt")["pixel_values"]
    assert torch.allclose(ours[0], torch.tensor(values).permute(2, 0, 1).float(), atol=1e-5)
    logits, quality = sam2.predict(sam, picture, Box(20, 30, 81, 101))
    plain = Sam2Model.from_pretrained(checkpoint).eval()
    with torch.inference_mode():
        theirs = plain(pixel_values=ours, input_boxes=torch.tensor([[[20.0, 30.0, 80.0, 100.0]]]), multimask_output=False)
    assert np.allclose(logits, theirs.pred_masks[0, 0, 0].numpy(), atol=1e-5)
    assert quality == pytest.approx(min(max(float(theirs.iou_scores), 0), 1), abs=1e-5)
    assert sam2.predict(sam, picture, Box(20, 30, 60, 70))[0].std() > 0
    assert not np.allclose(sam2.predict(sam, picture, Box(20, 30, 60, 70))[0], logits), "the box makes no difference"


def test_the_stock_processor_makes_the_same_of_a_picture(checkpoint):
    """Only where torchvision is, which transformers' processor of SAM 2 needs."""
    pytest.importorskip("torchvision")
    from transformers import Sam2Processor
    from transformers.models.sam2.image_processing_sam2 import Sam2ImageProcessor

    picture = Image.fromarray(np.moveaxis(city(SIDE, SIDE), 0, -1))
    stock = Sam2Processor(Sam2ImageProcessor.from_pretrained(checkpoint))(picture, input_boxes=[[[20, 30, 80, 100]]], return_tensors="pt")
    ours = sam2.load(checkpoint, "cpu").pictures(picture, do_resize=False, return_tensors="pt")
    assert torch.allclose(ours["pixel_values"], stock["pixel_values"], atol=1e-5)
    assert stock["input_boxes"].tolist() == [[[20, 30, 80, 100]]]


class Brightness(torch.nn.Module):
    """In place of the model: what is bright is the object, at a quarter of the picture's resolution. The picture's place in the scene and
    the mask's place on it are then known."""

    def __init__(self, level=0.0):
        super().__init__()
        self.level, self.boxes = level, []

    def forward(self, pixel_values, input_boxes, multimask_output):
        self.boxes.append(input_boxes[0, 0].tolist())
        light = torch.nn.functional.avg_pool2d(pixel_values.mean(1, keepdim=True), 4) - self.level
        return type("Seen", (), {"pred_masks": light[None], "iou_scores": torch.full((1, 1, 1), 0.875)})


@pytest.fixture
def bright(checkpoint, monkeypatch, here):
    """segment_with, by brightness: (job) -> (Mask, the box that the model was given)."""
    sam = replace(sam2.load(checkpoint, "cpu"), model=Brightness(), side=512)

    def segment(job, level=0.0):
        sam.model.level = level
        monkeypatch.setattr(sam2, "load", lambda folder, device: sam)
        return sam2.segment_with(SAM, job), sam.model.boxes[-1]

    return segment


def disc(width, height, x, y, radius):
    """Bright on dark, its rim spread over a pixel: [3, row, column] uint8, and the same as bool."""
    yy, xx = np.mgrid[:height, :width] + 0.5
    cover = np.clip(radius - np.hypot(xx - x, yy - y) + 0.5, 0, 1)
    return np.repeat((20 + 210 * cover)[None], 3, 0).round().astype(np.uint8), cover > 0.5


@pytest.mark.parametrize(
    ("size", "place", "box"),
    [
        ((400, 300), (200, 150, 30), (160, 110, 240, 190)),
        ((400, 300), (20, 25, 12), (2, 7, 39, 44)),  # the square is moved into the scene
        ((90, 60), (45, 30, 18), (20, 5, 70, 55)),  # the scene is smaller than the square
        ((2000, 1600), (1000, 800, 500), (400, 250, 1550, 1390)),  # seen at less than its resolution
        ((400, 300), (200, 150, 5), (193, 143, 208, 158)),
    ],
)
def test_the_mask_lies_on_the_very_pixels_of_the_object(tmp_path, bright, size, place, box):
    pixels, truth = disc(*size, *place)
    with Scene.open(make(tmp_path / "disc.tif", pixels, affine=ROTATED)) as opened:
        job = Job(opened, Region(Box(*box)), TOOLS["segmentation"].arguments({}))
        mask, seen = bright(job)
        assert mask.result.confidence == 0.875
        found = np.zeros_like(truth)
        for part, plane in run.native(mask, job):
            found[int(part.top) : int(part.bottom), int(part.left) : int(part.right)] = plane == 1
        around = sam2._square(job)
    assert (found & truth).sum() / (found | truth).sum() > 0.94
    rows, columns = np.nonzero(found)
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx(place[:2], abs=0.25)
    x, y = 512 / around.width, 512 / around.height
    corners = (seen[0] / x, seen[1] / y, (seen[2] + 1) / x, (seen[3] + 1) / y)
    assert corners == pytest.approx(tuple(np.subtract(box, (around.left, around.top) * 2)), abs=1e-3)


def test_the_mask_keeps_to_the_regions_outline_and_to_valid_pixels(tmp_path, bright):
    pixels, _ = disc(200, 200, 100, 100, 40)
    pixels[:, 90:110, 90:110] = 0
    path = make(tmp_path / "disc.tif", pixels, nodata=0)
    with Scene.open(path) as opened:
        half = (((60, 60), (100, 60), (100, 140), (60, 140)),)
        job = Job(opened, Region(Box(60, 60, 140, 140), half), TOOLS["segmentation"].arguments({}))
        mask, _ = bright(job)
        ((_, plane),) = run.native(mask, job)
        assert not plane[:, 41:].any()
        assert not plane[31:49, 31:49].any()
        assert plane[5:25, 20:38].mean() > 0.8


def test_a_mask_is_never_empty(tmp_path, bright):
    pixels, _ = disc(200, 200, 100, 100, 40)
    with Scene.open(make(tmp_path / "disc.tif", pixels)) as opened:
        job = Job(opened, Region(Box(60, 60, 140, 140)), TOOLS["segmentation"].arguments({}))
        mask, _ = bright(job, level=100.0)
    assert mask.cover.all()
    assert mask.result.confidence == 0.1
    assert "no object" in mask.result.notes[-1]


@settings(max_examples=200, deadline=None)
@given(data=st.data(), width=st.integers(5, 5000), height=st.integers(5, 5000))
def test_the_square_holds_the_box_and_lies_in_the_scene(data, width, height):
    left = data.draw(st.integers(0, width - 4))
    top = data.draw(st.integers(0, height - 4))
    box = Box(left, top, data.draw(st.integers(left + 4, width)), data.draw(st.integers(top + 4, height)))
    job = Job(type("Scene", (), {"size": Size(width, height)}), Region(box), {})
    around = sam2._square(job)
    assert 0 <= around.left <= box.left < box.right <= around.right <= width
    assert 0 <= around.top <= box.top < box.bottom <= around.bottom <= height
    assert all(float(side).is_integer() for side in around)
    side = max(2 * max(box.width, box.height), sam2.LEAST_SIDE)
    assert (around.width, around.height) == (min(side, width), min(side, height))


@given(st.integers(2, 300), st.lists(st.floats(-5, 305), min_size=1, max_size=20))
def test_between_two_samples_the_value_is_theirs_in_proportion(count, places):
    samples = np.arange(count) * 2.0 - 7
    expected = np.interp(places, np.arange(count), samples)
    assert sam2._between(np.array(places), count) @ samples == pytest.approx(expected, abs=1e-3)


# The network that removes noise


@pytest.fixture
def files_of_drunet(home):
    """Its two files, in name."""
    folder = home / "drunet"
    folder.mkdir(parents=True)
    for name in drunet.FILES.values():
        (folder / name).write_bytes(b"not yet weights" * 100)
    return folder


def denoised(path, out, box, **arguments):
    with Scene.open(path) as opened:
        (made,) = run.use(opened, [(Region(Box(*box)), UseTool("denoising", arguments=arguments))], str(out))
    return made


def test_without_its_weights_or_its_package_noise_is_removed_without_and_a_person_who_wants_it_is_told(scene, home, tmp_path, request):
    assert denoised(scene, tmp_path / "out.tif", (0, 0, 100, 100), sigma=5).backend == "sliding-dct"
    with pytest.raises(ModelError, match="not been downloaded") as raised:
        denoised(scene, tmp_path / "none.tif", (0, 0, 100, 100), backend="drunet")
    assert raised.value.hint == "zoomearth models download drunet"
    request.getfixturevalue("files_of_drunet")
    if importlib.util.find_spec("deepinv") is None:
        with pytest.raises(ModelError, match="needs deepinv") as raised:
            denoised(scene, tmp_path / "none.tif", (0, 0, 100, 100), backend="drunet")
        assert "pip install 'zoomearth[denoising]'" in raised.value.hint
        assert denoised(scene, tmp_path / "out.tif", (0, 0, 100, 100), sigma=5).backend == "sliding-dct"
    assert not (tmp_path / "none.tif").exists()


def test_its_files_are_downloaded_and_checked_like_a_checkpoints(files_of_drunet, home, capsys, monkeypatch):
    server = Hub(files_of_drunet, "deepinv/drunet")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert main(["models", "verify", "drunet"]) == 2, "by hand, without a record"
    assert "can't be checked" in capsys.readouterr().err
    shutil.rmtree(files_of_drunet)
    assert main(["models", "download", "drunet"]) == 0
    assert {file.name for file in files_of_drunet.iterdir()} == {*drunet.FILES.values(), "download.json"}
    assert main(["models", "verify", "drunet"]) == 0
    server.shutdown()
    server.server_close()
    (files_of_drunet / drunet.FILES[1]).write_bytes(b"torn")
    capsys.readouterr()
    assert main(["models", "verify", "drunet"]) == 2
    assert f"{drunet.FILES[1]} is damaged" in capsys.readouterr().err
    assert main(["models", "adopt", str(home), "drunet"]) == 2
    assert drunet.FILES[3] in capsys.readouterr().err


class Blur(torch.nn.Module):
    """In place of the network: what it does is known, and it scales with the values like it."""

    def __init__(self):
        super().__init__()
        self.kernel = torch.nn.Parameter(torch.ones(1, 1, 25, 25) / 625)
        self.seen = []

    def forward(self, x, sigma):
        self.seen.append((x.shape[1], round(sigma, 4), x.shape[2] % 8, x.shape[3] % 8))
        padded = torch.nn.functional.pad(x, (12,) * 4, mode="replicate")
        return torch.nn.functional.conv2d(padded.transpose(0, 1), self.kernel).transpose(0, 1)


@pytest.fixture
def blurring(monkeypatch, files_of_drunet):
    network = Blur()
    monkeypatch.setattr(drunet, "load", lambda file, bands, device: network)
    monkeypatch.setitem(run.BACKENDS, "denoising", (replace(run.BACKENDS["denoising"][0], missing=lambda: None),))
    return network


@pytest.mark.parametrize(("bands", "dtype", "scale"), [(3, np.uint8, 1), (3, np.uint16, 200), (5, np.int16, 100), (1, np.float32, 0.01)])
def test_every_type_and_number_of_bands_goes_through_the_network_and_tiles_leave_no_seam(
    tmp_path, blurring, monkeypatch, bands, dtype, scale
):
    pixels = (city(330, 210)[[0, 1, 2, 0, 1][:bands]].astype(np.float64) * scale).astype(dtype)
    pixels[:, 50:80, 100:140] = 0
    path = make(tmp_path / "scene.tif", pixels, nodata=0)
    clean = {}
    for side in (128, 1024):
        monkeypatch.setattr(denoising, "TILE", side)
        made = denoised(path, tmp_path / f"{side}.tif", (9, 7, 330, 201), sigma=20 * scale)
        clean[side] = whole(tmp_path / f"{side}.tif")
    assert made.backend == "drunet"
    assert clean[128].dtype == dtype
    assert np.abs(clean[128] - clean[1024].astype(float)).max() <= (1 if dtype != np.float32 else 1e-4)
    before = pixels[:, 7:201, 9:330]
    assert np.array_equal(clean[1024] == 0, before == 0)
    inner = (slice(None), slice(120, 180), slice(200, 300))
    blurred = np.stack([cv2.blur(plane.astype(np.float64), (25, 25)) for plane in before])
    assert np.abs(clean[1024][inner] - blurred[inner]).max() <= (0 if dtype == np.float32 else 0.51) + 1e-3 * scale
    assert {seen[0] for seen in blurring.seen} == {3 if bands == 3 else 1}
    assert {seen[2:] for seen in blurring.seen} == {(0, 0)}
    assert all(0.05 < seen[1] < 0.2 for seen in blurring.seen), "sigma in the range of the values"


def test_other_noise_is_removed_as_without_weights(scene, blurring, tmp_path):
    assert denoised(scene, tmp_path / "out.tif", (0, 0, 100, 100), noise="impulse").backend == "median"
    assert not blurring.seen


def test_the_real_network_loads_its_files_and_damaged_ones_are_one_sentence(scene, files_of_drunet, tmp_path):
    """Random weights of the true shape; only where deepinv is installed."""
    models = pytest.importorskip("deepinv.models")
    with pytest.raises(ModelError, match="damaged") as raised:
        denoised(scene, tmp_path / "none.tif", (0, 0, 60, 60), sigma=5)
    assert "--set backend=sliding-dct" in raised.value.hint
    for bands, name in drunet.FILES.items():
        torch.save(models.DRUNet(bands, bands, pretrained=None).state_dict(), files_of_drunet / name)
    assert denoised(scene, tmp_path / "out.tif", (0, 0, 60, 60), sigma=5).backend == "drunet"
    assert whole(tmp_path / "out.tif").shape == (3, 60, 60)


def test_a_cancel_at_any_moment_leaves_no_file(scene, here, tmp_path):
    before = set(tmp_path.iterdir())
    for looks in range(30):
        left = iter(range(looks))
        cancelled = lambda left=left: next(left, None) is None  # noqa: E731
        with Scene.open(scene) as opened:
            region = Region(Box(60, 40, 140, 110))
            try:
                (made,) = run.use(opened, [(region, UseTool("segmentation"))], str(tmp_path / "out.gpkg"), cancelled=cancelled)
            except Cancelled:
                assert set(tmp_path.iterdir()) == before
            else:
                break
    assert looks > 2
    assert made.backend == SAM
