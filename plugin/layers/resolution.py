"""The resolution of a snapshot of a layer, and how many pixels a snapshot has at it."""

from __future__ import annotations

import math
from typing import Sequence

from qgis.core import QgsCoordinateReferenceSystem, QgsRasterLayer, QgsRectangle, QgsUnitTypes

from ...core.errors import SceneError
from ..i18n import tr

LIMIT = 400_000_000  # pixels; 1.6 GB before it is compressed
LEAST = 256  # pixels of the longer side: a smaller picture shows too little for an answer
ENOUGH = 1024  # pixels of the longer side, if the layer has as many
SCREEN = 2048  # pixels: the assumed width of an area on a screen, where no resolution is given


def default_resolution(layer: QgsRasterLayer, canvas_mupp: float, places: Sequence[QgsRectangle] = ()) -> float:
    """Map units of the layer's CRS per pixel: the layer's own resolution; of a service, its zoom level for half the canvas's pixel size.

    canvas_mupp: map units of the layer's CRS per pixel of the canvas. places: extents in the layer's CRS; each gets at least ENOUGH pixels
    if the layer has as many, and at most LIMIT.
    """
    resolutions, parts = own_resolutions(layer), [place.intersect(layer.extent()) for place in places]
    sides = [max(part.width(), part.height()) for part in parts if not part.isEmpty()]
    pixel = preferred(resolutions, min([canvas_mupp, *(2 * side / ENOUGH for side in sides)]))
    return max([pixel, *(coarsened(resolutions, pixel, part) for part in parts)])


def size(layer: QgsRasterLayer, place: QgsRectangle, resolution: float) -> tuple[int, int]:
    """Columns and rows of a snapshot. Raises SceneError where the place lies outside the layer, or is too large for the resolution."""
    _, _, columns, rows = pixel_window(layer.name(), layer.extent(), place, resolution)
    return columns, rows


def unit(crs: QgsCoordinateReferenceSystem) -> str:
    """The abbreviated name of a CRS's map unit."""
    return QgsUnitTypes.toAbbreviatedString(crs.mapUnits()) or tr("map units")


def own_resolutions(layer: QgsRasterLayer) -> list[float]:
    """Map units per pixel: one value for a raster with a size, the zoom levels of a tiled service, nothing for other services."""
    if layer.width():
        return [min(layer.rasterUnitsPerPixelX(), layer.rasterUnitsPerPixelY())]
    return list(layer.dataProvider().nativeResolutions()) if layer.isValid() else []


def preferred(resolutions: list[float], canvas_mupp: float) -> float:
    """The coarsest resolution that is at least twice as fine as the canvas's, else the finest; any value where there are none."""
    wanted = canvas_mupp / 2
    return max((each for each in resolutions if each <= wanted * 1.001), default=min(resolutions)) if resolutions else wanted


def coarsened(resolutions: list[float], pixel: float, part: QgsRectangle) -> float:
    """The resolution, or a coarser one at which the part has at most LIMIT pixels: one of the layer's resolutions, if it has any."""
    enough = math.sqrt(max(0.0, part.width() * part.height()) / LIMIT) * 1.001
    if pixel >= enough:
        return pixel
    scale = 10.0 ** (math.floor(math.log10(enough)) - 2)
    return min((each for each in resolutions if each >= enough), default=math.ceil(enough / scale) * scale)


def pixel_window(name: str, whole: QgsRectangle, extent: QgsRectangle, pixel: float) -> tuple[int, int, int, int]:
    """Left, top, columns and rows of an extent in whole pixels, counted from the layer's upper left corner. Raises SceneError."""
    part = extent.intersect(whole)
    if part.width() <= 0 or part.height() <= 0:
        message = tr("The chosen place lies outside the layer {name}.").format(name=name)
        raise SceneError(message, tr("Choose a place that the layer covers, or check whether QGIS can draw the layer."))
    left, top = (part.xMinimum() - whole.xMinimum()) / pixel, (whole.yMaximum() - part.yMaximum()) / pixel
    right, bottom = (part.xMaximum() - whole.xMinimum()) / pixel, (whole.yMaximum() - part.yMinimum()) / pixel
    left, top, right, bottom = math.floor(left + 1e-6), math.floor(top + 1e-6), math.ceil(right - 1e-6), math.ceil(bottom - 1e-6)
    columns, rows = max(1, right - left), max(1, bottom - top)
    if columns * rows > LIMIT:
        raise _too_large(name, columns, rows, coarsened([], pixel, part))
    return left, top, columns, rows


def _too_large(name: str, columns: int, rows: int, fitting: float) -> SceneError:
    message = tr("The image of the layer '{name}' would have {columns} x {rows} pixels. The maximum is {limit} million pixels.")
    hint = tr("Choose a resolution of {fitting} map units per pixel or coarser, or a smaller area.")
    return SceneError(
        message.format(name=name, columns=columns, rows=rows, limit=LIMIT // 1_000_000),
        hint.format(fitting=f"{fitting:.10g}"),
    )
