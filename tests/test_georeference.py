"""The georeference of a raster: its geotransform, its ground control points, its units; and none where the file does not determine it."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from xml.sax.saxutils import escape

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rasters import NORTH_UP, city, make, mosaic

from zoomearth.backend.scene.gdal.georeference import crs_name, georeference, units, usable
from zoomearth.backend.scene.scene import Scene
from zoomearth.core.geometry import Grid

PIXELS = city(60, 40)
DEGREES = units('GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],UNIT["degree",0.0174532925199433]]')
NOWHERE = [
    [],
    [(0, 0, 10, 50)],
    [(0, 0, 10, 50), (60, 40, 11, 49)],
    [(0, 0, 0, 0)] * 4,
    [(0, 0, 10, 50)] * 5,
    [(n * 10, n * 10, 10 + n, 50 - n) for n in range(4)],  # on a line, in both
    [(0, 0, 10, 50), (60, 0, 11, 50), (60, 40, 12, 50), (0, 40, 11.5, 50)],  # a line on the map
    [(5, 0, 10, 50), (5, 10, 11, 49), (5, 20, 12, 50), (5, 30, 10, 49)],  # a line in the picture
    [(0, 0, 10, 50), (60, 0, 11, 50), (0, 40, math.nan, 49)],
    [(0, 0, 10, 50), (1, 1, 10.5, 49.5), (2, 2.0000001, 11, 49)],
]


@pytest.mark.parametrize("points", NOWHERE, ids=range(len(NOWHERE)))
def test_points_that_determine_nothing_are_no_grid(points):
    affine, note = georeference(None, points, False, DEGREES)
    assert affine is None
    assert "in pixels only" in note


@pytest.mark.parametrize("points", NOWHERE[3:8], ids=range(5))
def test_such_a_raster_is_shown_and_lies_nowhere(tmp_path, points):
    with Scene.open(make(tmp_path / "scene.tif", PIXELS, gcps=points, crs="EPSG:4326")) as scene:
        facts = scene.describe()
        assert scene.grid is None
        assert facts["grid"] is facts["gsd"] is None
        assert f"Its {len(points)} ground control points determine no grid: boxes are in pixels only." in facts["notes"]


def test_a_driver_without_a_geotransform_gives_none(tmp_path):
    """rasterio returns uninitialised memory: other numbers at each run."""
    Image.fromarray(PIXELS.transpose(1, 2, 0)).save(tmp_path / "photo.ppm")
    side = '<PAMDataset><GCPList Projection="EPSG:4326">{}</GCPList></PAMDataset>'
    for points, known in (([], False), ([(0, 0, 10, 50), (60, 0, 11, 50), (0, 40, 10, 49)], True)):
        listed = "".join(f'<GCP Id="" Pixel="{c}" Line="{r}" X="{x}" Y="{y}"/>' for c, r, x, y in points)
        (tmp_path / "photo.ppm.aux.xml").write_text(side.format(listed) if points else "<PAMDataset/>")
        with Scene.open(tmp_path / "photo.ppm") as scene:
            assert (scene.grid is not None) == known
            assert not known or scene.grid.affine == pytest.approx((10, 1 / 60, 0, 50, 0, -1 / 40))


@pytest.mark.parametrize("place", [(0,) * 6, (math.nan,) * 6, (5, 0, 0, 5, 0, -1), (5, 1, 2, 5, 1, 2), (math.inf, 1, 0, 5, 0, -1)])
def test_a_geotransform_that_cannot_be_inverted_is_none(tmp_path, place):
    path = mosaic(tmp_path / "scene.vrt", (60, 40), [(make(tmp_path / "part.tif", PIXELS), 0, 0, 60, 40)])
    inside = f"<GeoTransform>{', '.join(map(str, place))}</GeoTransform><VRTRasterBand"
    path.write_text(path.read_text().replace("<VRTRasterBand", inside, 1))
    with Scene.open(path) as scene:
        assert scene.grid is None
        assert "Its geotransform can't be inverted: boxes are in pixels only." in scene.describe()["notes"]


def test_points_serve_where_the_geotransform_does_not():
    corners = [(0, 0, 10, 50), (60, 0, 11, 50), (60, 40, 11, 49), (0, 40, 10, 49)]
    affine, note = georeference((0,) * 6, corners, True, DEGREES)
    assert affine == pytest.approx((10, 1 / 60, 0, 50, 0, -1 / 40))
    assert "4 ground control points" in note
    assert georeference(NORTH_UP, corners, False, None) == (NORTH_UP, "")
    assert "RPC" in georeference(None, [], True, None)[1]


slopes = st.floats(-1e4, 1e4).filter(lambda value: abs(value) > 1e-6)


@given(
    place=st.tuples(st.floats(-1e7, 1e7), slopes, slopes, st.floats(-1e7, 1e7), slopes, slopes),
    pixels=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), min_size=3, max_size=30, unique=True),
)
def test_the_fit_finds_the_affine_that_the_points_have_or_none(place, pixels):
    grid = Grid(place)
    affine, _ = georeference(None, [(c, r, *grid.to_map(c, r)) for c, r in pixels], False, None)
    if affine is None:
        table = np.array(pixels, float)
        thin = np.linalg.svd(table - table.mean(axis=0), compute_uv=False)
        steep = np.linalg.svd([[place[1], place[2]], [place[4], place[5]]], compute_uv=False)
        assert thin[1] < 1e-3 * thin[0] or steep[1] < 1e-3 * steep[0]
    else:
        reach = max(map(abs, place)) * 5000
        for column, row in pixels:
            assert Grid(affine).to_map(column, row) == pytest.approx(grid.to_map(column, row), abs=1e-6 * reach)


@given(st.tuples(*[st.floats()] * 6))
def test_a_usable_grid_can_be_inverted(place):
    affine = usable(place)
    if affine:
        assert Grid(affine).invertible
        assert all(map(math.isfinite, affine))


@pytest.mark.parametrize("west", [179.8, -180.2, 539.8, 10.0, -0.2, 359.9])
@pytest.mark.parametrize("count", [2, 7])
def test_points_on_both_sides_of_the_180th_meridian_are_one_run(west, count):
    """Longitudes in both ranges: -180 to 180, and 0 to 360."""
    places = [(600 * i / (count - 1), 400 * j / (count - 1)) for i in range(count) for j in range(count)]
    for wrapped in (lambda x: (x + 180) % 360 - 180, lambda x: x % 360):
        points = [(c, r, wrapped(west + c * 0.4 / 600), 10 - r * 0.3 / 400) for c, r in places]
        affine, _ = georeference(None, points, False, DEGREES)
        assert affine[1:3] == pytest.approx((0.4 / 600, 0), abs=1e-9)
        assert affine[4:] == pytest.approx((0, -0.3 / 400), abs=1e-9)
        assert (affine[0] - west) % 360 == pytest.approx(0, abs=1e-6) or (affine[0] - west) % 360 == pytest.approx(360, abs=1e-6)
        assert -540 <= affine[0] < 540


@pytest.mark.parametrize("edge", [180.0, 179.99, 179.5])
def test_points_around_the_globe_are_not_folded(edge):
    for count in (2, 19):
        places = [(3600 * i / (count - 1), 1800 * j / (count - 1)) for i in range(count) for j in range(count)]
        points = [(c, r, -edge + c * edge / 1800, 90 - r * 0.1) for c, r in places]
        assert georeference(None, points, False, DEGREES)[0][1] == pytest.approx(edge / 1800)


def test_a_scene_across_180_has_its_true_size(tmp_path):
    corners = [(0, 0, 179.8, 10), (600, 0, -179.8, 10), (0, 400, 179.8, 9.7), (600, 400, -179.8, 9.7)]
    with Scene.open(make(tmp_path / "scene.tif", city(600, 400), gcps=corners, crs="EPSG:4326")) as scene:
        assert scene.describe()["gsd"] == pytest.approx(78.1, abs=0.1)
        assert scene.grid.to_map(300, 200) == pytest.approx((180, 9.85))


MOON = 'GEOGCS["Moon",DATUM["D_Moon",SPHEROID["Moon",1737400,0]],PRIMEM["Reference_Meridian",0],UNIT["degree",0.0174532925199433]]'
KILOMETRES = (
    'PROJCS["km",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],'
    'PARAMETER["central_meridian",9],PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",500],'
    'PARAMETER["false_northing",0],UNIT["kilometre",1000]]'
)
IN_DEGREES = (10.0, 0.0001, 0.0, 50.0, 0.0, -0.0001)


@pytest.mark.parametrize(
    ("crs", "affine", "gsd"),
    [
        ("EPSG:4326", IN_DEGREES, 8.92),
        ("EPSG:4326+5773", IN_DEGREES, 8.92),
        ("EPSG:4979", IN_DEGREES, 8.92),
        (MOON, IN_DEGREES, 2.43),
        ("EPSG:4901", (10.0, 0.0001, 0.0, 55.5, 0.0, -0.0001), 8.036),  # grads: 49.95 degrees north
        ("EPSG:32632", NORTH_UP, 0.5),
        ("EPSG:32632+5773", NORTH_UP, 0.5),
        ("EPSG:2277", NORTH_UP, 0.1524),  # US survey feet
        (KILOMETRES, NORTH_UP, 500),
        ("EPSG:4978", NORTH_UP, None),
        ('LOCAL_CS["Site",UNIT["metre",1]]', NORTH_UP, None),
        ("", NORTH_UP, None),
    ],
)
def test_the_ground_sampling_distance_is_in_the_units_of_the_crs(tmp_path, crs, affine, gsd):
    with Scene.open(make(tmp_path / "scene.tif", city(600, 400), crs=crs, affine=affine)) as scene:
        result = scene.describe()["gsd"]
        assert result == (None if gsd is None else pytest.approx(gsd, rel=2e-3))


@pytest.mark.parametrize(
    ("wkt", "expected"),
    [
        (
            'GEODCRS["g",DATUM["d",ELLIPSOID["e",6378137,298]],CS[ellipsoidal,2],AXIS["lat",north,ANGLEUNIT["degree",0.0174532925]]]',
            111_319,
        ),
        ('GEODCRS["g",DATUM["d",ELLIPSOID["e",6378137,298]],CS[Cartesian,3],AXIS["X",other],LENGTHUNIT["metre",1]]', None),
        ('PROJCRS["p",BASEGEOGCRS["g",DATUM["d",ELLIPSOID["e",1,0]]],CS[Cartesian,2],AXIS["x",east,LENGTHUNIT["foot",0.3048]]]', 0.3048),
        ('BOUNDCRS[SOURCECRS[PROJCRS["p",CS[Cartesian,2],LENGTHUNIT["metre",1]]],TARGETCRS[GEOGCRS["g"]]]', 1),
        ('ENGCRS["e",EDATUM["d"],CS[Cartesian,2],LENGTHUNIT["metre",1]]', None),
        ('GEOGCS["a ""quoted"", [odd] name",DATUM["d",SPHEROID["s",100,0]],UNIT["radian",1]]', 100),
        ("PROJCS[", None),
        ("no wkt", None),
        ("", None),
    ],
)
def test_units_are_read_from_either_wkt(wkt, expected):
    result = units(wkt)
    assert (result and result.metres) == (expected and pytest.approx(expected, rel=1e-4))


@pytest.mark.parametrize(
    "definition", ["NOT A CRS", " ", "EPSG:999999", "+proj=nonsense", 'PROJCS["WGS 84 / UTM', 'TIMECRS["t",TDATUM["T"]]']
)
def test_a_crs_that_is_not_understood_is_none(tmp_path, definition):
    raster = mosaic(tmp_path / "scene.vrt", (60, 40), [(make(tmp_path / "part.tif", PIXELS), 0, 0, 60, 40)])
    head, end, rest = raster.read_text().partition(">")
    place = f"<SRS>{escape(definition)}</SRS><GeoTransform>{', '.join(map(str, NORTH_UP))}</GeoTransform>"
    raster.write_text(head + end + place + rest)
    with Scene.open(raster) as scene:
        facts = scene.describe()
        assert np.asarray(scene.preview(60)).any()
    assert facts["crs"] == ""
    assert facts["grid"] == list(NORTH_UP)
    assert "Its coordinate reference system is not known." in facts["notes"]


def test_a_unit_that_proj_looks_up_prints_nothing(tmp_path, root):
    """In its own process: PROJ reads its debug setting only once, and the test's process may have read it before."""
    path = make(tmp_path / "scene.tif", PIXELS, crs="+proj=utm +zone=32 +units=km", affine=(500, 0.001, 0, 4000, 0, -0.001))
    code = "import sys; from zoomearth.backend.scene.scene import Scene; print(Scene.open(sys.argv[1]).describe()['gsd'])"
    (tmp_path / "zoomearth").symlink_to(root)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", code, str(path)], env=environment, capture_output=True, text=True, check=True)
    assert float(run.stdout) == pytest.approx(1)
    assert run.stderr == ""


def test_the_name_of_a_crs_may_hold_quotes():
    assert crs_name('LOCAL_CS["A ""quoted"" [name], (new)",UNIT["metre",1]]') == 'A "quoted" [name], (new)'
    assert crs_name("") == ""


def test_half_of_the_world_across_180_is_not_mirrored():
    """Both directions around the earth are equally wide."""
    points = [(0, 0, 100, 30), (150, 0, -80, 30), (0, 100, 100, -30), (150, 100, -80, -30)]
    affine, _ = georeference(None, points, False, DEGREES)
    assert affine == pytest.approx((-260, 1.2, 0, 30, 0, -0.6))
