"""Raster layers as the backend is told about them."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsContrastEnhancement, QgsMultiBandColorRenderer, QgsRasterLayer, QgsSingleBandGrayRenderer


def read_by_gdal(layer: QgsRasterLayer) -> bool:
    """Whether the backend can read the layer's file or URL itself; any other kind needs a snapshot first."""
    return layer.providerType() == "gdal"


def scene_fields(layer: QgsRasterLayer) -> dict[str, Any]:
    """`scene`, `bands` and `stretch` of the wire's ask: the layer's raster, with its own band choice and contrast limits."""
    fields: dict[str, Any] = {"scene": layer.source().split("|")[0]}  # behind the bar stand QGIS's own options
    bands, limits = _shown(layer)
    if bands:
        fields["bands"] = bands
    if limits and all(limits):
        fields["stretch"] = limits
    return fields


def _shown(layer: QgsRasterLayer) -> tuple[list[int], list[Optional[list[float]]]]:
    renderer = layer.renderer()
    if isinstance(renderer, QgsMultiBandColorRenderer):
        bands = [renderer.redBand(), renderer.greenBand(), renderer.blueBand()]
        contrasts = [renderer.redContrastEnhancement(), renderer.greenContrastEnhancement(), renderer.blueContrastEnhancement()]
    elif isinstance(renderer, QgsSingleBandGrayRenderer):
        bands, contrasts = [renderer.grayBand()], [renderer.contrastEnhancement()]
    else:
        return [], []
    if not all(0 < band <= layer.bandCount() for band in bands):
        return [], []
    return bands, [_limits(contrast) for contrast in contrasts]


def _limits(contrast: Optional[QgsContrastEnhancement]) -> Optional[list[float]]:
    none = QgsContrastEnhancement.ContrastEnhancementAlgorithm.NoEnhancement
    if contrast is None or contrast.contrastEnhancementAlgorithm() == none:
        return None
    low, high = contrast.minimumValue(), contrast.maximumValue()
    return [low, high] if low < high else None
