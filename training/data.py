"""From what is named on the command line to examples that can be trained on: checked, weighted, split by image.

    KIND:PATH[#SPLIT][*WEIGHT]     lrs-gro:/data/LRS-GRO#RL     lrs-vqa:/data/LRS-VQA*0.5     scenes:/data/scenes#0-500@2048
    PATH                           a folder of your own, see folder.py

KIND is one of the benchmarks (training/benchmarks). WEIGHT is how often an example is used an epoch: 2 is twice, 0.5 every second one.
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

from ..backend.scene import Scene
from ..core.errors import BackendError, SceneError
from ..core.geometry import Box, Size
from ..core.profile import Profile
from .benchmarks import BENCHMARKS
from .benchmarks.base import Loaded, Unusable
from .benchmarks.scenes import Scenes
from .examples import Example
from .folder import Folder
from .pretrain import HELD_OUT
from .teaching import taught

OWN = "folder"
Fault = Callable[[Example, Size], str]
"""What else is wrong with an example over an image of that size, "" where nothing is."""

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
            said += f"; {len(self.dropped)} rows can't be used, the first {first.id}: {first.why}"
        return said


def gather(sources: Iterable[str], bad: str, held_out: float, seed: int, profile: Profile, fault: Fault = lambda example, size: "") -> Data:
    """What all of the sources hold. bad: skip, or fatal. held_out: the share of images left out. fault: see `check`.

    Raises BackendError where a source can't be read, nothing is left, or a row can't be used and that is fatal.
    """
    data = Data()
    for source in sources:
        weight, rows = read(source, profile)
        good: list[Example] = []
        for checked in check(rows, fault):
            (data.dropped if isinstance(checked, Unusable) else good).append(checked)  # type: ignore[arg-type]
        if data.dropped and bad == "fatal":
            first = data.dropped[0]
            raise BackendError(f"{source}: {first.id} can't be used: {first.why}.", "Mend the row, or leave such rows out: --bad skip.")
        data.held_out += [example for example in good if is_held_out(example.image, held_out)]
        data.examples += weighted([example for example in good if not is_held_out(example.image, held_out)], weight, seed)
    if not data.examples:
        why = Counter(row.why for row in data.dropped).most_common(1)
        raise BackendError(
            "There is nothing to train on.", f"Every row was dropped, most often because {why[0][0]}." if why else "The sources are empty."
        )
    return data


def read(source: str, profile: Profile | None = None) -> tuple[float, Loaded]:
    """The weight of a source, and its rows, read when they are asked for. profile: how scenes are shown, for the thoughts that point."""
    kind, separator, rest = source.partition(":")
    if not separator or kind not in BENCHMARKS:
        kind, rest = OWN, source
    rest, weight = _number(rest)
    path, _, split = rest.partition("#")
    folder = Path(path).expanduser()
    if kind == OWN:
        return weight, Folder().load(folder)
    if kind == Scenes.name:
        return weight, _drawn(folder, split, profile)
    benchmark = BENCHMARKS[kind]()
    rows = benchmark.load(folder, split)
    return weight, (row if isinstance(row, Unusable) else replace(row, question=benchmark.prompt(row)) for row in rows)


def _number(text: str) -> tuple[str, float]:
    rest, star, number = text.rpartition("*")
    if not star:
        return text, 1.0
    try:
        weight = float(number)
    except ValueError:
        return text, 1.0
    if not 0 < weight < 1000:
        raise BackendError(f"The weight of {text} is {number}.", "It is how often an example is used an epoch: 0.5, 1, 2.")
    return rest, weight


def _drawn(folder: Path, split: str, profile: Profile | None) -> Loaded:
    found = _SEEDS.fullmatch(split)
    if not found or int(found[2]) <= int(found[1]) or int(found[2]) > HELD_OUT:
        raise BackendError(
            f"scenes:{folder}#{split} names no scenes to train on.",
            f"Write scenes:FOLDER#FIRST-END[@PIXELS], seeds below {HELD_OUT:,}: later ones are for evaluation.",
        )
    first, end, size = int(found[1]), int(found[2]), int(found[3] or 4096)
    rows = Scenes(size=size, seed=first).load(folder)
    wanted = itertools.takewhile(lambda row: int(row.id.split("-")[0]) < end, rows)
    return (taught(row, profile, size) if isinstance(row, Example) and profile else row for row in wanted)


def check(rows: Iterable[Example | Unusable], fault: Fault = lambda example, size: "") -> Iterator[Example | Unusable]:
    """The same rows; those that a run would fall over are Unusable, with the reason. Every image's header is read, once.

    fault: what else the run can't bear.
    """
    sizes: dict[Path, Size | str] = {}
    for row in rows:
        if isinstance(row, Example):
            if row.image not in sizes:
                sizes[row.image] = _size(row.image)
            size = sizes[row.image]
            if why := size if isinstance(size, str) else _fault(row, size) or fault(row, size):
                row = Unusable(row.id, why)
        yield row


def _size(image: Path) -> Size | str:
    """Or what is wrong with it: the fault, a colon, and which file."""
    if not image.is_file():
        return f"the image is missing: {image}"
    try:
        with Scene.open(str(image)) as scene:
            return scene.size
    except SceneError as error:
        return f"the image can't be read: {error.message}"


def _fault(example: Example, size: Size) -> str:
    if not example.question.strip():
        return "the question is empty"
    if not example.answer.strip():
        return "the answer is empty"
    box = example.box_in(size)
    if box is not None and not box.intersect(Box(0, 0, *size)).area:
        return f"the box lies outside the image of {size[0]} x {size[1]} pixels, or has no area"
    return ""


def weighted(examples: Sequence[Example], weight: float, seed: int) -> list[Example]:
    """Each example as often as the weight says; of a fraction, a random but fixed part."""
    times, rest = int(weight), weight % 1
    return [*examples] * times + [example for example in examples if random.Random(f"{seed} {example.id}").random() < rest]


def is_held_out(image: Path, share: float) -> bool:
    """By the image's name alone: the same whatever else is in the set, so that no image is ever on both sides."""
    return int(hashlib.sha256(image.name.encode()).hexdigest()[:8], 16) < share * 2**32
