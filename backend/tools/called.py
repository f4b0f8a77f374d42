"""Tools that a model calls while it answers: the work, and the picture of what was made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from ...core.errors import Cancelled, SceneError, as_ours
from ...core.geometry import PIXELS, Box, Rings, Size, View
from ...core.look import Observation
from ...core.region import Region
from ...core.tool_calls import Offer, ToolUse
from ...core.tools import MASK, MASK_FILE, RASTER, REFERENCE, Made, Tool, UseTool, tool_named
from ..scene import polygons
from ..scene.mask import inside, masked
from ..scene.scene import Scene
from .job import MOST_PIXELS
from .run import use

PINK = (255, 0, 160)  # of a mask; rare in what is seen from above
TINT = 0.35  # of the colour over what the mask covers; its rim has the whole colour
SUFFIXES = {MASK: ".gpkg", RASTER: ".tif"}


@dataclass(frozen=True)
class Toolbox:
    """The tools of one question."""

    offer: Offer

    def use(
        self,
        scene: Scene,
        observation: Observation,
        question: str,
        on_progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> ToolUse:
        """What comes of the call of an observation; its file gets a new name in the offer's folder. Whatever goes wrong is said in words.

        Raises Cancelled, and no file is left then.
        """
        call, view, box = observation.call, observation.view, observation.roi
        assert call
        assert view
        assert box
        tool = tool_named(call.tool)
        references = self.offer.references if REFERENCE in tool.uses else ()
        mask = self.offer.mask if MASK_FILE in tool.uses else None
        request = UseTool(tool.name, call.label, dict(call.arguments), references, mask, question)
        region = Region(box, view.rings)
        if tool.gives == RASTER and (pixels := region.window.area) > MOST_PIXELS:
            return ToolUse(
                call, why=f"The box has {pixels / 1e6:,.0f} million pixels, and may have {MOST_PIXELS // 10**6}: give a smaller one."
            )
        try:
            with _new_file(Path(self.offer.folder), tool) as path:
                made = use(scene, [(region, request)], str(path), on_progress, cancelled)
        except Cancelled:
            raise
        except Exception as error:  # the model may still answer
            failure = as_ours(error)
            return ToolUse(call, why=f"{failure.message} {failure.hint}".strip())
        return ToolUse(call, made[0])

    @staticmethod
    def picture(scene: Scene, view: View, made: Made) -> Image.Image:
        """The view with what a tool has made: a mask is drawn over it, new pixels take the place of the raster's. Raises SceneError."""
        picture = scene.part(view)
        if made.kind == MASK:
            grid = scene.grid or PIXELS
            rings = tuple(tuple(grid.to_pixel(x, y) for x, y in ring) for ring in polygons.read(made.out, scene, grid))
            return _with_mask(picture, view, rings)
        if made.kind == RASTER and made.box:
            _lay_over(picture, view, scene, made.out, Box(*made.box).rounded_out())
        return masked(picture, view)


def _with_mask(picture: Image.Image, view: View, rings: Rings) -> Image.Image:
    cover = np.zeros((view.size.height, view.size.width), np.uint8)
    for piece, (x, y) in view.pieces():
        cover[y : y + piece.size.height, x : x + piece.size.width] = inside(View(piece.window, piece.size, rings))
    core = cv2.erode(cover, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    share = np.where(cover > core, 1.0, TINT * cover)[..., None]
    return Image.fromarray(np.rint(np.asarray(picture) * (1 - share) + np.array(PINK) * share).astype(np.uint8))


def _lay_over(picture: Image.Image, view: View, scene: Scene, path: str, box: Box) -> None:
    """Pastes the raster of a box over the picture, in whole pixels of the picture."""
    with scene.patch(path) as patch:
        for piece, (x, y) in view.pieces():
            part = box.intersect(piece.window)
            if part.area:
                left, top, right, bottom = (round(side) for side in piece.from_source(part))
                size = Size(max(right - left, 1), max(bottom - top, 1))
                window = Box(part.left - box.left, part.top - box.top, part.right - box.left, part.bottom - box.top)
                picture.paste(patch.part(View(window, size)), (x + left, y + top))


@contextmanager
def _new_file(folder: Path, tool: Tool) -> Iterator[Path]:
    """The name of a file that there was not, kept free for the tool; nothing is left of it where the tool fails. Raises SceneError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            path = folder / f"{tool.name}-{number}{SUFFIXES[tool.gives]}"
            try:
                path.open("xb").close()
                break
            except FileExistsError:
                number += 1
    except OSError as error:
        raise SceneError(f"No file can be made in {folder}: {error.strerror}.", "Choose another folder for what tools make.") from error
    try:
        yield path
    except BaseException:
        path.unlink(missing_ok=True)
        raise
