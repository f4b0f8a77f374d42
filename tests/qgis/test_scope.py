"""The area of a question, as rings in the raster's CRS: for every geometry, the rings have the same inside as the geometry."""

import math

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from rasters import ROTATED, city, make

from zoomearth.core.errors import SceneError
from zoomearth.plugin.layers import scope

LEFT, TOP, WIDTH, HEIGHT = 500_000, 4_600_000, 600, 400  # of the scene `layer`, map units of UTM 33 N


@pytest.fixture
def layer(scene):
    layer = QgsRasterLayer(str(scene), "town")
    assert layer.isValid()
    return layer


def inside(rings, x, y):
    """By the even-odd rule, as the backend fills them."""
    odd = False
    for ring in rings:
        for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1]):
            if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
                odd = not odd
    return odd


def at(x, y):
    """Map units of a point of the scene, in metres from its upper left corner."""
    return LEFT + x, TOP - y


def wkt(kind, *rings):
    return kind.format(*(", ".join(f"{x} {y}" for x, y in (at(*corner) for corner in ring)) for ring in rings))


def square(left, top, side):
    return [(left, top), (left + side, top), (left + side, top + side), (left, top + side), (left, top)]


def selected(crs, *geometries, kind="Polygon", names=()):
    """A layer with these features, all of them selected."""
    polygons = QgsVectorLayer(f"{kind}?crs={crs}" + ("&field=name:string" if names else ""), "parcels", "memory")
    assert polygons.isValid()
    features = []
    for number, geometry in enumerate(geometries):
        feature = QgsFeature(polygons.fields())
        if names:
            feature["name"] = names[number]
        if geometry is not None:
            feature.setGeometry(geometry if isinstance(geometry, QgsGeometry) else QgsGeometry.fromWkt(geometry))
        features.append(feature)
    assert polygons.dataProvider().addFeatures(features)[0]
    polygons.selectAll()
    return polygons


def outline(layer, geometry, kind="Polygon", crs="EPSG:32633"):
    (place,), left_out = scope.features(layer, selected(crs, geometry, kind=kind))
    assert left_out == ""
    assert all(len(ring) >= 3 and all(map(math.isfinite, corner)) for ring in place.outline for corner in ring)
    return place


ARC = "CurvePolygon (CompoundCurve (CircularString ({0} {2}, {1} {3}, {4} {2}), ({4} {2}, {0} {2})))".format(
    LEFT + 100, LEFT + 200, TOP - 200, TOP - 100, LEFT + 300
)
SHAPES = {
    "multipart": (
        "MultiPolygon",
        wkt("MultiPolygon ((({0})), (({1})))", square(20, 20, 50), square(400, 300, 50)),
        [(45, 45), (425, 325)],
        [(200, 200), (300, 45)],
    ),
    "hole": ("Polygon", wkt("Polygon (({0}), ({1}))", square(100, 100, 200), square(150, 150, 50)), [(120, 120)], [(175, 175)]),
    "slanted": ("Polygon", wkt("Polygon (({0}))", [(300, 50), (350, 100), (150, 300), (100, 250), (300, 50)]), [(225, 175)], [(110, 60)]),
    "bow tie": (
        "Polygon",
        wkt("Polygon (({0}))", [(100, 100), (300, 300), (300, 100), (100, 300), (100, 100)]),
        [(120, 200)],
        [(200, 120)],
    ),
    "parts that overlap": (
        "MultiPolygon",
        wkt("MultiPolygon ((({0})), (({1})))", square(100, 100, 100), square(150, 150, 100)),
        [(120, 120), (175, 175), (230, 230)],
        [(120, 230)],
    ),
    "heights and measures": (
        "PolygonZM",
        f"PolygonZM (({LEFT} {TOP} 1e9 2, {LEFT + 99} {TOP} 5 2, {LEFT} {TOP - 99} -7 2, {LEFT} {TOP} 1 2))",
        [(20, 20)],
        [(90, 90)],
    ),
    "curve": ("CurvePolygon", ARC, [(200, 110), (125, 180)], [(105, 105), (200, 210)]),
    "multisurface": (
        "MultiSurface",
        f"MultiSurface ({ARC}, (({LEFT + 400} {TOP - 10}, {LEFT + 450} {TOP - 10}, {LEFT + 450} {TOP - 60}, {LEFT + 400} {TOP - 10})))",
        [(200, 110), (445, 30)],
        [(105, 105)],
    ),
    "collection": (
        "GeometryCollection",
        wkt(
            "GeometryCollection (Polygon (({0})), LineString ({1}), GeometryCollection (Polygon (({2}))))",
            square(10, 10, 80),
            [(0, 0), (500, 300)],
            square(200, 200, 50),
        ),
        [(40, 60), (225, 225)],
        [(150, 90)],
    ),
    "more than the layer": ("Polygon", wkt("Polygon (({0}))", square(-5000, -5000, 5100)), [(50, 50)], [(150, 150), (-500, -500)]),
}


@pytest.mark.parametrize("name", SHAPES)
def test_what_lies_inside_a_polygon_lies_inside_its_rings_and_nothing_else(layer, name):
    kind, geometry, within, without = SHAPES[name]
    rings = outline(layer, geometry, kind).outline
    assert [inside(rings, *at(*point)) for point in within + without] == [True] * len(within) + [False] * len(without)


def test_a_side_that_is_straight_in_the_polygons_crs_is_bent_in_the_rasters(tmp_path, utm33):
    """In degrees, a parallel is a straight side; in a projection it is a curve, 10 km high over these 8 degrees."""
    path = make(tmp_path / "wide.tif", city(600, 200), crs="EPSG:32633", affine=(200_000, 1000, 0, 5_650_000, 0, -1000))
    layer = QgsRasterLayer(str(path), "wide")
    place = outline(layer, "Polygon ((11 50, 19 50, 19 50.5, 11 50.5, 11 50))", crs="EPSG:4326")
    there = QgsCoordinateTransform(QgsCoordinateReferenceSystem("EPSG:4326"), utm33, QgsProject.instance())
    for lon in (11.2, 13.4, 15, 16.3, 18.8):
        for lat, expected in ((49.995, False), (50.005, True), (50.495, True), (50.505, False)):
            assert inside(place.outline, *there.transform(QgsPointXY(lon, lat))) is expected, (lon, lat)


def test_a_map_of_the_world_is_no_place_that_cannot_be_found(layer):
    """Most of it has no coordinates in UTM 33."""
    world = QgsRectangle(-20037508, -20048966, 20037508, 20048966)
    place = scope.rectangle(world, QgsCoordinateReferenceSystem("EPSG:3857"), layer)
    assert all(inside(place.outline, *at(x, y)) for x in (1, 300, 599) for y in (1, 200, 399))


def test_a_rectangle_in_the_rasters_own_crs_is_itself(layer):
    rectangle = QgsRectangle(LEFT + 10, TOP - 200, LEFT + 300, TOP - 20)
    place = scope.rectangle(rectangle, layer.crs(), layer)
    assert place.extent(layer) == rectangle
    assert [len(ring) for ring in place.outline] == [4]


def test_a_place_says_which_polygon_and_how_many_parts_of_it_lie_on_the_layer(layer):
    two = wkt("MultiPolygon ((({0})), (({1})))", square(20, 20, 50), square(400, 300, 50))
    far = wkt("MultiPolygon ((({0})), (({1})))", square(20, 20, 50), square(9000, 300, 50))
    places, _ = scope.features(layer, selected("EPSG:32633", two, far, two, kind="MultiPolygon", names=["Flur 17", "Flur 18", None]))
    assert [place.words for place in places] == [
        "inside the outline of Flur 17 of parcels (2 parts)",
        "inside the outline of Flur 18 of parcels",
        "inside the outline of feature 3 of parcels (2 parts)",
    ]
    assert places[1].extent(layer).width() == pytest.approx(50)


def test_polygons_beyond_the_layer_are_left_out_and_the_others_are_places(layer):
    on, off = wkt("Polygon (({0}))", square(20, 20, 50)), wkt("Polygon (({0}))", square(-500, 20, 50))
    touching = wkt("Polygon (({0}))", square(-50, 20, 50))  # it shares the layer's edge, without a common area
    places, left_out = scope.features(layer, selected("EPSG:32633", on, off, on))
    assert (len(places), left_out) == (2, "1 of 3 polygons lies outside the layer town and was left out.")
    places, left_out = scope.features(layer, selected("EPSG:32633", off, on, touching, None, "Polygon ((0 0, 1 1, 0 0))"))
    assert len(places) == 1
    assert left_out == "2 of 5 polygons lie outside the layer town and were left out. 2 of 5 polygons have no area and were left out."


@pytest.mark.parametrize(
    ("count", "message", "hint"),
    [(1, "Flur 1 of parcels lies outside the layer town.", "Deselect it"), (2, "All 2 selected polygons lie outside", "Deselect them")],
)
def test_where_none_lies_on_the_layer_the_words_are_about_polygons(layer, count, message, hint):
    off = wkt("Polygon (({0}))", square(-500, 20, 50))
    with pytest.raises(SceneError, match=message) as raised:
        scope.features(layer, selected("EPSG:32633", *[off] * count, names=["Flur 1", "Flur 2"]))
    assert raised.value.hint.startswith(hint)
    assert "rectangle" not in raised.value.hint


@pytest.mark.parametrize("geometry", [None, "Polygon EMPTY", "Polygon ((0 0, 1 1, 0 0))", "Polygon ((0 0, 0 nan, 1 1, 0 0))"])
def test_polygons_without_an_area_are_said(layer, geometry):
    with pytest.raises(SceneError, match="no area"):
        scope.features(layer, selected("EPSG:32633", geometry))


def test_an_outline_of_very_many_corners_is_sent_with_fewer_and_means_the_same(layer):
    ring = [(300 + (150 + math.sin(n)) * math.cos(n / 20_000), 200 + (150 + math.sin(n)) * math.sin(n / 20_000)) for n in range(125_664)]
    geometry = QgsGeometry.fromPolygonXY([[QgsPointXY(*at(*corner)) for corner in ring]])
    rings = outline(layer, geometry).outline
    assert sum(map(len, rings)) < 100_000
    assert inside(rings, *at(300, 200))
    assert inside(rings, *at(300, 55))
    assert not inside(rings, *at(300, 45))


def test_a_raster_whose_rows_run_across_the_map_is_met_where_it_lies(tmp_path):
    path = make(tmp_path / "turned.tif", city(400, 300), crs="EPSG:32633", affine=ROTATED)
    layer = QgsRasterLayer(str(path), "turned")
    center = layer.extent().center()
    place = scope.rectangle(QgsRectangle(center.x() - 9, center.y() - 9, center.x() + 9, center.y() + 9), layer.crs(), layer)
    assert inside(place.outline, center.x(), center.y())
    assert place.extent(layer).width() == pytest.approx(18)
