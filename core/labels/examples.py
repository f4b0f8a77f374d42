"""Labels as training rows (`core.example.Example`), and back: several zooms, bands, stretch, thoughts and region are kept."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Callable, NamedTuple, Optional, Union

from ..example import Example, Step
from ..geometry import Box
from ..source import SceneSource
from ..typed import to_json
from .file import LabelFile
from .rows import ACCEPTED, LabelBox, LabelImage, Question, made_id, new_id, now


class Left(NamedTuple):
    """A question that has no such form, with the reason."""

    question: Question
    why: str


ImageOf = Callable[[SceneSource], LabelImage]
"""The image of a source, with what is known of it."""


def drawn(
    image: LabelImage, box: Box, level: str = "object", label: str = "", frame: Optional[float] = None, annotator: str = ""
) -> LabelBox:
    """A new box. Equal boxes of imported rows have one id, so that two imports can be merged; a person's box has an id of its own."""
    sides = tuple(float(side) for side in box)
    id = new_id() if annotator else made_id("box", image.id, sides, frame, label)
    return LabelBox(id, image.id, sides, level, label, frame, annotator)  # type: ignore[arg-type]


def from_examples(examples: Iterable[Example], image_of: ImageOf) -> Iterator[tuple[LabelImage, list[LabelBox], Question]]:
    """Each example as an accepted question with its image and boxes."""
    for example in examples:
        image = image_of(example.source)
        level = example.level or ("object" if example.steps else "global")
        boxes = [drawn(image, step.box, level, step.label, example.frame) if step.box else None for step in example.steps]
        ids = tuple(box.id if box else "" for box in boxes)
        more = {"choices": list(example.choices) or None, "frame": None if any(ids) else example.frame}
        extra = {"id": example.id, **{name: value for name, value in more.items() if value is not None}, "extra": example.extra}
        tools = {str(at): {"tool": step.tool, "arguments": step.arguments} for at, step in enumerate(example.steps) if step.tool}
        question = Question(
            made_id("example", image.id, example.id, example.question),
            image.id,
            example.question,
            example.answer,
            next(filter(None, ids), ""),
            ids,
            tools or None,
            example.level,
            example.category,
            example.thoughts,
            example.region,
            ACCEPTED,
            created=now(),
            maker="import",
            extra=extra,
        )
        yield image, [box for box in boxes if box], question


def examples(labels: LabelFile, only: Optional[Collection[str]] = None) -> Iterator[Union[Example, Left]]:
    """The accepted questions in the order in which they were added. only: ids of images; None for all."""
    boxes, images = {box.id: box for box in labels.boxes()}, {image.id: image for image in labels.images()}
    for question in labels.questions(verdict=ACCEPTED):
        if only is None or question.image in only:
            try:
                yield example(question, boxes, images[question.image])
            except (KeyError, ValueError) as error:
                yield Left(question, f"its boxes can't be used: {error}")


def example(question: Question, boxes: dict[str, LabelBox], image: LabelImage) -> Example:
    """A question as a training row. Boxes of different units become source pixels. Raises ValueError where that needs an unknown size."""
    extra = question.extra or {}
    frames = {boxes[id].frame for id in question.steps if id}
    frame = frames.pop() if len(frames) == 1 else None if frames else extra.get("frame")
    tools = question.tools or {}
    steps = tuple(
        Step(boxes[id].in_unit(frame, image.size), boxes[id].label, **tools.get(str(at), {})) if id else Step(None)
        for at, id in enumerate(question.steps)
    )
    return Example(
        str(extra.get("id", question.id)),
        image.source,
        question.question,
        question.answer,
        question.level,
        question.category,
        steps,
        frame,
        tuple(extra.get("choices", ())),
        question.thoughts,
        question.region,
        extra.get("extra"),
    )


def line_of(row: Example) -> dict[str, Any]:
    """A row of JSON lines in a user's folder, from which `training/data/folder.py` reads the same example."""
    steps = [_step_of(step) for step in row.steps]
    line = {
        "id": row.id,
        "image": row.source.path,
        "question": row.question,
        "answer": row.answer,
        "level": row.level,
        "category": row.category,
        "steps": steps,
        "thoughts": list(row.thoughts),
        "frame": row.frame,
        "bands": row.source.bands,
        "stretch": row.source.stretch,
        "region": to_json(row.region),
        "choices": list(row.choices),
        "extra": row.extra,
    }
    always = ("id", "image", "question", "answer", "steps")
    return {name: to_json(value) for name, value in line.items() if name in always or value not in (None, "", [], {}, ())}


def _step_of(step: Step) -> dict[str, Any]:
    if not step.box:
        return {"box": None}
    used = {"tool": step.tool, "arguments": step.arguments} if step.tool else {}
    return {"box": list(step.box), "label": step.label, **used}


def text_of(line: Any) -> str:
    """One line of JSON, its letters as they are."""
    return json.dumps(line, ensure_ascii=False) + "\n"
