"""XLRS-Bench-lite: 3,080 multiple-choice questions of 13 tasks over very large images, some with several right letters.

Its `index` is not unique, so that the place of a row is its id. A row has a list of images; two images (a question about changes) are
shown side by side as one scene, through a VRT that copies no pixels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from xml.sax.saxutils import escape

from ....backend.scene.scene import Scene
from ....core.atomic import write_whole
from ....core.errors import DataError, SceneError
from ....core.example import Example
from ....core.texts import Row
from ..scoring import Score
from . import base
from . import choice_letters as letters

SEVERAL = "Land use classification/Overall Land use classification"


class LetterSets(base.Benchmark):
    """A benchmark whose truth is one or several letters: an answer is right where its set of letters is equal."""

    extractors: ClassVar[Mapping[str, base.Extractor]] = {"lmms-eval": letters.xlrs, "strict": letters.strict_set}

    def score(self, truth: str, reply: str | None, choices: Sequence[str] = ()) -> Score:
        if reply is None:
            return Score(False, "no answer")
        letters_read = self.extract(reply, choices)
        return Score(set(letters_read) == set(self.letters(truth)), f"read as {letters_read or 'nothing'} ({self.extractor})")

    def letters(self, truth: str) -> str:
        """The letters of the truth, which may be written like a reply."""
        return truth if set(truth) <= set("ABCDE") else letters.xlrs(truth, ())

    def group(self, record: Mapping[str, Any]) -> str:
        return str(record.get("category") or "unknown").split("/")[0]

    def averages(self, marks: Sequence[base.Mark]) -> dict[str, float]:
        return {"micro": base.accuracy(marks), "macro": base.macro(marks)}


class XlrsBenchLite(LetterSets):
    name = "xlrs-bench-lite"
    title = "XLRS-Bench-lite"
    citation = "Wang et al. (CVPR 2025), XLRS-Bench, arXiv 2503.23771"
    repo = "initiacms/XLRS-Bench-lite"
    files = ("data/*.parquet", "*.parquet")
    note = "The leaderboard of the lite set shows the macro average over its 13 tasks."

    def load(self, folder: Path, split: str = "") -> base.Loaded:
        """Parquet files as on the hub, or rows as JSON with paths of images. Images inside parquet are unpacked into `unpacked/` once."""
        files = base.find_rows(folder, "*.parquet", "*.jsonl", "*.json", title=self.title)
        rows = ((f"{place:04d}", row) for place, row in enumerate((row for file in files for row in _rows(file)), 1))
        yield from base.examples(rows, partial(_example, base.Images(folder)))

    def prompt(self, example: Example) -> str:
        """The official wording, with the plural form for the one task that may have several answers."""
        choices = "\n".join(example.choices)
        beginning = f"{example.question}The choices are listed below:\n{choices}\n\n"
        if example.category == SEVERAL:
            return beginning + (
                "Select the best answer(s) for the multiple-choice question based on the image. There may be more than one correct option. "
                "Only respond with the letter(s) corresponding to the correct answer(s) (A, B, C, D), with multiple choices separated by "
                "spaces.The answer(s) is(are):"
            )
        return beginning + (
            "Select the best answer for the multiple-choice question based on the image. Only respond with the letter corresponding to the "
            "correct answer (A, B, C, D).\nThe answer is:"
        )


def _rows(file: Path) -> Iterator[Row]:
    if file.suffix != ".parquet":
        yield from (row for _, row in base.json_rows(file))
        return
    from pyarrow import parquet

    try:
        for batch in parquet.ParquetFile(file).iter_batches(batch_size=4):  # an image may have 100 MB
            yield from batch.to_pylist()
    except (OSError, ValueError) as error:
        raise DataError(f"{file} can't be read: {error}.", "Download it again.") from error


def _example(images: base.Images, id: str, row: dict[str, Any]) -> Example | base.Unusable:
    question, truth, choices = base.text(row, "question"), base.text(row, "answer"), row.get("multi-choice options")
    pictures = row.get("image")
    if question is None or truth is None or not isinstance(choices, list) or not pictures:
        return base.Unusable(id, "the row lacks question, answer, multi-choice options or image")
    paths = [_picture(each, images) for each in (pictures if isinstance(pictures, list) else [pictures])]
    try:
        image = paths[0] if len(paths) == 1 else side_by_side(paths, images.folder / "unpacked")
    except SceneError as error:
        return base.Unusable(id, error.message)
    extra = {"index": row.get("index"), "l2-category": row.get("l2-category")}
    return Example.of(id, image, question, truth, "", base.text(row, "category") or "", choices=tuple(map(str, choices)), extra=extra)


def _picture(given: Any, images: base.Images) -> Path:
    """The path of a picture; bytes are written to a file named by their hash, so that rows with the same image share one file."""
    data = given.get("bytes") if isinstance(given, dict) else None
    if not data:
        return images.find(str(given.get("path") if isinstance(given, dict) else given))
    kind = ".png" if data[:4] == b"\x89PNG" else ".jpg" if data[:2] == b"\xff\xd8" else ".tif"
    path = images.folder / "unpacked" / (hashlib.sha256(data).hexdigest()[:24] + kind)
    if not path.is_file():
        path.parent.mkdir(exist_ok=True)
        write_whole(path, data)
    return path


def side_by_side(paths: Sequence[Path], folder: Path) -> Path:
    """The path of a VRT that shows RGB images from left to right. Raises SceneError where one can't be opened."""
    sizes = []
    for path in paths:
        with Scene.open(path) as scene:
            sizes.append(scene.size)
    width, height = sum(size.width for size in sizes), max(size.height for size in sizes)
    bands = ""
    for band, color in enumerate(("Red", "Green", "Blue"), 1):
        sources, left = "", 0
        for path, size in zip(paths, sizes):
            place, file = f'xSize="{size.width}" ySize="{size.height}"', escape(str(path.resolve()))
            sources += (
                f'<SimpleSource><SourceFilename relativeToVRT="0">{file}</SourceFilename><SourceBand>{band}</SourceBand>'
                f'<SrcRect xOff="0" yOff="0" {place}/><DstRect xOff="{left}" yOff="0" {place}/></SimpleSource>'
            )
            left += size.width
        bands += f'<VRTRasterBand dataType="Byte" band="{band}"><ColorInterp>{color}</ColorInterp>{sources}</VRTRasterBand>'
    content = f'<VRTDataset rasterXSize="{width}" rasterYSize="{height}">{bands}</VRTDataset>'
    target = folder / (hashlib.sha256(content.encode()).hexdigest()[:24] + ".vrt")
    if not target.is_file():
        folder.mkdir(exist_ok=True)
        write_whole(target, content)
    return target
