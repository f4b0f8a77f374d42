"""Candidate questions from a model: for each box a request with the whole view, the crop and the enlarged box; and the two checks that
need a model, whether a question can be answered without the picture, and whether a second look gives the same answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ...core.errors import ZoomEarthError
from ...core.events import ProposeResult
from ...core.labels import proposal
from ...core.labels.balance import categories_of
from ...core.labels.file import LabelFile
from ...core.labels.flags import Place
from ...core.labels.lrs_gro import area
from ...core.labels.rows import CANDIDATE, REJECTED, LabelBox, LabelImage, Proposal, Question, new_id, now
from ...core.look import Policy, Zoom
from ...core.requests import Propose
from ...core.settings import Settings
from ...core.source import SceneSource
from .. import answer, batch
from ..batch import Finished
from ..engines import Engine, never
from ..scene.scene import Scene

ASKED = 3  # categories that a request names


@dataclass(frozen=True)
class Target:
    """What questions are wanted for: a box, or the whole image (None)."""

    image: LabelImage
    box: LabelBox | None
    categories: tuple[str, ...] = ()
    count: int = 0

    @property
    def source(self) -> SceneSource:
        return self.image.source

    @property
    def level(self) -> str:
        return self.box.level if self.box else "global"

    @property
    def box_id(self) -> str:
        return self.box.id if self.box else ""


@dataclass(frozen=True)
class Check:
    """A candidate that a model answers again. blind: without the picture."""

    image: LabelImage
    box: LabelBox | None
    question: Question
    blind: bool

    @property
    def source(self) -> SceneSource:
        return self.image.source


def targets(labels: LabelFile, whole: bool) -> list[Target]:
    """All boxes; whole: and all images."""
    images = {image.id: image for image in labels.images()}
    boxes = [Target(images[box.image], box) for box in labels.boxes()]
    return boxes + ([Target(image, None) for image in images.values()] if whole else [])


def pending(labels: LabelFile, wanted: Iterable[Target], model: str) -> list[Target]:
    """Those for which this model was not asked with this prompt, or did not reply."""
    done = {
        (each.image, each.box) for each in labels.proposals() if (each.model, each.prompt) == (model, proposal.VERSION) and not each.error
    }
    return [target for target in wanted if (target.image.id, target.box_id) not in done]


def propose(
    engine: Engine,
    labels: LabelFile,
    wanted: Sequence[Target],
    count: int,
    server: str,
    at_once: int,
    concurrent: bool,
    cancelled: Callable[[], bool] = never,
) -> Iterator[tuple[Target, int, ZoomEarthError | None]]:
    """Asks for `count` questions for each target, and writes those of a reply in one action. Yields each target with the number of its
    candidates that were added, and its error. What fails costs its own target only."""
    rows = list(_filled(labels, wanted, count))
    sound = []
    for target in rows:
        try:
            labels.check_image(target.image)
            sound.append(target)
        except ZoomEarthError as error:
            yield target, 0, error
    for finished in batch.run(engine, sound, _request, at_once, concurrent, cancelled):
        target, reply = finished.row, reply_of(finished)
        proposed = proposal.parse(reply, target.categories)[: target.count]
        made = Proposal(
            new_id(),
            target.image.id,
            target.box_id,
            engine.profile.name,
            server,
            proposal.VERSION,
            reply,
            len(proposed),
            now(),
            finished.error.message if finished.error else "",
        )
        if finished.error:
            labels.add(made, what="propose")
            yield target, 0, finished.error
            continue
        questions = [_candidate(target, each, made) for each in proposed]
        yield target, len(labels.regenerate(target.image.id, target.box_id, questions, made)), None


def hosts(settings: Settings) -> str:
    """The hosts and ports of the servers; never a login or a key."""
    names = []
    for address in settings.addresses:
        try:
            parts = urlsplit(address)
            names.append(f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}")
        except ValueError:  # an invalid port
            names.append("")
    return " ".join(names)


def carry_out(
    engine: Engine,
    job: Propose,
    server: str,
    concurrent: bool,
    on_step: Callable[[int, int, int], object],
    on_check: Callable[[int], object],
    cancelled: Callable[[], bool],
) -> ProposeResult:
    """A request of the backend process. on_step: called with the places done, all places, and the candidates; on_check: with the answers of
    checks. Raises DataError where the file has no such place."""
    tally, errors = Counter[str](), Counter[str]()
    with LabelFile.open(Path(job.labels)) as labels:
        if job.image:
            wanted = [Target(labels.get(LabelImage, job.image), labels.get(LabelBox, job.box) if job.box else None)]
        else:
            wanted = pending(labels, targets(labels, whole=False), engine.profile.name)
        on_step(0, len(wanted), 0)
        for _, added, error in propose(engine, labels, wanted, job.count, server, job.at_once, concurrent, cancelled):
            tally.update({"failed": 1} if error else {"places": 1, "candidates": added})
            errors.update([f"{error.message} {error.hint}".strip()] if error else [])
            on_step(tally["places"] + tally["failed"], len(wanted), tally["candidates"])
        if job.check and not cancelled():
            for done, (_, error) in enumerate(check(engine, labels, job.at_once, concurrent, cancelled), 1):
                errors.update([f"{error.message} {error.hint}".strip()] if error else [])
                on_check(done)
    why = next((message for message, _ in errors.most_common(1)), "")
    return ProposeResult(tally["places"], tally["candidates"], tally["failed"], why)


def check(
    engine: Engine, labels: LabelFile, at_once: int, concurrent: bool, cancelled: Callable[[], bool] = never
) -> Iterator[tuple[Question, ZoomEarthError | None]]:
    """Asks each candidate once without the picture and once more with it, and stores what the model answers."""
    boxes, images = {box.id: box for box in labels.boxes()}, {image.id: image for image in labels.images()}
    rows = [
        Check(images[question.image], boxes.get(question.box), question, blind)
        for question in labels.questions(verdict=CANDIDATE)
        for blind, given in ((True, question.blind), (False, question.second))
        if given is None
    ]
    for finished in batch.run(engine, rows, _again, at_once, concurrent, cancelled):
        row = finished.row
        text = finished.answered.outcome.answer or "" if finished.answered else None
        if text is not None:
            latest = labels.get(Question, row.question.id)
            labels.change(replace(latest, blind=text) if row.blind else replace(latest, second=text), what="check")
        yield row.question, finished.error


def _filled(labels: LabelFile, wanted: Iterable[Target], count: int) -> Iterator[Target]:
    """The targets with the categories that are least filled, counting what the targets before them will add."""
    counts = Counter((each.level, each.category) for each in labels.questions() if each.verdict != REJECTED)
    for target in wanted:
        names = categories_of(target.level)
        least = sorted(names, key=lambda name: (counts[target.level, name], names.index(name)))[: max(1, min(ASKED, count))]
        for at in range(count):
            counts[target.level, least[at % len(least)]] += 1
        yield replace(target, categories=tuple(least), count=count)


def _request(target: Target, scene: Scene, policy: Policy) -> answer.Question:
    box, where = None, ""
    if target.box:
        box, where = target.box.in_unit(None, scene.size), area(Place.of(target.box, target.image))
    text = proposal.prompt(target.count, target.level, target.box.label if target.box else "", where, target.categories)
    return answer.Question(scene, text, flow=proposal.showing(text, box), system=proposal.SYSTEM)


def _again(row: Check, scene: Scene, policy: Policy) -> answer.Question:
    if row.blind:
        return answer.Question(scene, row.question.question, blind=True)
    box = row.box.in_unit(None, scene.size) if row.box else None
    given = (Zoom(box, row.box.label if row.box else ""), "") if box else None
    return answer.Question(scene, row.question.question, given=given)


def reply_of(finished: Finished[Any]) -> str:
    """What the model wrote last; "" where it failed."""
    replies = finished.answered.replies if finished.answered else []
    return replies[-1].text if replies else ""


def _candidate(target: Target, proposed: proposal.Proposed, made: Proposal) -> Question:
    return Question(
        new_id(),
        target.image.id,
        proposed.question,
        proposed.answer,
        target.box_id,
        (target.box_id,) if target.box else (),
        level=target.level,
        category=proposed.category or target.categories[0],
        thoughts=("", proposed.thoughts) if target.box and proposed.thoughts else (proposed.thoughts,) if proposed.thoughts else (),
        created=now(),
        maker=made.model,
        proposal=made.id,
    )
