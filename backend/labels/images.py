"""What a label file stores of a raster: size, CRS, affine, ground sampling distance and checksum; and the colour of a box."""

from __future__ import annotations

import numpy as np

from ...core.errors import ZoomEarthError
from ...core.geometry import Box, Size, View
from ...core.labels.rows import LabelImage, checksum_of
from ...core.labels.split import Bounds
from ...core.labels.templates import SAMPLE
from ...core.roi_table import stored
from ...core.source import SceneSource
from ..scene.gdal import RasterError, transform
from ..scene.scene import Scene


def examined(source: SceneSource) -> LabelImage:
    """The image of a raster, which is opened. Raises SceneError."""
    with Scene.of(source) as scene:
        return image_of(scene)


def image_of(scene: Scene) -> LabelImage:
    """The image of an open scene."""
    source, grid = stored(scene.source), scene.grid
    try:
        checksum = checksum_of(source.path)
    except OSError:
        checksum = ""
    return LabelImage.of(
        source,
        width=scene.size.width,
        height=scene.size.height,
        crs=(scene.crs or "") if grid else "",
        wkt=grid.crs if grid else "",
        affine=grid.affine if grid else None,
        gsd=scene.gsd,
        checksum=checksum,
    )


def known(source: SceneSource) -> tuple[LabelImage, str]:
    """The image of a raster with "", or an image with its path alone and the reason why the raster can't be opened."""
    try:
        return examined(source), ""
    except ZoomEarthError as error:
        return LabelImage.of(source), error.message


def colour_of(scene: Scene, box: Box) -> tuple[float, float, float]:
    """The median red, green and blue of a box's pixels, from 0 to 255. Raises SceneError where they can't be read."""
    window = box.rounded_out().intersect(Box(0, 0, *scene.size))
    scale = min(1.0, SAMPLE / max(window.width, window.height))
    size = Size(max(1, round(window.width * scale)), max(1, round(window.height * scale)))
    pixels = np.asarray(scene.part(View(window, size)), dtype=float).reshape(-1, 3)
    red, green, blue = np.median(pixels, axis=0)
    return float(red), float(green), float(blue)


def bounds_of(image: LabelImage) -> Bounds | None:
    """West, south, east, north in degrees; None where its place is not known."""
    if not image.size or not image.grid or not image.grid.crs:
        return None
    width, height = image.size
    edge = np.linspace(0, 1, 21)
    sides = [(x * width, y * height) for at in edge for x, y in ((at, 0), (at, 1), (0, at), (1, at))]
    try:
        corners = transform(np.array([image.grid.to_map(x, y) for x, y in sides]), image.grid.crs, "EPSG:4326")
    except RasterError:
        return None
    if not np.isfinite(corners).all():
        return None
    (west, south), (east, north) = corners.min(0), corners.max(0)
    return float(west), float(south), float(east), float(north)
