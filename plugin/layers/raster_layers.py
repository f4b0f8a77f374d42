"""Raster layers as sources for the backend: which layers it can read itself, and with which bands and contrast limits."""

from __future__ import annotations

import math
from typing import Any, Optional, Tuple

from qgis.core import (
    Qgis,
    QgsContrastEnhancement,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsHueSaturationFilter,
    QgsMapLayerStyle,
    QgsMultiBandColorRenderer,
    QgsPalettedRasterRenderer,
    QgsProject,
    QgsRaster,
    QgsRasterLayer,
    QgsRectangle,
    QgsSingleBandGrayRenderer,
    QgsSingleBandPseudoColorRenderer,
)

from ...core.address import titled
from ...core.roi_table import stored
from ...core.source import Compare, SceneSource
from ..i18n import tr

_Algorithm = QgsContrastEnhancement.ContrastEnhancementAlgorithm
_STRETCHES = (_Algorithm.StretchToMinimumMaximum, _Algorithm.StretchAndClipToMinimumMaximum)

Limits = Tuple[float, float]

QGIS_ALONE = ("/vsimem/", "authcfg=", "|credential:")  # sources that only QGIS can read: its memory, its stored logins


def read_by_gdal(layer: QgsRasterLayer) -> bool:
    """Whether the backend can read the layer's file or URL itself; other layers need a snapshot."""
    return layer.providerType() == "gdal" and not any(mark in layer.source() for mark in QGIS_ALONE)


def other_rasters(layer: QgsRasterLayer, place: Optional[QgsRectangle] = None) -> list[QgsRasterLayer]:
    """The raster layers of the project that show another file, which the backend can read. place: only those that touch it, in the CRS of
    `layer`."""
    rasters = (other for other in QgsProject.instance().mapLayers().values() if isinstance(other, QgsRasterLayer))
    others = [other for other in rasters if other.isValid() and read_by_gdal(other) and other.source() != layer.source()]
    return others if place is None else [other for other in others if _extent_in(other, layer.crs()).intersects(place)]


def live_paths() -> dict[str, str]:
    """The paths of the project's rasters with their keys, by the paths without keys that are stored."""
    rasters = (layer for layer in QgsProject.instance().mapLayers().values() if isinstance(layer, QgsRasterLayer))
    sources = (scene_source(layer) for layer in rasters if layer.isValid() and read_by_gdal(layer))
    return {stored(source).path: source.path for source in sources}


def _extent_in(layer: QgsRasterLayer, crs: QgsCoordinateReferenceSystem) -> QgsRectangle:
    """The layer's extent in another CRS; empty where it has none there."""
    try:
        return QgsCoordinateTransform(layer.crs(), crs, QgsProject.instance()).transformBoundingBox(layer.extent())
    except QgsCsException:
        return QgsRectangle()


def reproduced(layer: QgsRasterLayer) -> bool:
    """Whether the backend, given `scene_source`, shows the layer's file in the colours that QGIS shows.

    Opacity and blending are ignored, because they depend on the layers below; resampling too, because it has no effect at native
    resolution.
    """
    if not layer.isValid():
        return True  # an invalid layer has no style; the backend reports what is wrong with its file
    return _unfiltered(layer) and _shows_all_values(layer) and _reproducible_colours(layer)


def needs_snapshot(layer: QgsRasterLayer, raw: bool = False) -> bool:
    """Whether QGIS must draw the layer for the model. raw: the model is shown the values of the file, not the layer's style."""
    return not read_by_gdal(layer) or not (raw or reproduced(layer))


def raw_words(layer: QgsRasterLayer) -> str:
    """What the model sees of a layer without its style; "" where the backend reproduces the style."""
    if reproduced(layer):
        return ""
    bands, limits = _shown(layer)
    if len(bands) != 1:
        words = tr("seen as bands {bands}").format(bands=", ".join(map(str, bands))) if bands else tr("seen in the bands of the file")
    elif limits[0]:
        words = tr("seen as grey, band {band}, {low} to {high}").format(band=bands[0], low=f"{limits[0][0]:g}", high=f"{limits[0][1]:g}")
    elif layer.dataProvider().colorTable(bands[0]):
        words = tr("seen in the colours of the file, band {band}").format(band=bands[0])
    else:
        words = tr("seen as grey, band {band}").format(band=bands[0])
    return tr("{shown}; the colours of the layer style are not used").format(shown=words)


def scene_source(layer: QgsRasterLayer) -> SceneSource:
    """The layer's raster, with its own band choice and contrast limits. Raises ValueError for a layer without a source."""
    bands, limits = _shown(layer)
    stretch = tuple(pair for pair in limits if pair)
    path = layer.source().split("|")[0]  # QGIS's own options follow the "|"
    return SceneSource(path, tuple(bands) or None, stretch if stretch and len(stretch) == len(limits) else None)


def compared(layer: QgsRasterLayer, second: QgsRasterLayer) -> Compare:
    """A second layer to compare the first one with; the model sees the bands of its file. Raises ValueError where that can't be."""
    if second.source() == layer.source():
        raise ValueError(tr("{layer} can't be compared with itself. Choose another layer.").format(layer=layer.name()))
    if not read_by_gdal(second):
        message = tr("The layer {layer} is no file, and can't be compared with. Save it as a GeoTIFF first (Export > Save As).")
        raise ValueError(message.format(layer=second.name()))
    titles = (titled(each.name(), each.source()) for each in (layer, second))
    return Compare(scene_source(second), (next(titles), next(titles)))


def tool_source(layer: QgsRasterLayer) -> SceneSource:
    """The layer's raster for a tool, which works on the pixels of the file. Raises ValueError where only QGIS can read the layer."""
    if not read_by_gdal(layer):
        message = tr("Tools work on files, and QGIS alone can read the layer {layer}. Save it as a GeoTIFF first (Export > Save As).")
        raise ValueError(message.format(layer=layer.name()))
    return scene_source(layer)


def style_of(layer: QgsRasterLayer) -> str:
    """The layer's style as text, to compare styles."""
    style = QgsMapLayerStyle()
    style.readFromLayer(layer)
    return str(style.xmlData())


def wkt(crs: QgsCoordinateReferenceSystem) -> str:
    """The CRS as WKT 2: QGIS's default, WKT 1, is empty for a CRS with heights or with a rotated pole."""
    return str(crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED))


def _shown(layer: QgsRasterLayer) -> tuple[list[int], list[Optional[Limits]]]:
    renderer = layer.renderer()
    limits: list[Optional[Limits]]
    if isinstance(renderer, QgsMultiBandColorRenderer):
        bands = [renderer.redBand(), renderer.greenBand(), renderer.blueBand()]
        contrasts = [renderer.redContrastEnhancement(), renderer.greenContrastEnhancement(), renderer.blueContrastEnhancement()]
        limits = [_limits(contrast) for contrast in contrasts]
    elif isinstance(renderer, QgsSingleBandGrayRenderer):
        bands, limits = [renderer.grayBand()], [_limits(renderer.contrastEnhancement())]
    elif isinstance(renderer, QgsSingleBandPseudoColorRenderer):
        bands, limits = [renderer.band()], [_ordered(renderer.classificationMin(), renderer.classificationMax())]
    else:  # of classes, a hillshade or contours: the band that they are made of
        bands, limits = renderer.usesBands()[:1] if renderer else [], [None]
    if not bands or not all(0 < band <= layer.bandCount() for band in bands):
        return [], []
    return bands, limits


def _limits(contrast: Optional[QgsContrastEnhancement]) -> Optional[Limits]:
    if contrast is None or contrast.contrastEnhancementAlgorithm() not in _STRETCHES:
        return None
    return _ordered(contrast.minimumValue(), contrast.maximumValue())


def _ordered(low: float, high: float) -> Optional[Limits]:
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low < high else None


def _unfiltered(layer: QgsRasterLayer) -> bool:
    """Whether no filter changes the renderer's colours."""
    light, hue = layer.brightnessFilter(), layer.hueSaturationFilter()
    even = light is None or (light.brightness(), light.contrast(), light.gamma()) == (0, 0, 1)
    grey = hue is not None and hue.grayscaleMode() != QgsHueSaturationFilter.GrayscaleMode.GrayscaleOff
    return even and (hue is None or not (grey or hue.saturation() or hue.colorizeOn() or hue.invertColors()))


def _shows_all_values(layer: QgsRasterLayer) -> bool:
    """Whether QGIS hides exactly the pixels that the file marks as nodata or transparent."""
    renderer, provider = layer.renderer(), layer.dataProvider()
    bands = range(1, layer.bandCount() + 1)
    interpretation = getattr(Qgis, "RasterColorInterpretation", None) or QgsRaster.ColorInterpretation
    alpha = next((band for band in bands if provider.colorInterpretation(band) == interpretation.AlphaBand), 0)
    return (
        (renderer.rasterTransparency() is None or renderer.rasterTransparency().isEmpty())
        and not renderer.nodataColor().isValid()
        and max(renderer.alphaBand(), 0) == alpha
        and not any(provider.userNoDataValues(band) for band in bands)
        and all(provider.useSourceNoDataValue(band) for band in bands if provider.sourceHasNoDataValue(band))
    )


def _reproducible_colours(layer: QgsRasterLayer) -> bool:
    renderer, provider = layer.renderer(), layer.dataProvider()
    bands, limits = _shown(layer)
    if isinstance(renderer, QgsPalettedRasterRenderer):
        colours = {item.value: item.color.rgba() for item in provider.colorTable(renderer.band())}
        return bool(colours) and colours == {each.value: each.color.rgba() for each in renderer.classes()}
    if isinstance(renderer, QgsMultiBandColorRenderer):
        contrasts = [renderer.redContrastEnhancement(), renderer.greenContrastEnhancement(), renderer.blueContrastEnhancement()]
    elif isinstance(renderer, QgsSingleBandGrayRenderer) and renderer.gradient() == renderer.Gradient.BlackToWhite:
        contrasts = [renderer.contrastEnhancement()]
    else:
        return False
    return bool(bands) and any(limits) == all(limits) and _reproducible_contrasts(layer, bands, contrasts)


def _reproducible_contrasts(layer: QgsRasterLayer, bands: list[int], contrasts: list[Optional[QgsContrastEnhancement]]) -> bool:
    """Whether every band has a linear stretch, or all are bytes without a stretch."""
    kinds = {_algorithm(contrast) for contrast in contrasts}
    if kinds == {_Algorithm.NoEnhancement}:
        provider = layer.dataProvider()
        byte = Qgis.DataType.Byte
        return all(provider.dataType(band) == byte and not provider.colorTable(band) for band in bands)
    return kinds == {_Algorithm.StretchToMinimumMaximum}


def _algorithm(contrast: Optional[QgsContrastEnhancement]) -> Any:
    return _Algorithm.NoEnhancement if contrast is None else contrast.contrastEnhancementAlgorithm()
