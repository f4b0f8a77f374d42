"""Regions: the outline on the map, in pixels, in the picture and in files, compared with brute force and with shapely."""

import json
import math

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from rasterio.warp import transform
from rasters import NORTH_UP, ROTATED, SOUTH_UP, city, make

from zoomearth.backend.cli.main import main
from zoomearth.backend.scene.mask import EDGE, OUTSIDE, inside
from zoomearth.backend.scene.region import resolve
from zoomearth.backend.scene.scene import Scene
from zoomearth.core.errors import SceneError
from zoomearth.core.geometry import Box, Grid, Size, View
from zoomearth.core.region import Region
from zoomearth.core.source import Where

SIZE = Size(40, 30)
WHOLE = Box(0, 0, *SIZE)
coordinate = st.one_of(st.integers(-15, 55), st.floats(-15, 55))
ring = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=7).map(tuple)
sliver = st.builds(  # thinner than a pixel, or of two pixels' size
    lambda x, y, w, h, slant: ((x, y), (x + w, y + slant), (x + w, y + h + slant), (x, y + h)),
    st.floats(0, 38),
    st.floats(0, 28),
    st.floats(0.01, 30),
    st.floats(0.01, 2),
    st.floats(-3, 3),
)
rings = st.lists(st.one_of(ring, sliver), min_size=1, max_size=3).map(tuple)
boxes = st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), coordinate, coordinate, st.floats(0.01, 40), st.floats(0.01, 40))


def crossed(outline, x, y):
    """The even-odd rule, by counting for each point the edges to its left."""
    odd = np.zeros(np.shape(x), bool)
    for each in outline:
        for (x0, y0), (x1, y1) in zip(each, (*each[1:], each[0])):
            if y0 != y1:
                odd ^= ((y0 <= y) != (y1 <= y)) & (x0 + (y - y0) * (x1 - x0) / (y1 - y0) <= x)
    return odd


def lines_of(outline):
    return shapely.MultiLineString([[*each, each[0]] for each in outline])


def area_of(outline):
    """The area inside even-odd rings: shapely makes the faces between their edges, and a point in each face decides."""
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(lines_of(outline))]))
    faces = faces[shapely.area(faces) > 1e-9]
    points = shapely.get_coordinates(shapely.point_on_surface(faces)).reshape(-1, 2)
    return shapely.union_all(faces[crossed(outline, *points.T)])


def shares(shape, size, cut=0.0):
    """The share of each pixel of a picture of SIZE that the shape covers, [row, column]; pixels are `cut` smaller on each side."""
    x, y = (side / count for side, count in zip(SIZE, size))
    column, row = np.meshgrid(np.arange(size.width), np.arange(size.height))
    pixels = shapely.box((column + cut) * x, (row + cut) * y, (column + 1 - cut) * x, (row + 1 - cut) * y)
    return shapely.area(shapely.intersection(shape, pixels)) / (x * y)


@settings(deadline=None, max_examples=50)  # shapely cuts each pixel
@given(rings, st.integers(1, 50), st.integers(1, 40))
@example((((3.2, 3.2), (3.4, 3.2), (3.3, 3.4)),), 40, 30)
@example((((0, 5.3), (40, 5.35), (40, 5.4)),), 40, 30)
@example((((2, 2), (20, 2), (20, 20), (2, 20)), ((5, 5), (9, 5), (9, 9), (5, 9))), 40, 30)
def test_a_shown_pixel_is_seen_where_any_of_it_lies_inside(outline, width, height):
    size, shape = Size(width, height), area_of(outline)
    region = Region.of(outline, WHOLE)
    seen = inside(View(WHOLE, size, region.rings))
    assert (seen | (shares(shape, size, 4 * EDGE) < 1e-6)).all(), "what is inside can't be seen"
    near = shapely.buffer(lines_of(outline), 1e-6)  # where two edges run along each other, rounding decides
    assert (~seen | (shares(shape, size) > 0) | (shares(near, size) > 0)).all(), "what is outside can be seen"


@given(st.integers(0, 2**32 - 1))
def test_pixels_away_from_the_outline_are_those_of_an_even_odd_fill(seed):
    """By counting crossings for each pixel's centre, in a window of a larger outline."""
    random = np.random.default_rng(seed)
    outline = tuple(tuple(map(tuple, random.normal((20, 15), 15, (random.integers(3, 40), 2)))) for _ in range(3))
    view = View(Box(5, 4, 35, 25), Size(50, 40), outline)
    x, y = np.meshgrid(5 + (np.arange(50) + 0.5) * 0.6, 4 + (np.arange(40) + 0.5) * 21 / 40)
    away = shapely.distance(shapely.points(x, y), lines_of(outline)) > 0.6
    assert (inside(view)[away] == crossed(outline, x, y)[away]).all()


@settings(deadline=None)
@given(rings, boxes)
@example((((2, 2), (30, 2), (30, 20), (2, 20)), ((5, 5), (15, 5), (15, 15), (5, 15))), Box(5, 5, 15, 15))
@example((((2, 2), (30, 2), (30, 20), (2, 20)), ((5, 5), (15, 5), (15, 15), (5, 15))), Box(6, 6, 16, 8))
@example((((0, 0), (10, 10), (10, 0), (0, 10)),), Box(4, 4, 6, 6))
@example((((0, 0), (10, 0), (0, 10), (10, 10)),), Box(4, 4, 6, 6))
def test_a_box_touches_a_region_where_they_have_an_area_in_common(outline, box):
    region = Region(Box(-100, -100, 200, 200), outline)
    area = shapely.intersection(area_of(outline), shapely.box(*box)).area
    assume(area == 0 or area > 1e-4)
    assert region.touches(box) == (area > 0)


@settings(deadline=None)
@given(rings)
def test_the_box_of_a_region_is_around_what_of_it_lies_in_the_raster(outline):
    common = shapely.intersection(area_of(outline), shapely.box(*WHOLE))
    parts = shapely.get_parts(common)
    parts = parts[(shapely.get_type_id(parts) == 3) & (shapely.area(parts) > 1e-3)]
    assume(len(parts))
    region = Region.of(outline, WHOLE)
    expected = shapely.total_bounds(parts)
    assert region.touches(region.box)
    assert all(low <= side + 2e-3 for low, side in zip(region.box[:2], expected[:2]))
    assert all(high >= side - 2e-3 for high, side in zip(region.box[2:], expected[2:]))
    assert region.window.intersect(WHOLE) == region.window


def test_a_region_with_a_part_elsewhere_has_the_box_of_the_part_that_is_here():
    here, there = ((3, 3), (9, 3), (9, 9)), ((-500, -500), (-400, -500), (-400, -400))
    line = ((20, 20), (30, 30), (25, 25))
    assert Region.of((here, there, line), WHOLE).box == Box(3, 3, 9, 9)
    assert not Region.of((there,), WHOLE).box.area


number = st.floats(-1e7, 1e7, allow_nan=False)
affine = st.tuples(number, st.floats(0.01, 100), st.floats(-50, 50), number, st.floats(-50, 50), st.floats(-100, -0.01))


class Placed:
    """The properties of a scene that a region is made from."""

    path = "a.tif"

    def __init__(self, affine, size):
        self.grid, self.size = Grid(affine), size


@given(affine, st.integers(0, 5000), st.integers(0, 5000), st.integers(1, 5000), st.integers(1, 5000))
def test_an_outline_is_the_box_it_was_made_of_whatever_the_grid(affine, left, top, width, height):
    assume(abs(affine[1] * affine[5] - affine[2] * affine[4]) > 1e-3)
    scene, box = Placed(affine, Size(10_000, 10_000)), Box(left, top, left + width, top + height)
    region = resolve(scene, Where(outline=(tuple(scene.grid.polygon(box)),)))
    assert tuple(region.box) == pytest.approx(tuple(box), abs=0.1)
    for ring, expected in zip(region.rings, [[*box.corners(), box.corners()[0]]]):
        assert np.allclose(ring, expected, atol=0.1)


@pytest.mark.parametrize("grid", [NORTH_UP, SOUTH_UP, (500_000.0, -0.5, 0.0, 4_600_000.0, 0.0, 0.5)])
def test_bounds_in_whole_pixels_are_that_window_and_nothing_of_it_is_grey(tmp_path, grid):
    with Scene.open(make(tmp_path / "town.tif", city(1200, 800), affine=grid)) as scene:
        xs, ys = zip(*Grid(grid).polygon(Box(300, 200, 700, 600)))
        region = resolve(scene, Where(bounds=(min(xs), min(ys), max(xs), max(ys))))
        assert region.box == Box(300, 200, 700, 600)
        view = View(region.window, Size(168, 168), region.rings)
        assert inside(view).all()
        assert scene.part(view).tobytes() == scene.part(View(view.window, view.size)).tobytes()


def test_bounds_on_a_rotated_raster_are_a_turned_rectangle(tmp_path):
    with Scene.open(make(tmp_path / "town.tif", city(1200, 800), affine=ROTATED)) as scene:
        x, y = scene.grid.to_map(600, 400)
        bounds = (x - 60, y - 30, x + 60, y + 30)
        region = resolve(scene, Where(bounds=bounds))
        view = View(region.window, Size(*map(int, (region.window.width, region.window.height))), region.rings)
        seen = inside(view)
        column, row = np.meshgrid(np.arange(view.size.width) + 0.5, np.arange(view.size.height) + 0.5)
        a = ROTATED
        east = a[0] + a[1] * (column + view.window.left) + a[2] * (row + view.window.top)
        north = a[3] + a[4] * (column + view.window.left) + a[5] * (row + view.window.top)
        depth = np.minimum(60 - abs(east - x), 30 - abs(north - y))  # metres; a pixel has half of one
        assert seen[depth > 0].all()
        assert not seen[depth < -0.36].any()
        picture = np.asarray(scene.part(view))
        assert (picture[~seen] == OUTSIDE).all()
        assert (picture[seen] == np.asarray(scene.part(View(view.window, view.size)))[seen]).all()


def test_an_outline_of_a_hundred_thousand_corners_takes_no_time_and_no_memory_to_speak_of():
    """Zigzags across the whole picture take the longest."""
    turns = np.linspace(0, 40, 10_001)
    zigzag = tuple(zip(turns.tolist(), np.where(np.arange(10_001) % 2, 1, 29).tolist()))
    around = tuple((20 + 15 * math.cos(turn), 15 + 10 * math.sin(turn)) for turn in np.linspace(0, 2 * math.pi, 100_000))
    for each, covered in ((zigzag, 28 / 30), (around, math.pi * 150 / 1200)):
        region = Region.of((each,), WHOLE)
        seen = inside(View(WHOLE, Size(504, 378), region.rings))
        assert seen.mean() == pytest.approx(covered, abs=0.02)


@pytest.fixture(scope="module")
def raster(tmp_path_factory):
    return make(tmp_path_factory.mktemp("scene") / "town.tif", city(1200, 800))


@pytest.fixture(params=["north up", "rotated"])
def scene(request, raster, tmp_path):
    path = raster if request.param == "north up" else make(tmp_path / "turned.tif", city(1200, 800), affine=ROTATED)
    with Scene.open(path) as scene:
        yield scene


def write(path, shapes, crs="EPSG:32615", **more):
    """A vector file of these shapes, None a row without any."""
    kind = {shape.geom_type for shape in shapes if shape}
    coded = np.array([shape and shapely.to_wkb(shape) for shape in shapes], dtype=object)
    geometry_type = kind.pop() if len(kind) == 1 else "Unknown"
    pyogrio.raw.write(path, geometry=coded, field_data=[], fields=[], geometry_type=geometry_type, crs=crs, **more)
    return str(path)


def shape_of(scene, *outline, crs=None):
    """Pixels as a polygon on the map: a shell and its holes; in another CRS, corner by corner, of many so that its sides stay straight."""
    shell, *holes = (shapely.LinearRing([scene.grid.to_map(*corner) for corner in each]) for each in outline)
    shape = shapely.Polygon(shell, holes)
    if crs:
        shape = shapely.transform(shapely.segmentize(shape, 5), lambda points: np.array(transform("EPSG:32615", crs, *points.T)).T)
    return shape


FIRST = [(100, 100), (700, 120), (650, 600), (120, 500)]
HOLE = [(300, 250), (500, 250), (400, 400)]
SECOND = [(900, 300), (1100, 300), (1000, 700)]


@pytest.mark.parametrize("crs", ["EPSG:32615", "EPSG:4326", "EPSG:3857", "EPSG:26915"])
@pytest.mark.parametrize("name", ["a.gpkg", "a.shp", "a.geojson", "a.fgb"])
def test_the_polygons_of_a_file_are_the_region(scene, tmp_path, name, crs):
    parts = [shape_of(scene, FIRST, HOLE, crs=crs), shape_of(scene, SECOND, crs=crs)]
    region = resolve(scene, Where(within=str(write(tmp_path / name, [shapely.MultiPolygon(parts)], crs))))
    view = View(Box(0, 0, *scene.size), scene.size, region.rings)
    seen, expected = inside(view), inside(View(view.window, view.size, (tuple(FIRST), tuple(HOLE), tuple(SECOND))))
    column, row = np.meshgrid(np.arange(1200) + 0.5, np.arange(800) + 0.5)
    off = shapely.distance(shapely.points(column, row)[seen != expected], lines_of((FIRST, HOLE, SECOND)))
    assert off.max(initial=0) < 2, "GeoJSON rounds to 1e-7 degrees"
    assert tuple(region.box) == pytest.approx((100, 100, 1100, 700), abs=0.5)


def test_overlapping_and_invalid_polygons_are_one_region(scene, tmp_path):
    bow = [(100, 100), (300, 300), (300, 100), (100, 300)]
    overlapping = shapely.MultiPolygon([shape_of(scene, FIRST), shape_of(scene, [(x + 50, y + 50) for x, y in FIRST])])
    far = shapely.box(0, 0, 1, 1)
    region = resolve(
        scene, Where(within=str(write(tmp_path / "a.gpkg", [None, overlapping, shape_of(scene, bow), shape_of(scene, SECOND), far])))
    )
    view = View(Box(0, 0, *scene.size), scene.size, region.rings)
    seen = inside(view)
    assert seen[300, 400], "covered twice"
    assert seen[200, 110]
    assert seen[400, 1000]
    assert not seen[20, 20]
    assert tuple(region.box) == pytest.approx((100, 100, 1100, 700), abs=1e-3)


def test_a_polygon_around_the_world_is_the_whole_raster(scene, tmp_path):
    region = resolve(scene, Where(within=str(write(tmp_path / "world.geojson", [shapely.box(-180, -90, 180, 90)], "EPSG:4326"))))
    assert region.box == Box(0, 0, *scene.size)
    assert inside(View(region.box, Size(120, 80), region.rings)).all()


@pytest.mark.parametrize("west", [0.0, 170.0, -190.0])
def test_longitudes_have_several_names(tmp_path, west):
    """Rasters that begin at Greenwich, or lie across the 180th meridian; files count from -180 to 180."""
    path = make(tmp_path / "globe.tif", city(360, 100), crs="EPSG:4326", affine=(west, 1.0, 0, 50.0, 0, -1.0))
    with Scene.open(path) as scene:
        for longitude in (-175, -20, 100, 175):
            region = resolve(
                scene,
                Where(within=str(write(tmp_path / f"{longitude}.geojson", [shapely.box(longitude, 10, longitude + 4, 20)], "EPSG:4326"))),
            )
            left = (longitude - west) % 360
            assert tuple(region.box) == pytest.approx((left, 30, left + 4, 40), abs=1e-3)


def test_crs_that_have_nothing_to_do_with_each_other_are_said(tmp_path):
    path = make(tmp_path / "site.tif", city(200, 100), crs='LOCAL_CS["Site grid",UNIT["metre",1]]'.replace('"', "&quot;"))
    with Scene.open(path) as scene, pytest.raises(SceneError, match=r"The CRS of .*a\.gpkg .*Site grid"):
        resolve(scene, Where(within=str(write(tmp_path / "a.gpkg", [shapely.box(0, 0, 1, 1)], "EPSG:4326"))))


def test_a_file_without_a_crs_has_the_rasters(scene, tmp_path):
    file = write(tmp_path / "a.shp", [shape_of(scene, SECOND)])
    (tmp_path / "a.prj").unlink()
    assert tuple(resolve(scene, Where(within=str(file))).box) == pytest.approx((900, 300, 1100, 700), abs=1e-3)


UNFIT = {
    "nowhere.gpkg": (lambda path: None, "There is no file"),
    "empty.geojson": (lambda path: write(path, []), "has no polygons: it is empty"),
    "lines.gpkg": (lambda path: write(path, [shapely.LineString([(1, 1), (2, 2)])]), "has no polygons: it has LineString"),
    "points.geojson": (lambda path: write(path, [shapely.Point(1, 1), shapely.LineString([(1, 1), (2, 2)])]), "has no polygons: it has"),
    "flat.gpkg": (lambda path: write(path, [shapely.Polygon([(1, 1), (2, 2), (3, 3)])]), "have no area"),
    "elsewhere.gpkg": (lambda path: write(path, [shapely.box(0, 0, 1, 1)], "EPSG:4326"), "outside"),
    "elsewhere.shp": (lambda path: write(path, [shapely.box(0, 0, 1, 1)]), "outside"),
    "beside.gpkg": (
        lambda path: write(path, [shapely.box(4e5, 4.5e6, 6e5, 4.7e6) - shapely.box(4.9e5, 4.55e6, 5.1e5, 4.65e6)]),
        "outside",
    ),
    "text.gpkg": (lambda path: path.write_text("no polygons"), "can't be read"),
    "cut.geojson": (lambda path: path.write_text('{"type": "FeatureCollection", "features": [{"type": "Fea'), "can't be read"),
    "table.csv": (lambda path: path.write_text("a,b\n1,2\n"), "has no polygons"),
    "several.gpkg": (lambda path: [write(path, [shapely.box(0, 0, 1, 1)], layer=name) for name in ("parcels", "roads")], "parcels, roads"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_file_that_gives_no_region_is_said_in_one_sentence(raster, tmp_path, capfd, name):
    made, said = UNFIT[name]
    made(tmp_path / name)
    assert main(["ask", str(raster), "What?", "--within", str(tmp_path / name)]) == 2
    message = capfd.readouterr().err
    assert said in message
    assert name in message
    assert len(message.strip().splitlines()) == 2, message


NO_GEOREFERENCE = {
    "--region": Where(bounds=(0, 0, 10, 10)),
    "--within": Where(within="a.gpkg"),
}


@pytest.mark.parametrize("flag", NO_GEOREFERENCE)
def test_a_raster_without_georeference_takes_pixels(tmp_path, capfd, flag):
    path = make(tmp_path / "photo.tif", city(200, 100), affine=None, crs="")
    value = "0,0,10,10" if flag == "--region" else "a.gpkg"
    assert main(["ask", str(path), "What?", flag, value]) == 2
    message = capfd.readouterr().err
    assert "photo.tif has no georeference" in message
    assert "--window" in message


@pytest.mark.parametrize("flag", NO_GEOREFERENCE)
def test_the_sentence_for_panel_and_wire_names_no_flag(tmp_path, flag):
    path = make(tmp_path / "photo.tif", city(200, 100), affine=None, crs="")
    with Scene.open(path) as scene, pytest.raises(SceneError) as raised:
        resolve(scene, NO_GEOREFERENCE[flag])
    assert "no georeference" in raised.value.message
    assert "in pixels" in raised.value.hint
    assert "--" not in raised.value.message + raised.value.hint


def test_the_three_ways_to_say_where_exclude_each_other(raster, capfd):
    assert main(["ask", str(raster), "What?", "--within", "a.gpkg", "--window", "0,0,10,10"]) == 2
    assert "not allowed with" in capfd.readouterr().err


def test_the_command_line_shows_the_model_only_what_is_within(scene, tmp_path, capfd):
    """The saved pictures are those that the model saw; the JSON and the screen name the region."""
    part = write(tmp_path / "parcel.geojson", [shape_of(scene, FIRST, HOLE, crs="EPSG:4326")], "EPSG:4326")
    where = ["ask", scene.path, "What is there?", "--within", part]
    assert main([*where, "--json", "--views", str(tmp_path / "views")]) in (0, 1)
    answered = json.loads(capfd.readouterr().out)
    assert answered["region"]["window"] == pytest.approx([100, 100, 700, 600], abs=1)
    outline = [np.array([scene.grid.to_pixel(*corner) for corner in ring]) for ring in answered["region"]["outline"]]
    assert sorted(len(ring) > 50 for ring in outline) == [True, True]
    view = View(Box(*answered["region"]["window"]), Size(168, 140), tuple(tuple(map(tuple, ring)) for ring in outline))
    (path,) = (tmp_path / "views").glob("q1-0-*.png")
    with rasterio.open(path) as file:
        picture = file.read().transpose(1, 2, 0)
    seen = inside(View(view.window, Size(*picture.shape[1::-1]), view.rings))
    assert 0.3 < seen.mean() < 0.9
    assert (picture[~seen] == OUTSIDE).all()
    assert (picture[seen] == np.asarray(scene.part(View(view.window, Size(*picture.shape[1::-1]))))[seen]).all()
    assert main(where) in (0, 1)
    assert "inside parcel.geojson" in " ".join(capfd.readouterr().out.split())


def test_a_window_outside_is_refused_and_one_across_the_side_is_cut(raster):
    with Scene.open(raster) as scene:
        assert resolve(scene, Where(window=(-10, 700, 50, 900))) == Region(Box(0, 700, 50, 800))
        with pytest.raises(SceneError, match=r"5000,0,6000,10 lies outside .*town\.tif"):
            resolve(scene, Where(window=(5000, 0, 6000, 10)))
