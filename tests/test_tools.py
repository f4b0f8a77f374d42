"""The tools as they are described, and as a person starts them: what is written lies where it should, or is not there at all."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import from_origin
from rasterio.warp import reproject, transform_bounds
from rasters import ROTATED, city, make, mask, whole

from zoomearth.backend.cli.main import main
from zoomearth.backend.scene.region import resolve
from zoomearth.backend.scene.scene import Scene
from zoomearth.backend.tools.run import BACKENDS, TABLE, use
from zoomearth.core.errors import Cancelled
from zoomearth.core.geometry import PIXELS, Box, Grid
from zoomearth.core.source import Where
from zoomearth.core.tools import MASK, NUMBER, TOOLS, UseTool, tool_named

NAMES = list(TOOLS)
WINDOW = "60,40,140,110"


@pytest.fixture
def scene(tmp_path):
    """200 x 150 pixels, rotated: a bright lake on darker ground."""
    pixels = city(200, 150) // 3
    yy, xx = np.mgrid[:150, :200]
    pixels[:, (xx - 100) ** 2 / 900 + (yy - 75) ** 2 / 400 < 1] = np.array([40, 90, 230], np.uint8)[:, None]
    return make(tmp_path / "scene.tif", pixels, affine=ROTATED, interpretation=["Red", "Green", "Blue"])


@pytest.fixture
def reference(scene, tmp_path):
    """The same ground on another day: another grid in another CRS, and other light."""
    path = tmp_path / "reference.tif"
    with rasterio.open(scene) as source:
        xs, ys = zip(*(source.transform @ corner for corner in ((0, 0), (200, 0), (200, 150), (0, 150))))
        west, south, east, north = transform_bounds(source.crs, "EPSG:3857", min(xs), min(ys), max(xs), max(ys))
        place = from_origin(west, north, 0.6, 0.6)
        size = {"width": int((east - west) / 0.6), "height": int((north - south) / 0.6)}
        ground = np.zeros((3, size["height"], size["width"]), np.uint8)
        reproject(
            source.read(),
            ground,
            src_transform=source.transform,
            src_crs=source.crs,
            dst_transform=place,
            dst_crs="EPSG:3857",
            resampling=1,
        )
    light = np.where(ground > 0, np.clip(ground * 0.8 + 10, 1, 255), 0).astype(np.uint8)
    with rasterio.open(path, "w", driver="GTiff", count=3, dtype="uint8", nodata=0, crs="EPSG:3857", transform=place, **size) as target:
        target.write(light)
    return path


def arguments(name, reference):
    """What each tool takes beside the scene, to work."""
    return {"cloud-removal": ["--reference", str(reference), "--mask", "CLOUD"], "editing": ["--set", "verb=pixelate"]}.get(name, [])


def cloud(path, box, grid_of):
    """A mask file: one box of the scene's pixels."""
    with Scene.open(grid_of) as opened:
        corners = (opened.grid or PIXELS).polygon(Box(*box))
        crs = opened.crs or None
    geometry = np.array([shapely.to_wkb(shapely.Polygon(corners))])
    pyogrio.raw.write(path, geometry, [], [], geometry_type="Polygon", crs=crs, driver="GPKG")
    return str(path)


def run(capsys, *given, code=0):
    """(what it printed as JSON objects, what it said on standard error)."""
    assert main([*map(str, given)]) == code
    printed = capsys.readouterr()
    return [json.loads(line) for line in printed.out.splitlines()], printed.err


def files(folder):
    return {file.name for file in folder.iterdir()}


def started(name, scene, reference, tmp_path):
    """The command's words up to --out."""
    given = arguments(name, reference)
    if "CLOUD" in given:
        given[given.index("CLOUD")] = cloud(tmp_path / "cloud.gpkg", (90, 60, 110, 80), scene)
    return ["tool", name, scene, *given]


# The descriptions


def test_the_list_shows_every_tool_and_every_setting(capsys):
    assert main(["tool", "list"]) == 0
    text = capsys.readouterr().out
    listed, _ = run(capsys, "tool", "list", "--json")
    assert [tool["name"] for tool in listed] == NAMES == list(BACKENDS)
    for tool in TOOLS.values():
        assert all(word in text for word in (tool.name, *(parameter.name for parameter in tool.parameters)))


@pytest.mark.parametrize("tool", TOOLS.values(), ids=NAMES)
def test_every_default_is_a_value_that_the_parameter_takes(tool):
    for parameter in tool.parameters:
        if parameter.default is not None:
            assert parameter.read(parameter.default) == parameter.default
    assert tool_named(tool.name.replace("-", "_")) is tool


@settings(max_examples=60, deadline=None)
@given(
    parameter=st.sampled_from([each for tool in TOOLS.values() for each in tool.parameters]),
    value=st.text() | st.floats() | st.integers() | st.none() | st.booleans() | st.lists(st.integers()),
)
def test_a_parameter_takes_what_it_says_and_refuses_the_rest_in_a_sentence(parameter, value):
    try:
        taken = parameter.read(value)
    except ValueError as error:
        message = str(error)
        taken = None
    if taken is None:
        assert message.startswith(f"{parameter.name} is ")
    else:
        assert parameter.low <= taken <= parameter.high if parameter.kind == NUMBER else isinstance(taken, str)


# What is written


@pytest.mark.parametrize("name", NAMES)
def test_a_geotiff_lies_on_the_very_pixels_of_the_scene(scene, reference, tmp_path, capsys, name):
    before = scene.read_bytes()
    (made,), _ = run(
        capsys, *started(name, scene, reference, tmp_path), "--window", WINDOW, "--out", tmp_path / "out.tif", "--label", "x", "--json"
    )
    assert set(made) >= {"tool", "backend", "kind", "out", "confidence", "notes", "metrics", "seconds"}
    assert (made["tool"], made["out"], made["kind"], made["label"]) == (name, str(tmp_path / "out.tif"), TOOLS[name].gives, "x")
    with rasterio.open(tmp_path / "out.tif") as out, rasterio.open(scene) as source:
        assert out.shape == (70, 80)
        assert out.crs == source.crs
        assert out.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        for corner in ((0, 0), (80, 0), (80, 70)):
            column, row = ~source.transform @ (out.transform @ corner)
            assert (column, row) == pytest.approx((60 + corner[0], 40 + corner[1]), abs=1e-6)
        tags = out.tags()
        assert (tags["ZOOMEARTH_TOOL"], tags["ZOOMEARTH_SOURCE"]) == (name, str(scene))
        assert tags["ZOOMEARTH_SYNTHETIC"] == ("yes" if name in ("cloud-removal", "editing") else "no")
        assert out.count == (1 if TOOLS[name].gives == MASK else 3)
        assert out.dtypes[0] == "uint8"
    assert scene.read_bytes() == before
    assert {file for file in files(tmp_path) if file.startswith(".")} == set()


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp"])
def test_a_mask_becomes_polygons_in_the_right_place_with_where_they_come_from(scene, tmp_path, capsys, suffix):
    out = tmp_path / f"lake{suffix}"
    (made,), _ = run(capsys, "tool", "segmentation", scene, "--window", "65,50,135,100", "--out", out, "--label", "See", "--json")
    meta, _, shapes, columns = pyogrio.raw.read(out)
    row = {name: column[0] for name, column in zip(meta["fields"], columns)}
    assert list(row) == [name[:10] if suffix == ".shp" else name for name in TABLE]
    assert (row["label"], row["tool"], row["image"]) == ("See", "segmentation", str(scene))
    assert row["score"] == pytest.approx(made["confidence"])
    lake = shapely.from_wkb(shapes[0])
    if suffix == ".geojson":
        return
    with Scene.open(scene) as opened:
        corners = [opened.grid.to_map(100 + 30 * np.cos(angle), 75 + 20 * np.sin(angle)) for angle in np.linspace(0, 6.28, 60)]
    truth = shapely.Polygon(corners)
    assert lake.intersection(truth).area / lake.union(truth).area > 0.93
    assert row["area_m2"] == pytest.approx(lake.area, rel=1e-3)


@pytest.mark.parametrize("name", [name for name in NAMES if TOOLS[name].gives != MASK])
def test_a_mosaic_is_the_scene_but_for_the_region(scene, reference, tmp_path, capsys, name):
    given = started(name, scene, reference, tmp_path)
    run(capsys, *given, "--window", WINDOW, "--out", tmp_path / "alone.tif", "--json")
    run(capsys, *given, "--window", WINDOW, "--out", tmp_path / "over.vrt", "--json")
    assert {"over.vrt", "over-1.tif"} <= files(tmp_path)
    over, source = whole(tmp_path / "over.vrt"), whole(scene)
    assert np.array_equal(over[:, 40:110, 60:140], whole(tmp_path / "alone.tif"))
    outside = np.ones(over.shape[1:], bool)
    outside[40:110, 60:140] = False
    assert np.array_equal(over[:, outside], source[:, outside])
    with rasterio.open(tmp_path / "over.vrt") as mosaic, rasterio.open(scene) as opened:
        assert mosaic.transform == opened.transform
        assert mosaic.crs == opened.crs


def test_every_polygon_of_a_file_is_a_region_and_hands_on_its_words(scene, tmp_path, capsys):
    with Scene.open(scene) as opened:
        shapes = [shapely.Polygon(opened.grid.polygon(Box(*box))) for box in ((65, 50, 135, 100), (10, 10, 50, 40), (0, 0, 9, 9))]
    columns = {
        "exchange": ["e1", "e1", "e1"],
        "kind": ["zoom", "zoom", "answer"],
        "label": ["lake", "field", "-"],
        "question": ["What?"] * 3,
    }
    rois = tmp_path / "rois.gpkg"
    values = [np.array(column, object) for column in columns.values()]
    pyogrio.raw.write(
        rois,
        np.array([shapely.to_wkb(shape) for shape in shapes]),
        values,
        list(columns),
        geometry_type="Polygon",
        crs="EPSG:32615",
        driver="GPKG",
    )
    made, _ = run(capsys, "tool", "segmentation", scene, "--rois", rois, "--out", tmp_path / "all.gpkg", "--json")
    assert [each["label"] for each in made] == ["lake", "field"]
    meta, _, _, columns = pyogrio.raw.read(tmp_path / "all.gpkg")
    rows = dict(zip(meta["fields"], columns))
    assert set(rows["question"]) == {"What?"}
    assert set(rows["exchange"]) == {"e1"}
    made, _ = run(capsys, "tool", "denoising", scene, "--rois", rois, "--out", tmp_path / "clean.tif", "--json")
    assert [each["out"] for each in made] == [str(tmp_path / f"clean-{number}.tif") for number in (1, 2)]
    assert "clean.tif" not in files(tmp_path)


def test_a_region_in_map_units_changes_nothing_outside_of_it(scene, tmp_path, capsys):
    with Scene.open(scene) as opened:
        x, y = opened.grid.to_map(100, 75)
    run(
        capsys,
        "tool",
        "editing",
        scene,
        f"--region={x - 10},{y - 10},{x + 10},{y + 10}",
        "--set",
        "verb=brighten",
        "--out",
        tmp_path / "e.vrt",
        "--json",
    )
    changed = (whole(tmp_path / "e.vrt") != whole(scene)).any(axis=0)
    rows, columns = np.nonzero(changed)
    with Scene.open(scene) as opened:
        for row, column in zip(rows[::50], columns[::50]):
            at = opened.grid.to_map(column + 0.5, row + 0.5)
            assert max(abs(at[0] - x), abs(at[1] - y)) < 10.5
    assert changed.sum() > 1000


# Rasters of every kind


KINDS = {
    "plain": {},
    "no georeference": {"affine": None, "crs": ""},
    "nodata": {"nodata": 0},
    "alpha": {"interpretation": ["Red", "Green", "Blue", "Alpha"]},
    "mask": {"mask": True},
    "16 bit": {"dtype": np.uint16},
    "float": {"dtype": np.float32},
    "signed": {"dtype": np.int16, "nodata": -1},
    "palette": {"palette": [(n, 255 - n, n // 2, 255) for n in range(256)]},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_raster_keeps_its_type_and_what_is_not_valid(tmp_path, capsys, kind, name):
    made_as = dict(KINDS[kind])
    dtype = made_as.pop("dtype", np.uint8)
    pixels = (city(120, 90, 3).astype(np.float64) * (1 if dtype == np.uint8 else 20)).astype(dtype)
    hole = np.zeros((90, 120), bool)
    hole[60:70, 20:40] = True
    if "nodata" in made_as:
        pixels[:, hole] = made_as["nodata"]
    if kind == "float":
        pixels[:, hole] = np.nan
    if kind == "alpha":
        pixels = np.concatenate([pixels, np.where(hole, 0, 255).astype(np.uint8)[None]])
    if made_as.get("mask"):
        made_as["mask"] = np.where(hole, 0, 255)
    if kind == "palette":
        pixels = pixels[:1]
    scene = make(tmp_path / "scene.tif", pixels, **made_as)
    other = make(tmp_path / "other.tif", pixels, **made_as)
    out = tmp_path / "out.tif"
    run(capsys, *started(name, scene, other, tmp_path), "--window", "10,20,114,84", "--out", out, "--json")
    after = whole(out)
    inner = (slice(None), slice(20, 84), slice(10, 114))
    if TOOLS[name].gives == MASK:
        assert set(np.unique(after)) <= {0, 1}
        assert not after[0][hole[inner[1:]]].any() or kind in ("plain", "no georeference", "16 bit", "palette")
        return
    expected = pixels[inner]
    assert after.shape == ((3, 64, 104) if kind == "palette" else expected.shape)
    assert after.dtype == (np.uint8 if kind == "palette" else dtype)
    if kind in ("nodata", "alpha", "mask", "signed", "float"):
        empty = hole[inner[1:]]
        assert np.array_equal(after[:, empty], expected[:, empty], equal_nan=True)
        assert np.array_equal(mask(out) == 0, empty) or kind == "float"
    if kind == "no georeference":
        with rasterio.open(out) as opened:
            assert Grid(opened.transform.to_gdal()).affine == PIXELS.part(Box(10, 20, 114, 84)).affine


# What can't be done


def refused(capsys, tmp_path, *given):
    """The message and the hint of a command that has to fail, after which nothing new lies in the folder."""
    before = files(tmp_path)
    assert main([*map(str, given)]) == 2
    message, hint = capsys.readouterr().err.splitlines()
    assert message.startswith("zoomearth: ")
    assert hint.strip().endswith((".", "`", ")"))
    assert files(tmp_path) == before
    return message


@pytest.mark.parametrize("name", NAMES)
def test_a_region_that_is_none_is_one_sentence_and_no_file(scene, reference, tmp_path, capsys, name):
    given, out = started(name, scene, reference, tmp_path), ["--out", tmp_path / "out.tif"]
    assert "lies outside" in refused(capsys, tmp_path, *given, "--window", "300,300,400,400", *out)
    assert "lies outside" in refused(capsys, tmp_path, *given, "--region", "0,0,10,10", *out)
    assert "1 x 1 pixels" in refused(capsys, tmp_path, *given, "--window", "20,20,21,21", *out)
    assert "no file" in refused(capsys, tmp_path, *given, "--rois", tmp_path / "none.gpkg", *out)
    assert "does not exist" in refused(capsys, tmp_path, *given, "--window", WINDOW, "--out", tmp_path / "none" / "out.tif")
    assert "raster itself" in refused(capsys, tmp_path, *given, "--window", WINDOW, "--out", scene)
    assert "no suffix" in refused(capsys, tmp_path, *given, "--window", WINDOW, "--out", tmp_path / "out.png")
    assert "no parameter" in refused(capsys, tmp_path, *given, "--window", WINDOW, *out, "--set", "nonsense=1")
    assert "no value" in refused(capsys, tmp_path, *given, "--window", WINDOW, *out, "--set", "nonsense")


@pytest.mark.parametrize("name", NAMES)
def test_a_region_of_nodata_is_one_sentence_and_no_file(tmp_path, capsys, name):
    empty = make(tmp_path / "empty.tif", np.zeros((3, 150, 200), np.uint8), nodata=0)
    other = make(tmp_path / "other.tif", city(200, 150))
    given = started(name, empty, other, tmp_path)
    assert "no valid pixel" in refused(capsys, tmp_path, *given, "--window", WINDOW, "--out", tmp_path / "out.tif")


def test_clouds_that_can_not_be_removed_are_one_sentence_and_no_file(scene, reference, tmp_path, capsys):
    given = ["tool", "cloud-removal", scene, "--window", WINDOW, "--out", tmp_path / "out.tif"]
    some = cloud(tmp_path / "cloud.gpkg", (90, 60, 110, 80), scene)
    everything = cloud(tmp_path / "everything.gpkg", (0, 0, 200, 150), scene)
    beside = cloud(tmp_path / "beside.gpkg", (0, 0, 20, 20), scene)
    far = make(tmp_path / "far.tif", city(200, 150), affine=(0, 1, 0, 0, 0, -1))
    placeless = make(tmp_path / "placeless.tif", city(100, 100), affine=None, crs="")
    assert "another date" in refused(capsys, tmp_path, *given, "--mask", some)
    assert "clear pixels" in refused(capsys, tmp_path, *given, "--reference", reference, "--mask", everything)
    assert "touches nothing" in refused(capsys, tmp_path, *given, "--reference", reference, "--mask", beside)
    assert "does not overlap" in refused(capsys, tmp_path, *given, "--reference", far, "--mask", some)
    assert "no georeference" in refused(capsys, tmp_path, *given, "--reference", placeless, "--mask", some)
    assert "No cloud" in refused(capsys, tmp_path, *given, "--reference", reference)
    assert "raster itself" in refused(capsys, tmp_path, *given[:-1], reference, "--reference", reference, "--mask", some)
    assert "is needed" in refused(capsys, tmp_path, *given[:-1], some, "--reference", reference, "--mask", some)
    assert "There is no file" in refused(capsys, tmp_path, *given, "--reference", tmp_path / "none.tif", "--mask", some)


def test_edits_that_can_not_be_made_are_one_sentence_and_no_file(scene, reference, tmp_path, capsys):
    given = ["tool", "editing", scene, "--window", WINDOW, "--out", tmp_path / "out.tif"]
    everything = cloud(tmp_path / "everything.gpkg", (0, 0, 200, 150), scene)
    assert "needs verb" in refused(capsys, tmp_path, *given)
    assert "editing model" in refused(capsys, tmp_path, *given, "--set", "verb=add a pool")
    assert "covers everything" in refused(capsys, tmp_path, *given, "--set", "verb=remove", "--mask", everything)
    assert "one reference" in refused(capsys, tmp_path, *given, "--set", "verb=paste")
    assert "amount above 0" in refused(capsys, tmp_path, *given, "--set", "verb=blur", "--set", "amount=-1")
    assert "#c03020" in refused(capsys, tmp_path, *given, "--set", "verb=recolour", "--set", "color=red")


@pytest.mark.parametrize(("name", "out"), [("segmentation", "out.gpkg"), ("denoising", "out.tif"), ("editing", "out.vrt")])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(scene, reference, tmp_path, root, name, out):
    (tmp_path / out).write_text("older")
    script = (
        "import resource, signal, sys\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\n"
        "sys.path.insert(0, sys.argv[1])\nfrom zoomearth.backend.cli.main import main\nsys.exit(main(sys.argv[2:]))"
    )
    given = [*started(name, scene, reference, tmp_path), "--window", "0,0,200,150", "--out", tmp_path / out, "--json"]
    path = str(root / ".build" / "path")
    before = files(tmp_path)
    done = subprocess.run([sys.executable, "-c", script, path, *map(str, given)], capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    error = json.loads(done.stdout)["error"]
    assert "free space" in error["hint"]
    assert files(tmp_path) == before
    assert (tmp_path / out).read_text() == "older"


@pytest.mark.parametrize("name", NAMES)
def test_a_cancel_at_any_moment_leaves_no_file(scene, reference, tmp_path, name):
    given = started(name, scene, reference, tmp_path)
    request = UseTool(name, arguments={"verb": "remove"} if name == "editing" else {})
    if name == "cloud-removal":
        request = replace(request, references=(str(reference),), mask=given[-1])
    before, looks = files(tmp_path), 0

    class After:
        """Cancelled at the n-th look."""

        def __init__(self, left):
            self.left = left

        def __call__(self):
            self.left -= 1
            return self.left < 0

    for looks in range(40):
        cancelled = After(looks)
        with Scene.open(scene, cancelled=cancelled) as opened:
            region = resolve(opened, Where(window=(60, 40, 140, 110)))
            try:
                use(opened, [(region, request)], str(tmp_path / "out.tif"), cancelled=cancelled)
            except Cancelled:
                assert files(tmp_path) == before
            else:
                break
    assert looks > 2
    assert "out.tif" in files(tmp_path)


def test_a_mosaic_over_a_raster_whose_address_holds_a_key_is_refused(scene, tmp_path):
    with Scene.open(scene) as opened:
        opened.path = "https://example.org/scene.tif?token=secret"
        region = resolve(opened, Where(window=(60, 40, 140, 110)))
        with pytest.raises(Exception, match="with its keys"):
            use(opened, [(region, UseTool("denoising"))], str(tmp_path / "out.vrt"))
