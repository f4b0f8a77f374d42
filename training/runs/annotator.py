"""A scripted annotator of drawn scenes, and what proposes to it: the person and the large model of the published pipeline.

The annotator draws boxes, and decides by the scene's truth. The proposer writes questions in words that the demo model knows, because a
model of that size can't write any; the answers to them are those of a model that is shown the annotator's box.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...backend import answer
from ...backend.engines import Engine, Reply
from ...backend.labels.images import examined
from ...backend.scene.scene import Scene as Raster
from ...core.geometry import Box
from ...core.labels import review
from ...core.labels.examples import drawn as box_of
from ...core.labels.file import LabelFile
from ...core.labels.flags import flags_of_all
from ...core.labels.rows import ACCEPTED, CANDIDATE, REASONS, LabelBox
from ...core.labels.rows import Question as Row
from ...core.look import Zoom
from ...core.source import SceneSource
from ...core.talk import Talk
from ..scenes.questions import KINDS, PLACES, WORDINGS, Question, ask, refer
from ..scenes.render import WHOLE, to_pixels
from ..scenes.scene import SITES, Scene, Site
from ..scenes.teaching import crop_of
from ..tuning.sft import thought
from .shifted import POLICY

CATEGORIES = {
    "terrain": "Scene Type",
    "setting": "Urban-Rural",
    "sites": "Counting",
    "site": "Other visual features",
    "count": "Counting",
    "exists": "Region status",
    "color": "Object color / pattern",
    "shape": "Object shape / structure",
    "heading": "Object state / motion / activity",
}
"""Kinds of questions and their category in LRS-GRO; no two kinds of a level have the same."""
ASKED = re.compile(
    r"Write (?P<count>\d+) questions about (?:the|this) (?P<level>whole|region|object)(?: image)?(?: \((?P<label>.+?)\))?, each"
)
AMBIGUOUS, INVISIBLE, REPEATED = REASONS[1:4]
SIZE = 2048  # pixels a side of the scenes
OFF = 0.05  # how far a side of a drawn box may lie off the truth, as a share of the box's width


def draw_boxes(labels: LabelFile, scene: Scene, path: Path) -> str:
    """Draws the boxes that are missing: one for each site that a name tells from others, by turns as a region and as an object. Returns the
    id of the image."""
    rng = random.Random(f"boxes {scene.seed}")
    image, whole = examined(SceneSource(str(path))), Box(0, 0, SIZE, SIZE)
    there = {box.label for box in labels.boxes(image.id)}
    for at, site in enumerate(scene.sites):
        label, off = refer(scene, site, rng), OFF * (site.box[2] - site.box[0])
        sides = [(side + rng.uniform(-off, off)) * SIZE for side in site.box]
        if label and label not in there:
            box = Box(*sides).rounded_out().intersect(whole)
            review.drawn(labels, image, box_of(image, box, ("region", "object")[at % 2], label, annotator=labels.annotator))
    return image.id


class Proposer:
    """An engine for proposals about one raster: it reads the request, and replies with the JSON list that the prompt wants.

    model: answers the questions. given: the zooms to the boxes of the raster with the thought before each, by the boxes' labels.
    """

    device = "none"
    name = "proposer"

    def __init__(self, model: Engine, raster: Raster, given: Mapping[str, tuple[Zoom, str]], rng: random.Random) -> None:
        self.profile = replace(model.profile, name=self.name)
        self.model, self.raster, self.given, self.rng = model, raster, given, rng

    def reply(self, talks: Sequence[Talk], **how: Any) -> list[Reply]:
        wanted = [self._questions(" ".join(turn.text for turn in talk.turns)) for talk in talks]
        answered = iter(answer.answer_all(self.model, [question for each in wanted for _, question in each]))
        return [Reply(json.dumps([_candidate(kind, next(answered)) for kind, _ in each])) for each in wanted]

    def close(self) -> None:
        """Leaves the model to whoever has opened it."""

    def _questions(self, request: str) -> list[tuple[str, answer.Question]]:
        """The kinds and texts of the questions that a request is given, by chance."""
        match = ASKED.search(request)
        assert match, request
        label, kinds = match["label"] or "", KINDS["global" if match["level"] == "whole" else match["level"]]
        kinds = self.rng.sample(kinds, min(int(match["count"]), len(kinds)))
        return [(kind, answer.Question(self.raster, wording(kind, label, self.rng), given=self.given.get(label))) for kind in kinds]


def _candidate(kind: str, answered: answer.Answered) -> dict[str, str]:
    texts = {"question": answered.question.text, "answer": answered.outcome.answer or ""}
    return {**texts, "category": CATEGORIES[kind], "thoughts": thought(answered.replies[-1].text)}


def wording(kind: str, label: str, rng: random.Random) -> str:
    """A question of this kind about the site of this name, or ("") about the whole scene, that nobody has looked at."""
    name = label.split()[-1] if label else rng.choice(list(SITES))
    about, place = SITES[name], f"{PLACES.get(name, 'at')} the {label}"
    article = "an" if name[0] in "aeiou" else "a"
    return rng.choice(WORDINGS[kind]).format(kind=name, a=article, objects=about.objects, landmark=about.landmark, at=place)


def review_all(labels: LabelFile, scenes: Mapping[str, Scene]) -> None:
    """Decides about every candidate: accepts it, corrects its answer and the thought before it, or rejects it. scenes: by the ids of their
    images."""
    while (row := (shown := review.first(labels)).question) and row.verdict == CANDIDATE:
        scene, box = scenes[row.image], shown.box
        true = true_question(scene, row, box)
        if true is None:
            labels.reject(row.id, AMBIGUOUS if box and site_of(scene, box).points else INVISIBLE)
        elif row.answer == true.answer:
            labels.accept(row.id)
        else:
            seen = true.last_thought(to_pixels(crop_of(box.box, SIZE, POLICY) if box else WHOLE))
            labels.edit(row.id, answer=true.answer, thoughts=("", seen) if box else (seen,))


def accept_all(labels: LabelFile, scenes: Mapping[str, Scene]) -> None:
    """What somebody does who trusts the model."""
    for row in labels.questions(verdict=CANDIDATE):
        labels.accept(row.id)


def true_question(scene: Scene, row: Row, box: LabelBox | None) -> Question | None:
    """The question with its true answer; None where the scene shows none: no objects, or objects without a heading."""
    kind = next(kind for kind in KINDS[row.level] if CATEGORIES[kind] == row.category)
    if box:
        found = ask(scene, kind, random.Random(0), among=[site_of(scene, box)])
        return found and replace(found, text=row.question, label=box.label)
    name = next((name for name in SITES if name in row.question), "")
    spots = tuple(sorted(site.center for site in scene.sites if site.kind == name))
    answers = {"terrain": scene.terrain, "setting": scene.setting, "sites": str(len(spots)), "site": "yes" if spots else "no"}
    noun, shown = (f"{name}s", spots) if kind == "sites" else (name, spots[:1])
    return Question(row.question, answers[kind], kind, None, "", noun, shown)


def site_of(scene: Scene, box: LabelBox) -> Site:
    """The site whose box lies over this one most."""
    return max(scene.sites, key=lambda site: Box(*(side * SIZE for side in site.box)).iou(box.box))


def balance_to(labels: LabelFile, count: int) -> None:
    """Rejects accepted rows until `count` are left: each time one of the commonest answer of a category, flagged ones first."""
    flagged = flags_of_all(labels.questions(), labels.boxes(), labels.images())
    groups: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    rows = sorted(labels.questions(verdict=ACCEPTED), key=lambda row: row.id in flagged)
    for row in rows:
        groups[row.level, row.category, row.answer].append(row)
    for _ in range(len(rows) - count):
        labels.reject(max(groups.values(), key=len).pop().id, REPEATED)


def locate(labels: LabelFile, scenes: Mapping[str, Scene]) -> None:
    """Adds the thought before the zoom to the accepted rows."""
    boxes, rows = {box.id: box for box in labels.boxes()}, []
    for row in labels.questions(verdict=ACCEPTED):
        if box := boxes.get(row.box):
            rows.append(replace(row, thoughts=(located(scenes[row.image], box), *row.thoughts[1:])))
    labels.change(*rows, what="thoughts")


def located(scene: Scene, box: LabelBox) -> str:
    """The thought before the zoom to a box, as the demo model has learnt to think: where the sites of this class lie."""
    found = ask(scene, "shape", random.Random(0), among=[site_of(scene, box)])  # every site has a landmark
    assert found
    return replace(found, label=box.label).first_thought(to_pixels(WHOLE))
