"""`zoomearth label import` and `label export`: other forms of labels into a label file, and out of it."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...backend.cli.parser import Parser
from ...backend.labels.images import bounds_of, known
from ...core.errors import DataError
from ...core.example import Example
from ...core.labels import lrs_gro
from ...core.labels.examples import Left, examples, from_examples, line_of
from ...core.labels.export import FOLDER, LRS_GRO, WRITERS, Only, Writer
from ...core.labels.file import LabelFile
from ...core.labels.rows import ACCEPTED, LabelImage
from ...core.labels.split import held_out
from ...core.source import SceneSource
from ...core.texts import Broken
from .folder import Folder
from .sets import base

DATASETS = "datasets"
TRAIN, TEST = "train", "test"
BUFFER = 100.0  # metres
LISTED = 3  # bad rows that are named


def import_command(parser: Parser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="JSON lines of LRS-GRO; or a folder or file of your own rows")
    parser.add_argument("--as", dest="form", choices=(LRS_GRO, FOLDER), required=True, help="what FILE is")
    parser.add_argument("--out", type=Path, required=True, metavar="LABELS.gpkg", help="the label file; rows are added to an existing one")
    parser.add_argument("--images", type=Path, metavar="FOLDER", help="where the rasters are (default: the folder of FILE)")
    parser.add_argument("--json", action="store_true", help="print one JSON object with the counts and nothing else")
    parser.examples(
        "zoomearth label import lrs_gro_rl.jsonl --as lrs-gro --images images --out labels.gpkg",
        "zoomearth label import roofs.gpkg --as folder --out labels.gpkg",
    )
    parser.set_defaults(run=_import)


def _import(options: argparse.Namespace) -> int:
    bad: list[tuple[str, str]] = []
    rasters = _Rasters(options.images or options.file)
    read = _lrs_rows if options.form == LRS_GRO else _folder_rows
    with LabelFile.open(options.out, new=True) as labels:
        existing = {row.id for rows in (labels.images(), labels.boxes(), labels.questions()) for row in rows}
        new: dict[str, Any] = {}
        present = 0
        for rows in read(options.file, rasters, bad):
            present += rows[-1].id in existing
            new.update({row.id: row for row in rows if row.id not in existing})
        order = ("LabelImage", "LabelBox", "Question")
        if new:
            labels.add(*sorted(new.values(), key=lambda row: order.index(type(row).__name__)), what="import")
    added = Counter(type(row).__name__ for row in new.values())
    counts = {
        "questions": added["Question"],
        "boxes": added["LabelBox"],
        "images": added["LabelImage"],
        "already there": present,
        "unusable": len(bad),
        "images not found": len(rasters.missing),
    }
    _report(counts, bad, options.json)
    if rasters.missing and not options.json:
        name, why = next(iter(rasters.missing.items()))
        print(f"note: {len(rasters.missing)} rasters can't be opened, the first is {name}: {why}", file=sys.stderr)
    return 0


class _Rasters:
    """The images of the rows, each opened once."""

    def __init__(self, folder: Path) -> None:
        self._images = base.Images(folder)
        self._known: dict[SceneSource, LabelImage] = {}
        self.missing: dict[str, str] = {}

    def named(self, name: str) -> LabelImage:
        """The image of a file name; one that is not found has the name alone."""
        file = self._images.find(name)
        if file.is_file():
            return self.of(SceneSource(str(file)))
        self.missing[name] = "no file has this name"
        return self._known.setdefault(SceneSource(name), LabelImage.of(SceneSource(name)))

    def of(self, source: SceneSource) -> LabelImage:
        if source not in self._known:
            self._known[source], why = known(source)
            if why:
                self.missing[source.path] = why
        return self._known[source]


def _lrs_rows(file: Path, rasters: _Rasters, bad: list[tuple[str, str]]) -> Iterator[list[Any]]:
    for place, row in base.json_rows(file):
        if isinstance(row, Broken):
            bad.append((place, row.why))
            continue
        try:
            yield [each for each in lrs_gro.label(row, rasters.named) if each]
        except lrs_gro.BadRow as error:
            bad.append((place, str(error)))


def _folder_rows(folder: Path, rasters: _Rasters, bad: list[tuple[str, str]]) -> Iterator[list[Any]]:
    def usable() -> Iterator[Example]:
        for row in Folder().load(folder):
            if isinstance(row, Example):
                yield row
            else:
                bad.append((row.id, str(row)))

    for image, boxes, question in from_examples(usable(), rasters.of):
        yield [image, *boxes, question]


def export_command(parser: Parser) -> None:
    parser.description = """Write the accepted questions of a label file in another form. With --held-out, there are two
outputs, NAME-train and NAME-test: images that overlap or lie closer than --buffer stay on one side."""
    parser.add_argument("file", type=Path, metavar="LABELS.gpkg", help="the label file")
    parser.add_argument("--as", dest="form", choices=tuple(_WRITERS), required=True, help="the form of the output")
    parser.add_argument("--out", type=Path, required=True, metavar="PATH", help="a file; for folder and datasets a folder")
    parser.add_argument("--held-out", type=_share, default=0.0, metavar="SHARE", help="share of the questions in the second output, 0 to 1")
    parser.add_argument("--buffer", type=float, default=BUFFER, metavar="METRES", help=f"between the two outputs (default {BUFFER:g})")
    parser.add_argument("--json", action="store_true", help="print one JSON object with the counts and nothing else")
    parser.examples(
        "zoomearth label export labels.gpkg --as lrs-gro --out rows.jsonl",
        "zoomearth label export labels.gpkg --as folder --out mine --held-out 0.2 --buffer 500",
    )
    parser.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> int:
    left: list[tuple[str, str]] = []
    counts: dict[str, int] = {}
    with LabelFile.open(options.file) as labels:
        if not labels.counts().get(ACCEPTED):
            raise DataError(f"{options.file} has no accepted question.", "Accept candidates in QGIS, or import labelled rows.")
        for part, only in _parts(labels, options.held_out, options.buffer).items():
            path = options.out.with_name(f"{options.out.stem}-{part}{options.out.suffix}") if part else options.out
            path.parent.mkdir(parents=True, exist_ok=True)
            counts[str(path)] = _WRITERS[options.form](labels, path, only, left)
    _report({**counts, "left out": len(left)}, left, options.json)
    return 0


def _parts(labels: LabelFile, share: float, buffer: float) -> dict[str, Only]:
    """The images of each output, by the end of its name."""
    if not share:
        return {"": None}
    images = {image.id: image for image in labels.images()}
    weights = Counter(question.image for question in labels.questions(verdict=ACCEPTED))
    out = held_out(images, {id: bounds_of(image) for id, image in images.items()}, weights, share, buffer)
    if not out or not weights.keys() - out:
        message = f"The labels can't be split: their images are too few, or lie less than {buffer:g} m apart."
        raise DataError(message, "Give a smaller --buffer or another --held-out, or label further images.")
    return {TRAIN: frozenset(images) - out, TEST: frozenset(out)}


def _write_datasets(labels: LabelFile, path: Path, only: Only, left: list[tuple[str, str]]) -> int:
    """A folder that `datasets.load_dataset` reads."""
    from datasets import Dataset

    rows = []
    for row in examples(labels, only):
        if isinstance(row, Left):
            left.append((row.question.id, row.why))
            continue
        boxes = [list(step.box) if step.box else [] for step in row.steps]
        texts = {"id": row.id, "image": row.source.path, "question": row.question, "answer": row.answer}
        more = {"level": row.level, "category": row.category, "boxes": boxes, "labels": [step.label for step in row.steps]}
        whole = json.dumps(line_of(row), ensure_ascii=False)
        rows.append({**texts, **more, "thoughts": list(row.thoughts), "frame": float(row.frame or 0), "row": whole})
    path.mkdir(exist_ok=True)
    Dataset.from_list(rows).to_parquet(str(path / "train.parquet"))
    return len(rows)


_WRITERS: dict[str, Writer] = {**WRITERS, DATASETS: _write_datasets}


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share from 0 to below 1")
    return share


def _report(counts: dict[str, int], bad: list[tuple[str, str]], as_json: bool) -> None:
    if as_json:
        print(json.dumps(counts, ensure_ascii=False))
        return
    print(", ".join(f"{name}: {count}" for name, count in counts.items()))
    for id, why in bad[:LISTED]:
        print(f"note: {id} is left out: {why}", file=sys.stderr)
