"""Rasters of every kind, loaded by QGIS and asked about with the real backend: the ROIs must be where QGIS shows the pixels."""

import io

import numpy as np
import pytest
from osgeo import gdal
from PIL import Image
from qgis.core import (
    QgsColorRampShader,
    QgsContrastEnhancement,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsGeometry,
    QgsHillshadeRenderer,
    QgsHueSaturationFilter,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsPalettedRasterRenderer,
    QgsPointXY,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterContourRenderer,
    QgsRasterDataProvider,
    QgsRasterLayer,
    QgsRasterRange,
    QgsRasterShader,
    QgsRasterTransparency,
    QgsRectangle,
    QgsSingleBandGrayRenderer,
    QgsSingleBandPseudoColorRenderer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor, QImage
from rasters import make, pixels_of

from zoomearth.core.requests import Load
from zoomearth.plugin.exchanges.exchange import Status
from zoomearth.plugin.layers.raster_layers import raw_words, read_by_gdal, reproduced, scene_source, wkt
from zoomearth.plugin.processing.asker import Asker
from zoomearth.plugin.processing.questions import Raster, Row

BOX = '[{"bbox_2d": [150, 100, 250, 180], "label": "a place"}]'
ANSWER = "<answer>3</answer>"
RASTERS = {
    "landsat8_tilted_footprint_uint16.tif": "north",
    "umbra_mount_yasur_part_rotated.tif": "rotated",
    "DJI_0018_raw_frame.jpg": "nowhere",
    "LC81070352015122LGN00_B4.tif": "north",
    "LC81070352015122LGN00_B432_uint16.tif": "north",
    "bmng_5400x2700.jpg": "nowhere",
    "brighton_beach_orthomosaic_rot.tif": "rotated",
    "deepness_dummy_fotomap_small.tif": "north",
    "naip_m_4709963_se_14_1_20190904.tif": "north",
    "rio_tiler_cog_gcps.tif": "gcps",
    "sentinel2-nz2022-3-63-177.jpg": "nowhere",
    "umbra_mount_yasur.tiff": "rotated",
}


@pytest.fixture
def loaded(real_raster, tmp_path, qgis_new_project):
    """A layer of a real raster; GDAL's side files go elsewhere. In a project of another CRS."""

    def load(name):
        path = tmp_path / name
        path.symlink_to(real_raster(name))
        layer = QgsRasterLayer(str(path), name)
        assert layer.isValid()
        QgsProject.instance().setCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
        QgsProject.instance().addMapLayer(layer)
        return layer

    return load


@pytest.fixture
def ask(python):
    """ask(layer, ring=None): the exchange, with the pictures that the model saw."""

    def ask(layer, ring=None, resolution=None):
        load = Load(replies=(BOX, ANSWER))
        with Asker(python, load, QgsProcessingFeedback(False), resolution=resolution) as asker:
            exchange = asker.ask(Row(Raster.of(layer), "What is there?", ring and [ring]))
        assert exchange.status is Status.DONE, exchange.message
        return exchange

    return ask


def on_map(path, points):
    """Pixels to map units by GDAL alone: the geotransform, or the GCPs; y upwards where there is neither, as QGIS shows it."""
    data = gdal.Open(path)
    affine = data.GetGeoTransform(can_return_null=True)
    if affine:
        return [tuple(gdal.ApplyGeoTransform(affine, x, y)) for x, y in points]
    if data.GetGCPCount():
        transformer = gdal.Transformer(data, None, ["METHOD=GCP_POLYNOMIAL"])
        return [transformer.TransformPoint(0, x, y)[1][:2] for x, y in points]
    return [(x, -y) for x, y in points]


def corners(left, top, right, bottom):
    return [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]


@pytest.mark.parametrize("name", RASTERS)
def test_an_roi_lies_where_its_pixels_do(loaded, ask, name):
    layer = loaded(name)
    (roi,) = ask(layer).zooms
    data = gdal.Open(layer.source())
    pixel = np.hypot(*(np.subtract(*on_map(layer.source(), [(0, 0), (1, 1)])) / np.sqrt(2)))
    within = 4 if RASTERS[name] == "gcps" else 0.01  # pixels: many GCPs do not fit one plane exactly
    assert read_by_gdal(layer)
    assert (roi.polygon is None) == (RASTERS[name] == "nowhere")
    for corner, expected in zip(roi.corners, on_map(layer.source(), corners(*roi.roi))):
        assert np.hypot(*np.subtract(corner, expected)) < within * pixel
    assert 0 <= roi.window[0] <= roi.roi[0]
    assert roi.roi[3] <= roi.window[3] <= data.RasterYSize
    shape = QgsGeometry.fromPolygonXY([[QgsPointXY(*corner) for corner in roi.corners]])
    box = shape.boundingBox()
    rotated = abs(shape.area() / box.area() - 1) > 0.01
    assert rotated == (RASTERS[name] in ("rotated", "gcps"))
    assert QgsGeometry.fromRect(layer.extent()).contains(shape)


@pytest.mark.parametrize("name", [name for name, kind in RASTERS.items() if kind != "gcps"])
def test_qgis_shows_the_rois_own_pixels_there(loaded, ask, name):
    """Read back from QGIS's layer, which warps rotated rasters, at points inside the ROI."""
    layer = loaded(name)
    (roi,) = ask(layer).zooms
    left, top, right, bottom = roi.roi
    data = gdal.Open(layer.source())
    answered, same = [], []
    for x, y in np.random.default_rng(1).uniform((left, top), (right, bottom), (200, 2)):
        x, y = int(x) + 0.5, int(y) + 0.5
        across, down = (x - left) / (right - left), (y - top) / (bottom - top)
        (ax, ay), (bx, by), _, (dx, dy), _ = roi.corners
        point = QgsPointXY(ax + across * (bx - ax) + down * (dx - ax), ay + across * (by - ay) + down * (dy - ay))
        shown, known = layer.dataProvider().sample(point, 1)
        value = int(np.frombuffer(data.GetRasterBand(1).ReadRaster(int(x), int(y), 1, 1, buf_type=gdal.GDT_UInt16), np.uint16)[0])
        answered.append(known)
        same += [shown == value] if known else []
    assert np.mean(answered) > 0.9, "the layer has no pixels where the ROI lies"
    assert np.mean(same) > (0.6 if RASTERS[name] == "rotated" else 0.999)  # warping sometimes takes a neighbouring pixel


@pytest.mark.parametrize("name", [name for name, kind in RASTERS.items() if kind != "gcps"])
def test_an_outline_on_the_map_is_the_pixels_under_it(loaded, ask, name):
    layer = loaded(name)
    data = gdal.Open(layer.source())
    width, height = data.RasterXSize, data.RasterYSize
    wanted = [round(part) for part in (0.25 * width, 0.3 * height, 0.5 * width, 0.7 * height)]
    exchange = ask(layer, on_map(layer.source(), corners(*wanted)))
    assert exchange.views[0].window == pytest.approx(wanted, abs=1)


def test_the_layer_keeps_its_crs_in_a_project_of_another(loaded, ask):
    layer = loaded("umbra_mount_yasur.tiff")
    exchange = ask(layer)
    crs = QgsCoordinateReferenceSystem.fromWkt(exchange.crs)
    shape = QgsGeometry.fromPolygonXY([[QgsPointXY(*corner) for corner in exchange.zooms[0].corners]])
    there = QgsCoordinateTransform(crs, QgsProject.instance().crs(), QgsProject.instance())
    shape.transform(there)
    assert crs.authid() == "EPSG:32759"
    assert QgsProject.instance().crs() != crs
    assert QgsGeometry.fromRect(there.transformBoundingBox(layer.extent())).contains(shape)


def seen(exchange):
    return np.asarray(Image.open(io.BytesIO(exchange.views[0].picture)).convert("RGB")).astype(float)


def stretched(path, bands, limits, left, top, width, height):
    """Means of the bands of a window, as the limits make them 0..255."""
    data = pixels_of(gdal.Open(path), left, top, width, height).astype(float)
    return [np.clip((data[band - 1] - low) / (high - low), 0, 1).mean() * 255 for band, (low, high) in zip(bands, limits)]


def contrast(layer, low, high, kind="StretchToMinimumMaximum"):
    made = QgsContrastEnhancement(layer.dataProvider().dataType(1))
    made.setContrastEnhancementAlgorithm(getattr(QgsContrastEnhancement.ContrastEnhancementAlgorithm, kind))
    made.setMinimumValue(low)
    made.setMaximumValue(high)
    return made


WINDOW = (500, 500, 400, 300)


def test_the_model_sees_the_layers_own_bands_and_limits(loaded, ask):
    layer = loaded("LC81070352015122LGN00_B432_uint16.tif")
    renderer = layer.renderer()
    limits = [(7000, 12000), (6500, 9000), (8000, 20000)]
    renderer.setRedBand(3), renderer.setGreenBand(1), renderer.setBlueBand(2)
    for put, (low, high) in zip(
        (renderer.setRedContrastEnhancement, renderer.setGreenContrastEnhancement, renderer.setBlueContrastEnhancement), limits
    ):
        put(contrast(layer, low, high))
    left, top, width, height = WINDOW
    exchange = ask(layer, on_map(layer.source(), corners(left, top, left + width, top + height)))
    source = scene_source(layer)
    assert (source.bands, source.stretch) == ((3, 1, 2), tuple(limits))
    expected = stretched(layer.source(), [3, 1, 2], limits, *WINDOW)
    assert seen(exchange).mean(axis=(0, 1)) == pytest.approx(expected, abs=1.5)
    assert max(expected) - min(expected) > 10, "bands that can be told apart"


def test_the_limits_that_qgis_chose_when_it_loaded_the_layer_are_the_models(loaded):
    layer = loaded("LC81070352015122LGN00_B432_uint16.tif")
    source = scene_source(layer)
    red = layer.renderer().redContrastEnhancement()
    assert source.bands == (1, 2, 3)
    assert source.stretch[0] == (red.minimumValue(), red.maximumValue())


def test_one_band_in_grey_is_seen_by_its_limits(loaded, ask):
    layer = loaded("LC81070352015122LGN00_B4.tif")
    renderer = QgsSingleBandGrayRenderer(layer.dataProvider(), 1)
    renderer.setContrastEnhancement(contrast(layer, 7000, 15000))
    layer.setRenderer(renderer)
    left, top, width, height = WINDOW
    picture = seen(ask(layer, on_map(layer.source(), corners(left, top, left + width, top + height))))
    (expected,) = stretched(layer.source(), [1], [(7000, 15000)], *WINDOW)
    assert picture.mean(axis=(0, 1)) == pytest.approx([expected] * 3, abs=1.5)


@pytest.mark.parametrize("kind", ["NoEnhancement", "ClipToMinimumMaximum"])
def test_what_stretches_nothing_in_qgis_gives_no_limits(loaded, kind):
    layer = loaded("LC81070352015122LGN00_B4.tif")
    renderer = QgsSingleBandGrayRenderer(layer.dataProvider(), 1)
    renderer.setContrastEnhancement(contrast(layer, 7000, 15000, kind))
    layer.setRenderer(renderer)
    assert scene_source(layer).stretch is None
    assert scene_source(layer).bands == (1,)


def test_an_rgb_photo_is_seen_untouched(loaded, ask):
    layer = loaded("sentinel2-nz2022-3-63-177.jpg")
    left, top, width, height = WINDOW
    picture = seen(ask(layer, on_map(layer.source(), corners(left, top, left + width, top + height))))
    expected = stretched(layer.source(), [1, 2, 3], [(0, 255)] * 3, *WINDOW)
    assert picture.mean(axis=(0, 1)) == pytest.approx(expected, abs=1.5)


def test_a_file_in_qgis_memory_is_asked_through_a_snapshot(loaded, ask):
    source = loaded("naip_m_4709963_se_14_1_20190904.tif")
    gdal.GetDriverByName("GTiff").CreateCopy("/vsimem/naip.tif", gdal.Open(source.source()))
    try:
        layer = QgsRasterLayer("/vsimem/naip.tif", "memory")
        assert layer.isValid()
        assert not read_by_gdal(layer)
        check_snapshot(layer, source, ask)
    finally:
        del layer
        gdal.Unlink("/vsimem/naip.tif")


@pytest.mark.parametrize("login", [" authcfg='a1b2c3d'", "|credential:AWS_ACCESS_KEY_ID=a"])
def test_a_raster_behind_a_login_that_qgis_holds_is_asked_through_a_snapshot(login):
    assert not read_by_gdal(QgsRasterLayer("/vsicurl/http://127.0.0.1:9/a.tif" + login, "a", "gdal"))


TURNED_POLE = "PROJ:+proj=ob_tran +o_proj=longlat +o_lon_p=0 +o_lat_p=39.25 +lon_0=18 +R=6371229 +no_defs"


@pytest.mark.parametrize("code", ["EPSG:4979", TURNED_POLE])
def test_a_crs_with_heights_or_a_pole_of_its_own_is_kept(code):
    crs = QgsCoordinateReferenceSystem(code)
    assert crs.isValid()
    assert QgsCoordinateReferenceSystem.fromWkt(wkt(crs)) == crs


def test_a_virtual_raster_is_asked_through_a_snapshot(loaded, ask):
    source = loaded("naip_m_4709963_se_14_1_20190904.tif")
    virtual = QgsRasterDataProvider.VirtualRasterParameters()
    virtual.crs, virtual.extent = source.crs(), source.extent()
    virtual.width, virtual.height, virtual.formula = source.width(), source.height(), '"naip@1" + 1'
    virtual.rInputLayers = [_input("naip", source.source())]
    layer = QgsRasterLayer(QgsRasterDataProvider.encodeVirtualRasterProviderUri(virtual), "virtual", "virtualraster")
    assert layer.isValid()
    assert not read_by_gdal(layer)
    check_snapshot(layer, source, ask)


def _input(name, path):
    made = QgsRasterDataProvider.VirtualRasterInputLayers()
    made.name, made.uri, made.provider = name, path, "gdal"
    return made


def check_snapshot(layer, source, ask):
    """At the layer's own resolution, of a part of it: the ROI's place follows from its pixels in that part."""
    pixel, left, top = source.rasterUnitsPerPixelX(), source.extent().xMinimum(), source.extent().yMaximum()
    part = QgsRectangle(left + 100 * pixel, top - 500 * pixel, left + 600 * pixel, top - 50 * pixel)
    exchange = ask(layer, corners(part.xMinimum(), part.yMinimum(), part.xMaximum(), part.yMaximum()))
    (roi,) = exchange.zooms
    assert exchange.views[0].window == (0, 0, 500, 450)
    expected = [(part.xMinimum() + x * pixel, part.yMaximum() - y * pixel) for x, y in corners(*roi.roi)]
    assert list(roi.corners) == [pytest.approx(corner, abs=pixel / 50) for corner in expected]
    assert seen(exchange).std() > 5, "an empty picture"


SIDE = 112  # pixels of the raster, shown one to one: four times the 28 of a view's multiple


@pytest.fixture
def drawn(tmp_path, qgis_new_project):
    """drawn(kind): a layer of a raster of 112 x 112 px of that kind: grey (uint16), rgb, palette, or float."""
    ramp = np.add.outer(np.arange(SIDE) * 2.0, np.arange(SIDE) * 1.0)  # 0..333
    waves = 60 * np.sin(np.arange(SIDE) / 5.0)[None, :] * np.ones((SIDE, 1))

    def drawn(kind):
        path = tmp_path / f"{kind}.tif"
        if kind == "rgb":
            pixels = np.stack([ramp * 0.7, 255 - ramp * 0.7, 120 + waves]).astype(np.uint8)
            make(path, pixels, crs="EPSG:32633", interpretation=["Red", "Green", "Blue"])
        elif kind == "palette":
            pixels = (ramp // 84).astype(np.uint8)[None]
            make(path, pixels, crs="EPSG:32633", palette=[(200, 30, 30, 255), (30, 160, 30, 255), (30, 30, 200, 255), (250, 240, 40, 255)])
        elif kind == "nodata":
            make(path, ((ramp + waves) * 30 + 5000).astype(np.uint16)[None], crs="EPSG:32633", nodata=5000 + 30 * 100)
        else:
            make(path, ((ramp + waves) * 30 + 5000).astype({"grey": np.uint16, "float": np.float32}[kind])[None], crs="EPSG:32633")
        layer = QgsRasterLayer(str(path), kind)
        assert layer.isValid()
        QgsProject.instance().addMapLayer(layer)
        return layer

    return drawn


def on_canvas(layer, background="black"):
    """What QGIS draws of the layer at its own resolution: float [row, column, channel]."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setExtent(layer.extent())
    settings.setOutputSize(QSize(layer.width(), layer.height()))
    settings.setBackgroundColor(QColor(background))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(float)


def grey(layer, low=6000, high=14000, kind="StretchToMinimumMaximum", gradient="BlackToWhite"):
    renderer = QgsSingleBandGrayRenderer(layer.dataProvider(), 1)
    renderer.setContrastEnhancement(contrast(layer, low, high, kind))
    renderer.setGradient(getattr(QgsSingleBandGrayRenderer.Gradient, gradient))
    layer.setRenderer(renderer)


def pseudocolour(layer, kind="Interpolated", first="#2b83ba"):
    shader = QgsRasterShader(6000, 14000)
    function = QgsColorRampShader(6000, 14000)
    function.setColorRampType(getattr(QgsColorRampShader.Type, kind))
    item = QgsColorRampShader.ColorRampItem
    colours = ((6000, first), (9000, "#abdda4"), (12000, "#fdae61"), (16000, "#d7191c"))
    function.setColorRampItemList([item(value, QColor(name)) for value, name in colours])
    shader.setRasterShaderFunction(function)
    renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1, shader)
    renderer.setClassificationMin(6000)
    renderer.setClassificationMax(14000)
    layer.setRenderer(renderer)


def recoloured(layer):
    classes = layer.renderer().classes()
    classes[1].color = QColor("#ff00ff")
    layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, classes))


def without_a_class(layer):
    layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, layer.renderer().classes()[1:]))


def contours(layer):
    renderer = QgsRasterContourRenderer(layer.dataProvider())
    renderer.setContourInterval(1000)
    layer.setRenderer(renderer)


def hidden_value(layer):
    transparency, value = QgsRasterTransparency(), QgsRasterTransparency.TransparentSingleValuePixel()
    value.min, value.max, value.percentTransparent = 7000, 9000, 100
    transparency.setTransparentSingleValuePixelList([value])
    layer.renderer().setRasterTransparency(transparency)


def other_nodata(layer):
    layer.dataProvider().setUserNoDataValue(1, [QgsRasterRange(7000, 9000)])


def another_band_missing(layer):
    layer.renderer().setGreenBand(-1)


STYLED = {
    "pseudocolour": ("grey", pseudocolour),
    "a ramp that begins transparent": ("grey", lambda layer: pseudocolour(layer, first="#202bff00")),
    "discrete": ("grey", lambda layer: pseudocolour(layer, "Discrete")),
    "hillshade": ("float", lambda layer: layer.setRenderer(QgsHillshadeRenderer(layer.dataProvider(), 1, 315, 45))),
    "contours": ("float", contours),
    "classes of other colours": ("palette", recoloured),
    "a class left out": ("palette", without_a_class),
    "white to black": ("grey", lambda layer: grey(layer, gradient="WhiteToBlack")),
    "what is outside the limits is hidden": ("grey", lambda layer: grey(layer, kind="StretchAndClipToMinimumMaximum")),
    "brightness": ("rgb", lambda layer: layer.brightnessFilter().setBrightness(80)),
    "contrast": ("rgb", lambda layer: layer.brightnessFilter().setContrast(60)),
    "gamma": ("rgb", lambda layer: layer.brightnessFilter().setGamma(2.5)),
    "saturation": ("rgb", lambda layer: layer.hueSaturationFilter().setSaturation(-70)),
    "grey scale": (
        "rgb",
        lambda layer: layer.hueSaturationFilter().setGrayscaleMode(QgsHueSaturationFilter.GrayscaleMode.GrayscaleLuminosity),
    ),
    "colorize": ("rgb", lambda layer: layer.hueSaturationFilter().setColorizeOn(True)),
    "invert": ("rgb", lambda layer: layer.hueSaturationFilter().setInvertColors(True)),
    "a channel without a band": ("rgb", another_band_missing),
    "values made transparent": ("grey", hidden_value),
    "additional nodata": ("grey", other_nodata),
    "nodata shown": ("nodata", lambda layer: layer.dataProvider().setUseSourceNoDataValue(1, False)),
    "nodata in a colour": ("nodata", lambda layer: layer.renderer().setNodataColor(QColor("#ff0000"))),
}
KNOWN = {
    "grey, as loaded": ("grey", lambda layer: None),
    "grey, of other limits": ("grey", grey),
    "rgb, as loaded": ("rgb", lambda layer: None),
    "rgb in another order": ("rgb", lambda layer: (layer.renderer().setRedBand(3), layer.renderer().setBlueBand(1))),
    "a palette": ("palette", lambda layer: None),
    "floats": ("float", lambda layer: None),
    "nodata": ("nodata", lambda layer: None),
}


@pytest.mark.parametrize("name", [*STYLED, *KNOWN])
def test_the_model_sees_what_qgis_draws(drawn, ask, name):
    kind, style = {**STYLED, **KNOWN}[name]
    layer = drawn(kind)
    background = "black" if name in KNOWN else "white"  # the colour of pixels without a value in the file, or of the map
    plain = on_canvas(layer, background)
    style(layer)
    picture, canvas = seen(ask(layer)), on_canvas(layer, background)
    assert picture.shape == canvas.shape
    assert np.abs(picture - canvas).max() <= 2
    assert reproduced(layer) == (name in KNOWN)
    if name in STYLED:
        assert np.abs(plain - canvas).max() > 20, "a style that can be told from none"


def test_opacity_is_about_the_layers_beneath(drawn, ask):
    layer = drawn("grey")
    pseudocolour(layer)
    expected = on_canvas(layer)
    layer.setOpacity(0.3)
    assert np.abs(seen(ask(layer)) - expected).max() <= 2
    layer = drawn("rgb")
    layer.setOpacity(0.3)
    assert reproduced(layer)


@pytest.mark.parametrize(
    ("kind", "style", "words"),
    [
        ("grey", pseudocolour, "seen as grey, band 1, 6000 to 14000; the colours of the layer style are not used"),
        ("float", STYLED["hillshade"][1], "seen as grey, band 1; the colours of the layer style are not used"),
        ("palette", recoloured, "seen in the colours of the file, band 1; the colours of the layer style are not used"),
        ("rgb", STYLED["invert"][1], "seen as bands 1, 2, 3; the colours of the layer style are not used"),
        ("rgb", lambda layer: None, ""),
    ],
)
def test_the_words_for_raw_values_say_what_is_seen_instead(drawn, kind, style, words):
    layer = drawn(kind)
    style(layer)
    assert raw_words(layer) == words
