"""Chains of thought from a model for accepted questions: it sees the whole view, the crop and the enlarged box, and is told the answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import ZoomEarthError
from ...core.events import ProposeResult
from ...core.labels import proposal, thoughts
from ...core.labels.file import LabelFile
from ...core.labels.rows import LabelBox, LabelImage, Proposal, Question, new_id, now
from ...core.look import Policy
from ...core.requests import Propose
from ...core.source import SceneSource
from .. import answer, batch
from ..engines import Engine, never
from ..scene.scene import Scene
from .propose import reply_of


@dataclass(frozen=True)
class Wanted:
    """A question that thoughts are wanted for. box: that is looked at before the answer, None for the whole image."""

    image: LabelImage
    box: LabelBox | None
    question: Question

    @property
    def source(self) -> SceneSource:
        return self.image.source


def wanted(labels: LabelFile, questions: Sequence[Question]) -> list[Wanted]:
    """Raises DataError where an image or a box is gone."""
    images = {image.id: image for image in labels.images()}
    return [Wanted(images[question.image], thoughts.box_of(labels, question), question) for question in questions]


def think(
    engine: Engine,
    labels: LabelFile,
    rows: Sequence[Wanted],
    server: str,
    at_once: int,
    concurrent: bool,
    cancelled: Callable[[], bool] = never,
) -> Iterator[tuple[Wanted, bool, ZoomEarthError | None]]:
    """Asks for the thoughts of each question, and writes those of a reply in one action. Yields each with whether it got them, and its
    error. What fails costs its own question only; what a person has written stays."""
    sound, images = [], {}
    for row in rows:
        try:
            if row.image.id not in images:
                labels.check_image(row.image)
                images[row.image.id] = row.image
            sound.append(row)
        except ZoomEarthError as error:
            yield row, False, error
    for finished in batch.run(engine, sound, _request, at_once, concurrent, cancelled):
        row, reply, failed = finished.row, reply_of(finished), finished.error
        made = thoughts.parse(reply, row.box is not None)
        facts = (engine.profile.name, server, thoughts.VERSION, reply, int(bool(made)), now(), failed.message if failed else "")
        said = Proposal(new_id(), row.image.id, row.box.id if row.box else "", *facts)
        there = bool(labels.ids(row.question.id))  # a person may have removed it while the model wrote
        yield row, there and thoughts.propose(labels, row.question.id, made, said), failed


def carry_out(
    engine: Engine, job: Propose, server: str, concurrent: bool, on_step: Callable[[int, int, int], object], cancelled: Callable[[], bool]
) -> ProposeResult:
    """A request of the backend process. on_step: called with the questions done, all questions, and how many got thoughts. Raises DataError
    where the file has no such question."""
    tally, errors = Counter[str](), Counter[str]()
    with LabelFile.open(Path(job.labels)) as labels:
        rows = wanted(labels, [labels.get(Question, job.question)] if job.question else thoughts.wanting(labels))
        on_step(0, len(rows), 0)
        for done, (_, got, error) in enumerate(think(engine, labels, rows, server, job.at_once, concurrent, cancelled), 1):
            tally.update({"failed": 1} if error else {"places": 1, "got": int(got)})
            errors.update([f"{error.message} {error.hint}".strip()] if error else [])
            on_step(done, len(rows), tally["got"])
    why = next((message for message, _ in errors.most_common(1)), "")
    return ProposeResult(tally["places"], tally["got"], tally["failed"], why)


def _request(row: Wanted, scene: Scene, policy: Policy) -> answer.Question:
    box = row.box.in_unit(None, scene.size) if row.box else None
    text = thoughts.prompt(row.question, row.box, row.image)
    return answer.Question(scene, text, flow=proposal.showing(text, box), system=thoughts.SYSTEM)
