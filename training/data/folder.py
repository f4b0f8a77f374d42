"""A user's folder: rasters, and questions about them as JSON lines or as vector files.

    image     the raster's file name (optional where the folder has only one raster)
    question, answer
    box       JSON lines: [x0, y0, x1, y1] in source pixels, optional, may be []; vector files: the feature's geometry, in any CRS, optional
    tool      the name of a tool that is to be used on the box in place of a zoom, and arguments, an object: optional
    level     global, region or object; category, label, thoughts (a text, or a list with one for each action): all optional

JSON lines that `zoomearth label export --as folder` writes have `steps` instead of `box`: a list of {"box", "label", "tool", "arguments"}
for each action (a box of null: a zoom out); and id, frame, bands, stretch, region, choices, extra where the question has them (see
`core.labels.examples.line_of`). A label file (`core/labels`) is read directly: its accepted questions.

The vector files that `zoomearth ask --rois`, the panel and Processing write (see `core/roi_table.py`) are read as exchanges: each with all
of its zooms in order, its raster with bands and stretch, and its region. Users can correct the answers and train on these files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ...core.address import names_a_file
from ...core.errors import DataError
from ...core.example import Example, Step
from ...core.labels.examples import Left, examples
from ...core.labels.file import LabelFile, is_label_file
from ...core.roi_table import ANSWER, ZOOM, ZOOM_OUT, region_of, source_of
from ...core.source import SceneSource, Where
from ...core.texts import is_file
from ...core.tool_calls import ToolCall
from ...core.tools import TOOLS
from ...core.typed import from_json
from . import features, fields
from .sets import base
from .sets.base import Unusable

RASTERS = {".tif", ".tiff", ".vrt", ".jp2", ".png", ".jpg", ".jpeg"}
TABLES = {".gpkg", ".shp", ".geojson"}
KINDS = (ZOOM, ZOOM_OUT, ANSWER, *TOOLS)


class Folder:
    """A user's own questions: they can be trained on, and have no scoring rule, unlike a benchmark."""

    name = "folder"
    title = "a folder of your own"

    def load(self, folder: Path, split: str = "") -> base.Loaded:
        """Yields the folder's questions. Raises DataError where it has none."""
        suffixes = {".jsonl", *TABLES}
        files = [folder] if folder.is_file() else sorted(file for file in folder.rglob("*") if file.suffix.lower() in suffixes)
        if not files:
            raise DataError(
                f"{folder} has no questions: no {', no '.join(sorted(suffixes))}.",
                "Each line of a .jsonl file is an object with image, question and answer.",
            )
        reader = _Reader(folder)
        exchanges: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        for file in files:
            if file.suffix.lower() not in TABLES:
                yield from base.examples(base.json_rows(file), reader.line)
                continue
            if is_label_file(file):
                yield from _labels(file)
                continue
            drawn = []
            for place, row in features.read(file):
                if exchange := base.text(row, "exchange"):
                    exchanges.setdefault(exchange, []).append((place, row))
                else:
                    drawn.append((place, row))
            yield from base.examples(drawn, reader.feature)
        for rows in exchanges.values():
            yield from base.examples([(rows[0][0], {})], partial(reader.exchange, rows))


class _Reader:
    """Converts rows to examples."""

    def __init__(self, folder: Path) -> None:
        self._images = base.Images(folder)
        self._only = _only_raster(self._images.folder)
        self._places = features.Places()

    def line(self, place: str, row: dict[str, Any]) -> Example | Unusable:
        """The example of a line of JSON; an empty box counts as no box."""
        if isinstance(row.get("steps"), list):
            return self._steps(place, row)
        given = None if row.get("box") in ([], {}, "") else row.get("box")
        return self._one_box(place, row, lambda source: given)

    def _steps(self, place: str, row: dict[str, Any]) -> Example | Unusable:
        """The example of a line of `core.labels.examples.line_of`."""
        if problem := _missing(row, name := base.text(row, "image") or self._only):
            return Unusable(place, problem)
        settings = {each: row[each] for each in ("bands", "stretch") if row.get(each) is not None}
        source = from_json(SceneSource, {"path": self._path(str(name)), **settings}, "row")
        steps = []
        for given in row["steps"]:
            given = given if isinstance(given, dict) else {"box": given}
            step = _step(place, given, given.get("box"))
            if isinstance(step, Unusable):
                return step
            steps.append(step)
        region = from_json(Where, row["region"], "region") if row.get("region") else None
        made = _example(base.text(row, "id") or place, row, source, tuple(steps), region)
        if isinstance(made, Unusable):
            return made
        choices = tuple(fields.texts(row.get("choices")) or ())
        extra = row["extra"] if isinstance(row.get("extra"), dict) else None
        return replace(made, frame=fields.positive(row.get("frame")), choices=choices, extra=extra)

    def feature(self, place: str, row: dict[str, Any]) -> Example | Unusable:
        """The example of a feature that a user has drawn."""
        if (base.text(row, "step") or "1") not in ("0", "1") and "label" in row:
            return Unusable(place, "the row is a later zoom of a question without an id", "Ask again: new files have ids.")
        return self._one_box(place, row, lambda source: self._places.box(source, row))

    def exchange(self, rows: list[tuple[str, dict[str, Any]]], place: str, _: dict[str, Any]) -> Example | Unusable:
        """The example of all rows of an exchange."""
        views: list[tuple[str, dict[str, Any]]] = []
        answers: list[tuple[str, dict[str, Any]]] = []
        for place_of_row, row in rows:
            kind = base.text(row, "kind") or (ANSWER if row.get("step") is None else ZOOM)  # earlier versions wrote no kind
            if kind not in KINDS:
                return Unusable(place_of_row, f"the kind of the row is not one of {', '.join(KINDS)}", kind)
            (answers if kind == ANSWER else views).append((place_of_row, row))
        if len(answers) > 1:
            return Unusable(answers[1][0], "two rows of kind answer have the same exchange")
        views.sort(key=lambda numbered: numbered[1]["step"])
        place, about = answers[0] if answers else views[0]
        steps = [row["step"] for _, row in views]
        end = about["step"] if answers and about.get("step") is not None else len(views) + 1
        if steps != list(range(1, end)):
            detail = f"it has the steps {', '.join(map(str, steps)) or 'none'} before step {end}"
            return Unusable(place, "the exchange lacks rows, or has rows twice", detail)
        # files of earlier versions have no `kind` and no `image`; with a `kind`, no image means a snapshot
        only = None if base.text(about, "kind") else self._only
        if problem := _missing(about, name := base.text(about, "image") or only):
            return Unusable(place, problem)
        source = source_of(about, self._path(str(name)))
        looks = []
        for place_of_row, row in views:
            if base.text(row, "kind") == ZOOM_OUT:
                looks.append(Step(None))
                continue
            try:
                box = base.box(self._places.box(source, row))
            except features.NoPlace as error:
                return Unusable(place_of_row, "the feature can't be placed on the image", str(error))
            if box is None:
                return Unusable(place_of_row, "the zoom has no box with an area")
            tool = base.text(row, "kind") or ""
            looks.append(Step(box, base.text(row, "label") or "", tool if tool in TOOLS else ""))
        return _example(place, about, source, tuple(looks), self._region(about, source))

    def _one_box(self, place: str, row: dict[str, Any], box_of: Callable[[SceneSource], Any]) -> Example | Unusable:
        if problem := _missing(row, name := base.text(row, "image") or self._only):
            return Unusable(place, problem)
        source = SceneSource(self._path(str(name)))
        try:
            given = box_of(source)
        except features.NoPlace as error:
            return Unusable(place, "the feature can't be placed on the image", str(error))
        step = _step(place, row, given)
        if isinstance(step, Unusable):
            return step
        return _example(place, row, source, (step,) if step.box else (), None)

    def _path(self, name: str) -> str:
        """The path of an image; an address is returned unchanged."""
        file = self._images.find(name)
        return str(file) if names_a_file(name) or is_file(file) else name

    def _region(self, row: dict[str, Any], source: SceneSource) -> Where | None:
        try:
            return region_of(row)
        except ValueError:  # a Shapefile has cut the text; the geometry is the outline
            return Where(outline=self._places.rings(source, row))


def _step(place: str, row: dict[str, Any], given: Any) -> Step | Unusable:
    """The step of a row, or of a part of one. given: its box in pixels, None for none."""
    box = base.box(given)
    if given is not None and box is None:
        return Unusable(place, "the box is not four numbers with an area between them", repr(given)[:100])
    step = Step(box, base.text(row, "label") or "", base.text(row, "tool") or "", row.get("arguments"))
    if step.tool and (wrong := ToolCall(step.tool, box, step.label, step.arguments or {}).complaint):
        return Unusable(place, "the tool can't be used like this", wrong)
    return step


def _labels(file: Path) -> base.Loaded:
    """The accepted questions of a label file."""
    with LabelFile.open(file) as labels:
        for row in examples(labels):
            yield Unusable(row.question.id, row.why) if isinstance(row, Left) else row


def _only_raster(folder: Path) -> str | None:
    rasters = [file for file in folder.rglob("*") if file.suffix.lower() in RASTERS]
    return str(rasters[0].relative_to(folder)) if len(rasters) == 1 else None


def _missing(row: dict[str, Any], image: str | None) -> str:
    """A sentence that names the missing texts which every row needs; "" where none is missing and the row can be used."""
    if base.text(row, "compare"):
        return "the row compares two rasters, and training takes one"
    needed = (("image", image), ("question", base.text(row, "question")), ("answer", base.text(row, "answer")))
    missing = [name for name, value in needed if value is None]
    return f"the row has no {' and no '.join(missing)}" if missing else ""


def _example(place: str, row: dict[str, Any], source: SceneSource, steps: tuple[Step, ...], region: Where | None) -> Example | Unusable:
    thoughts = _thoughts(row.get("thoughts"))
    if thoughts is None:
        return Unusable(place, "thoughts are neither a text nor a list of texts", repr(row["thoughts"])[:100])
    question, answer = str(base.text(row, "question")), str(base.text(row, "answer"))
    level, category = base.text(row, "level") or "", base.text(row, "category") or ""
    return Example(place, source, question, answer, level, category, steps, thoughts=thoughts, region=region)


def _thoughts(given: Any) -> tuple[str, ...] | None:
    """The thoughts as a tuple; null means none, and in a list no thought before that action. None where they are not valid."""
    given = [given] if isinstance(given, str) else given or []
    if not isinstance(given, list) or not all(each is None or isinstance(each, str) for each in given):
        return None
    return tuple(each or "" for each in given)
