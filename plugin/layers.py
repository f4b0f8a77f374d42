"""Raster layers as the backend is told about them."""

from __future__ import annotations

import math
from typing import Any, Optional

from qgis.core import (
    QgsContrastEnhancement,
    QgsCoordinateReferenceSystem,
    QgsMapLayerStyle,
    QgsMultiBandColorRenderer,
    QgsRasterLayer,
    QgsSingleBandGrayRenderer,
    QgsSingleBandPseudoColorRenderer,
)

_STRETCHES = (
    QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum,
    QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchAndClipToMinimumMaximum,
)

QGIS_ALONE = ("/vsimem/", "authcfg=", "|credential:")  # a file in this process's memory; a login that lies in QGIS


def read_by_gdal(layer: QgsRasterLayer) -> bool:
    """Whether the backend can read the layer's file or URL itself; any other kind needs a snapshot first."""
    return layer.providerType() == "gdal" and not any(mark in layer.source() for mark in QGIS_ALONE)


def scene_fields(layer: QgsRasterLayer) -> dict[str, Any]:
    """`scene`, `bands` and `stretch` of the wire's ask: the layer's raster, with its own band choice and contrast limits."""
    fields: dict[str, Any] = {"scene": layer.source().split("|")[0]}  # behind the bar stand QGIS's own options
    bands, limits = _shown(layer)
    if bands:
        fields["bands"] = bands
    if limits and all(limits):
        fields["stretch"] = limits
    return fields


def style_of(layer: QgsRasterLayer) -> str:
    """What changes with the way the layer is shown."""
    style = QgsMapLayerStyle()
    style.readFromLayer(layer)
    return str(style.xmlData())


def wkt(crs: QgsCoordinateReferenceSystem) -> str:
    """In full: the WKT that is QGIS's default can't express a CRS with heights, or one with a pole of its own, and would be empty."""
    return str(crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED))


def _shown(layer: QgsRasterLayer) -> tuple[list[int], list[Optional[list[float]]]]:
    renderer = layer.renderer()
    limits: list[Optional[list[float]]]
    if isinstance(renderer, QgsMultiBandColorRenderer):
        bands = [renderer.redBand(), renderer.greenBand(), renderer.blueBand()]
        contrasts = [renderer.redContrastEnhancement(), renderer.greenContrastEnhancement(), renderer.blueContrastEnhancement()]
        limits = [_limits(contrast) for contrast in contrasts]
    elif isinstance(renderer, QgsSingleBandGrayRenderer):
        bands, limits = [renderer.grayBand()], [_limits(renderer.contrastEnhancement())]
    elif isinstance(renderer, QgsSingleBandPseudoColorRenderer):  # the band as it is: colours of a ramp are none that a model was taught
        bands, limits = [renderer.band()], [_ordered(renderer.classificationMin(), renderer.classificationMax())]
    else:
        return [], []
    if not all(0 < band <= layer.bandCount() for band in bands):
        return [], []
    return bands, limits


def _limits(contrast: Optional[QgsContrastEnhancement]) -> Optional[list[float]]:
    if contrast is None or contrast.contrastEnhancementAlgorithm() not in _STRETCHES:
        return None
    return _ordered(contrast.minimumValue(), contrast.maximumValue())


def _ordered(low: float, high: float) -> Optional[list[float]]:
    return [low, high] if math.isfinite(low) and math.isfinite(high) and low < high else None
