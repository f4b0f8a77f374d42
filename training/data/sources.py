"""Sources of training data, as the command line names them: their examples are checked, weighted and split by image.

    KIND:PATH[#SPLIT][*WEIGHT]     lrs-gro:/data/LRS-GRO#RL     lrs-vqa:/data/LRS-VQA*0.5     scenes:/data/scenes#0-500@2048
    PATH                           a user's folder, see folder.py

KIND is one of the benchmarks (`training/data/sets`). WEIGHT is how often an example is used in an epoch: 2 means twice, 0.5 every second
example. The split of drawn scenes has the seeds and the pixels per side. Rows that can't be used are counted, and the first is named.
"""

from __future__ import annotations

import hashlib
import itertools
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...backend.scene.region import resolve
from ...backend.scene.scene import Scene
from ...core import texts
from ...core.address import names_a_file
from ...core.errors import DataError, UsageError, ZoomEarthError, as_ours
from ...core.example import Example
from ...core.geometry import Box, Size
from ...core.profile import Profile
from ...core.region import Region
from ...core.source import SceneSource, Where
from ..scenes.scene import HELD_OUT
from ..scenes.teaching import taught
from .folder import Folder
from .sets import BENCHMARKS
from .sets.base import Loaded, Unusable
from .sets.scenes import Scenes

OWN = Folder.name
TRAINABLE: dict[str, tuple[str, ...]] = {OWN: (), "lrs-gro": ("SFT", "RL"), "lrs-vqa": (), "geollava": (), "scenes": ()}
"""The sets that models may be trained on, with the allowed splits; () allows all."""
Fault = Callable[[Example, Size, "Region | None"], str]
"""A further check: what is wrong with an example over an image of this size, limited to this region; "" where nothing is wrong."""

CONTROL = re.compile(
    r"<[|\uff5c][^\s<>|\uff5c]{1,64}[|\uff5c]>"
    r"|</?(?:think|answer|tool_call|image|image_soft_token|img|IMG_CONTEXT|video|s|bos|eos|unk|pad|(?:start|end)_of_(?:turn|image))>"
    r"|\[/?(?:INST|IMG|TOOL_CALLS)\]"
)
"""A token or tag of a conversation's layout, of this model or another one, such as <|image_pad|>, <answer> and <image>: inside a text that
is learnt, the tokenizer would read it as such."""
_SEEDS = re.compile(r"(\d+)-(\d+)(?:@(\d+))?")


@dataclass
class Data:
    """examples: repeated by their weight, in the sets' order (the trainer shuffles them). held_out: once each, of the images that are left
    out of training. dropped: every row that can't be used, with the reason."""

    examples: list[Example] = field(default_factory=list)
    held_out: list[Example] = field(default_factory=list)
    dropped: list[Unusable] = field(default_factory=list)

    def summary(self) -> str:
        """A sentence for the log, with the first of the dropped rows."""
        images = len({example.image for example in self.examples})
        sentence = f"{len(self.examples)} examples over {images} images"
        if self.held_out:
            sentence += f", {len(self.held_out)} held out"
        if self.dropped:
            first = self.dropped[0]
            sentence += f"; {len(self.dropped)} rows can't be used, the first is {first.id}: {first}"
        return sentence


def no_fault(example: Example, size: Size, region: Region | None) -> str:
    return ""


def gather(sources: Iterable[str], bad: str, held_out: float, seed: int, profile: Profile, fault: Fault = no_fault) -> Data:
    """The data of all sources. bad: skip, or fatal. held_out: the share of images that are left out. fault: see `check`.

    Raises DataError where a source can't be read, no example remains, or a row can't be used and `bad` is fatal; UsageError where a source
    is for evaluation only.
    """
    data = Data()
    for source in map(Source.of, sources):
        source.check_trainable()
        good: list[Example] = []
        for checked in check(source.rows(profile), fault):
            (data.dropped if isinstance(checked, Unusable) else good).append(checked)  # type: ignore[arg-type]
        if data.dropped and bad == "fatal":
            first = data.dropped[0]
            raise DataError(f"{source.text}: {first.id} can't be used: {first}.", "Correct the row, or skip such rows with --bad skip.")
        data.held_out += [example for example in good if is_held_out(example.image, held_out)]
        data.examples += weighted([example for example in good if not is_held_out(example.image, held_out)], source.weight, seed)
    if not data.examples:
        why = Counter(row.why for row in data.dropped).most_common(1)
        raise DataError(
            "There is nothing to train on.", f"Every row was dropped, most often because {why[0][0]}." if why else "The sources are empty."
        )
    return data


@dataclass(frozen=True)
class Source:
    """A source of the command line; see the module's docstring. text: as it was written."""

    text: str
    kind: str
    folder: Path
    split: str
    weight: float

    @classmethod
    def of(cls, text: str) -> Source:
        """Raises UsageError for a weight that is not valid."""
        kind, separator, rest = text.partition(":")
        if not separator or kind not in BENCHMARKS:
            kind, rest = OWN, text
        path, star, number = rest.rpartition("*")
        try:
            weight = float(number) if star else 1.0
        except ValueError:  # a star in the path
            path, weight = rest, 1.0
        path, _, split = (path if star else rest).partition("#")
        if not 0 < weight < 1000:
            raise UsageError(f"The weight of {text} is {number}.", "It is how often an example is used in an epoch: 0.5, 1, 2.")
        return cls(text, kind, Path(path).expanduser(), split, weight)

    def check_trainable(self) -> None:
        """Raises UsageError for a set or a split that is for evaluation."""
        splits = TRAINABLE.get(self.kind)
        if splits is None:
            raise UsageError(f"{self.text} is for evaluation only.", f"Train on {', '.join(TRAINABLE)}.")
        if splits and self.split not in splits:
            raise UsageError(
                f"{self.text} would train on the split {self.split or 'test'!r}.", f"Write {self.text.partition('#')[0]}#{splits[0]}."
            )

    def rows(self, profile: Profile | None = None) -> Loaded:
        """The rows, read one by one. profile: how scenes are shown, for thoughts with coordinates. Raises DataError, UsageError."""
        if self.kind == OWN:
            return Folder().load(self.folder)
        if self.kind == Scenes.name:
            return _drawn(self.folder, self.split, profile)
        benchmark = BENCHMARKS[self.kind]()
        rows = benchmark.load(self.folder, self.split)
        return (row if isinstance(row, Unusable) else replace(row, question=benchmark.prompt(row)) for row in rows)


def _drawn(folder: Path, split: str, profile: Profile | None) -> Loaded:
    match = _SEEDS.fullmatch(split)
    if not match or int(match[2]) <= int(match[1]) or int(match[2]) > HELD_OUT:
        raise UsageError(
            f"scenes:{folder}#{split} names no scenes to train on.",
            f"Write scenes:FOLDER#FIRST-END[@PIXELS] with seeds below {HELD_OUT:,}; higher seeds are for evaluation.",
        )
    first, end, size = int(match[1]), int(match[2]), int(match[3] or 4096)
    rows = Scenes(size=size, seed=first).load(folder)
    wanted = itertools.takewhile(lambda row: int(row.id.split("-")[0]) < end, rows)
    return (taught(row, profile, size) if isinstance(row, Example) and profile else row for row in wanted)


def check(rows: Iterable[Example | Unusable], fault: Fault = no_fault) -> Iterator[Example | Unusable]:
    """The rows; a row that would end a training run becomes Unusable. Each image is opened once for each region of it.

    fault: a further check of each example.
    """
    opened: dict[tuple[SceneSource, Where | None], tuple[Size, Region | None] | Unusable] = {}
    for row in rows:
        if isinstance(row, Example):
            if (row.source, row.region) not in opened:
                opened[row.source, row.region] = _opened(row.source, row.region)
            facts = opened[row.source, row.region]
            bad = replace(facts, id=row.id) if isinstance(facts, Unusable) else _unusable(row, *facts, fault)
            yield bad or row
        else:
            yield row


def _opened(source: SceneSource, where: Where | None) -> tuple[Size, Region | None] | Unusable:
    """The raster's size and the resolved region, or the row's fault."""
    if names_a_file(source.path) and not texts.is_file(Path(source.path)):
        return Unusable("", "the image is missing", source.path)
    try:
        with Scene.of(source) as scene:
            size, region = scene.size, None
            try:
                region = resolve(scene, where)
            except ZoomEarthError as error:
                return Unusable("", "the region does not fit the image", error.message)
            return size, region
    except Exception as error:  # a reader may raise any error for a damaged file
        return Unusable("", "the image can't be read", as_ours(error).message)


def _unusable(example: Example, size: Size, region: Region | None, fault: Fault) -> Unusable | None:
    if texts.is_blank(example.question):
        return Unusable(example.id, "the question is empty")
    if texts.is_blank(example.answer):
        return Unusable(example.id, "the answer is empty")
    for what, text in example.texts():
        if token := CONTROL.search(text):
            return Unusable(example.id, f"the {what} contains a control token of a model", token[0])
    for given, step in zip(example.steps, example.steps_in(size)):
        if given.box and step.box and (why := _box_fault(given.box, step.box, Box(0, 0, *size))):
            return Unusable(example.id, why, f"{[round(side, 2) for side in given.box]} in an image of {size[0]} x {size[1]} pixels")
    try:
        why = fault(example, size, region)
    except Exception as error:
        why = as_ours(error).message
    return Unusable(example.id, why) if why else None


def _box_fault(given: Box, box: Box, whole: Box) -> str:
    """What is wrong with a box. given: in the set's own unit; box: in pixels of the image, which is `whole`."""
    if box.width < 1 or box.height < 1:
        return "the box is less than a pixel wide or high: it is not in pixels"
    if all(0 <= side <= 1 for side in given):
        return "the box lies within the first pixel: it is not in pixels"
    if not box.intersect(whole).area:
        return "the box lies outside the image"
    if box.intersect(whole).area < box.area / 2:
        return "the box lies outside the image for the most part"
    return ""


def weighted(examples: Sequence[Example], weight: float, seed: int) -> list[Example]:
    """Each example repeated by the weight; for a fraction, a random but fixed part of the examples."""
    times, rest = int(weight), weight % 1
    return [*examples] * times + [example for example in examples if random.Random(f"{seed} {example.id}").random() < rest]


def is_held_out(image: Path, share: float) -> bool:
    """Whether an image is left out of training. Its name alone decides, so that the other images of the set have no influence."""
    return int(hashlib.sha256(image.name.encode("utf-8", "surrogatepass")).hexdigest()[:8], 16) < share * 2**32
