"""Tools that a model calls while it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import Cancelled, ModelError, SceneError, as_ours
from ..core.look import Observation
from ..core.region import Region
from ..core.tool_calls import Offer, ToolCall, ToolUse
from ..core.tools import CALLED, MASK, MASK_FILE, RASTER, REFERENCE, SURVEY, Made, Tool, UseTool, tool_named
from .engines import Engine
from .scene.scene import Scene
from .tools.job import MOST_PIXELS
from .tools.pictures import with_results
from .tools.run import use

SUFFIXES = {MASK: ".gpkg", RASTER: ".tif"}


@dataclass(frozen=True)
class Toolbox:
    """The tools of one question, for a driver: the work, and the picture of what was made."""

    offer: Offer
    picture = staticmethod(with_results)

    def use(
        self,
        scene: Scene,
        observation: Observation,
        question: str,
        on_progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
        engine: Engine | None = None,
    ) -> ToolUse:
        """What comes of the call of an observation; its file gets a new name in the offer's folder. Whatever goes wrong is said in words.

        engine: of the model, for a survey. Raises Cancelled, and no file is left then.
        """
        call, view, box = observation.call, observation.view, observation.roi
        if not (call and view and box):
            raise ValueError("the observation has no call of a tool")
        tool = tool_named(call.tool, CALLED)
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
                if tool.name == SURVEY:
                    made = [self._survey(engine, scene, region, call, path, on_progress, cancelled)]
                else:
                    made = use(scene, [(region, request)], str(path), on_progress, cancelled)
        except Cancelled:
            raise
        except Exception as error:  # the model may still answer
            failure = as_ours(error)
            return ToolUse(call, why=f"{failure.message} {failure.hint}".strip())
        return ToolUse(call, made[0])

    def _survey(
        self,
        engine: Engine | None,
        scene: Scene,
        region: Region,
        call: ToolCall,
        path: Path,
        on_progress: Callable[[str, int, int], None],
        cancelled: Callable[[], bool],
    ) -> Made:
        from .surveys.called import survey

        if engine is None:
            raise ModelError("A survey asks the model about many views, and there is none to ask here.")
        size = CALLED[SURVEY].arguments(call.arguments)["size"]
        return survey(engine, scene, region, call.label, size, self.offer.budget, path, on_progress, cancelled)


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
