"""What is reported of an answer: the object of `--json` and of the wire, and words about how a question ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

from ..core.events import Call, RegionFacts, Result, SceneFacts, Usage
from ..core.geometry import Box
from ..core.look import Outcome, Stopped
from ..core.source import Seen
from .answer import Answered

if TYPE_CHECKING:
    from .scene.scene import Scene

ENDINGS = {
    Stopped.LIMIT: "no zooms were left, so this is a best guess",
    Stopped.UNREADABLE: "The model's reply made no sense. Ask in other words.",
    Stopped.ENDLESS: "the model's reply was too long and was cut off",
    Stopped.BAD_BOX: "the model asked for an invalid box",
    Stopped.CANCELLED: "cancelled",
}
MEANINGLESS = "Meaningless: the demo model knows only generated scenes. `zoomearth models` shows real models."


def ending(outcome: Outcome) -> str:
    """Why there is no answer, or why it is not reliable, for the user; `outcome.why` has the technical reason."""
    if outcome.stopped is Stopped.LIMIT and outcome.answer is None:
        return "no zooms were left, and the model asked for another one"
    return ENDINGS.get(outcome.stopped, "")


def report(answered: Answered, model: str, notes: Sequence[str] = ()) -> Result:
    """The object that `zoomearth ask --json` prints and the backend sends with `done`. notes: of the engine, see `notes_of`."""
    scene, outcome, region = answered.question.scene, answered.outcome, answered.question.region
    compared = answered.question.compared
    return Result(
        question=answered.question.text,
        answer=outcome.answer,
        confidence=None if answered.confidence is None else round(answered.confidence, 4),
        meaningless=answered.meaningless,
        stopped=outcome.stopped.value,
        why=outcome.why,
        model=model,
        dialect=answered.talk.dialect.described,
        notes=(*notes, *answered.notes),
        seconds=round(answered.seconds, 3),
        scene=_facts(scene),
        region=RegionFacts(_whole(region.window), region.outline or None) if region else None,
        overview=outcome.views[0].view.size if outcome.views else None,
        zooms=tuple(Seen.of(shown, scene.grid) for shown in outcome.zooms),
        usage=Usage(
            answered.bytes_read,
            sum(reply.tokens_in for reply in answered.replies),
            sum(reply.tokens_out for reply in answered.replies),
        ),
        value=answered.value,
        unreadable=answered.unreadable,
        tools=tuple(map(Call.of, outcome.uses)),
        compare=_facts(compared.second) if compared else None,
        names=compared.names if compared else (),
    )


def _facts(scene: Scene) -> SceneFacts:
    return SceneFacts(scene.name, *scene.size, scene.crs or None)


def _whole(box: Box) -> tuple[int, int, int, int]:
    left, top, right, bottom = (int(side) for side in box)
    return left, top, right, bottom
