"""From what is named on the command line to examples that can be trained on: checked, weighted, split by image.

    KIND:PATH[#SPLIT][*WEIGHT]     lrs-gro:/data/LRS-GRO#RL     lrs-vqa:/data/LRS-VQA*0.5     scenes:/data/scenes#0-500@2048
    PATH                           a folder of your own, see folder.py

KIND is one of the benchmarks (`training/data/sets`). WEIGHT is how often an example is used an epoch: 2 is twice, 0.5 every second one.
Of the drawn scenes the split names the seeds, and the pixels a side. A row that can't be used is counted and named, never trained on.
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
"""The sets a model may be trained on, and where that is not all of one, which splits."""
Fault = Callable[[Example, Size, "Region | None"], str]
"""What else is wrong with an example over an image of that size, of which it is limited to that region; "" where nothing is."""

CONTROL = re.compile(
    r"<[|\uff5c][^\s<>|\uff5c]{1,64}[|\uff5c]>"
    r"|</?(?:think|answer|tool_call|image|image_soft_token|img|IMG_CONTEXT|video|s|bos|eos|unk|pad|(?:start|end)_of_(?:turn|image))>"
    r"|\[/?(?:INST|IMG|TOOL_CALLS)\]"
)
"""A token or a tag that lays out a conversation, of this model or of another one, such as <|image_pad|>, <answer> and <image>: in a text
that is learnt, it would be taken for one."""
_SEEDS = re.compile(r"(\d+)-(\d+)(?:@(\d+))?")


@dataclass
class Data:
    """examples: as often as their weight says, in the sets' order (the trainer shuffles). held_out: of the images left out of training,
    once each. dropped: every row that can't be used, and why."""

    examples: list[Example] = field(default_factory=list)
    held_out: list[Example] = field(default_factory=list)
    dropped: list[Unusable] = field(default_factory=list)

    def told(self) -> str:
        """A sentence for the log, with the first of the rows that were dropped."""
        images = len({example.image for example in self.examples})
        said = f"{len(self.examples)} examples over {images} images"
        if self.held_out:
            said += f", {len(self.held_out)} held out"
        if self.dropped:
            first = self.dropped[0]
            said += f"; {len(self.dropped)} rows can't be used, the first {first.id}: {first}"
        return said


def no_fault(example: Example, size: Size, region: Region | None) -> str:
    return ""


def gather(sources: Iterable[str], bad: str, held_out: float, seed: int, profile: Profile, fault: Fault = no_fault) -> Data:
    """What all of the sources hold. bad: skip, or fatal. held_out: the share of images left out. fault: see `check`.

    Raises DataError where a source can't be read, nothing is left, or a row can't be used and that is fatal; UsageError where a source is
    not one to train on.
    """
    data = Data()
    for source in map(Source.of, sources):
        source.check_trainable()
        good: list[Example] = []
        for checked in check(source.rows(profile), fault):
            (data.dropped if isinstance(checked, Unusable) else good).append(checked)  # type: ignore[arg-type]
        if data.dropped and bad == "fatal":
            first = data.dropped[0]
            raise DataError(f"{source.named}: {first.id} can't be used: {first}.", "Mend the row, or leave such rows out: --bad skip.")
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
    """A source as it was named; see the module's text."""

    named: str
    kind: str
    folder: Path
    split: str
    weight: float

    @classmethod
    def of(cls, named: str) -> Source:
        """Raises UsageError for a weight that is none."""
        kind, separator, rest = named.partition(":")
        if not separator or kind not in BENCHMARKS:
            kind, rest = OWN, named
        path, star, number = rest.rpartition("*")
        try:
            weight = float(number) if star else 1.0
        except ValueError:  # a star in the path
            path, weight = rest, 1.0
        path, _, split = (path if star else rest).partition("#")
        if not 0 < weight < 1000:
            raise UsageError(f"The weight of {named} is {number}.", "It is how often an example is used an epoch: 0.5, 1, 2.")
        return cls(named, kind, Path(path).expanduser(), split, weight)

    def check_trainable(self) -> None:
        """Raises UsageError for what models are measured by."""
        splits = TRAINABLE.get(self.kind)
        if splits is None:
            raise UsageError(f"{self.named} is for evaluation only.", f"Train on {', '.join(TRAINABLE)}.")
        if splits and self.split not in splits:
            raise UsageError(
                f"{self.named} would train on the split {self.split or 'test'!r}.", f"Write {self.named.partition('#')[0]}#{splits[0]}."
            )

    def rows(self, profile: Profile | None = None) -> Loaded:
        """Read as they are asked for. profile: how scenes are shown, for the thoughts that point. Raises DataError, UsageError."""
        if self.kind == OWN:
            return Folder().load(self.folder)
        if self.kind == Scenes.name:
            return _drawn(self.folder, self.split, profile)
        benchmark = BENCHMARKS[self.kind]()
        rows = benchmark.load(self.folder, self.split)
        return (row if isinstance(row, Unusable) else replace(row, question=benchmark.prompt(row)) for row in rows)


def _drawn(folder: Path, split: str, profile: Profile | None) -> Loaded:
    found = _SEEDS.fullmatch(split)
    if not found or int(found[2]) <= int(found[1]) or int(found[2]) > HELD_OUT:
        raise UsageError(
            f"scenes:{folder}#{split} names no scenes to train on.",
            f"Write scenes:FOLDER#FIRST-END[@PIXELS], seeds below {HELD_OUT:,}: later ones are for evaluation.",
        )
    first, end, size = int(found[1]), int(found[2]), int(found[3] or 4096)
    rows = Scenes(size=size, seed=first).load(folder)
    wanted = itertools.takewhile(lambda row: int(row.id.split("-")[0]) < end, rows)
    return (taught(row, profile, size) if isinstance(row, Example) and profile else row for row in wanted)


def check(rows: Iterable[Example | Unusable], fault: Fault = no_fault) -> Iterator[Example | Unusable]:
    """The same rows; those that would end a run are Unusable, with the reason. Every image's header is read once for each region of it.

    fault: what else the run can't bear.
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
    """The raster's size and the region of it, or what is wrong with one of them."""
    if names_a_file(source.path) and not texts.is_file(Path(source.path)):
        return Unusable("", "the image is missing", source.path)
    try:
        with Scene.of(source) as scene:
            size, region = scene.size, None
            try:
                region = resolve(scene, where)
            except ZoomEarthError as error:
                return Unusable("", "the region is not one of the image", error.message)
            return size, region
    except Exception as error:  # whatever a file does to its reader
        return Unusable("", "the image can't be read", as_ours(error).message)


def _unusable(example: Example, size: Size, region: Region | None, fault: Fault) -> Unusable | None:
    if texts.is_blank(example.question):
        return Unusable(example.id, "the question is empty")
    if texts.is_blank(example.answer):
        return Unusable(example.id, "the answer is empty")
    for what, text in example.texts():
        if token := CONTROL.search(text):
            return Unusable(example.id, f"the {what} holds a control token of a model", token[0])
    for given, step in zip(example.steps, example.steps_in(size)):
        if given.box and step.box and (why := _box_fault(given.box, step.box, Box(0, 0, *size))):
            return Unusable(example.id, why, f"{[round(side, 2) for side in given.box]} in an image of {size[0]} x {size[1]} pixels")
    try:
        why = fault(example, size, region)
    except Exception as error:
        why = as_ours(error).message
    return Unusable(example.id, why) if why else None


def _box_fault(given: Box, box: Box, whole: Box) -> str:
    """What is wrong with a box: given in the set's own unit, and in pixels of its image, which is `whole`."""
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
    """Each example as often as the weight says; of a fraction, a random but fixed part."""
    times, rest = int(weight), weight % 1
    return [*examples] * times + [example for example in examples if random.Random(f"{seed} {example.id}").random() < rest]


def is_held_out(image: Path, share: float) -> bool:
    """By the image's name alone: the same whatever else is in the set, so that no image is ever on both sides."""
    return int(hashlib.sha256(image.name.encode("utf-8", "surrogatepass")).hexdigest()[:8], 16) < share * 2**32
