"""The published rules for right answers and boxes, each by name. Evaluation and the rewards of GRPO share them.

Sources: LRS-GRO's eval.py and bbox_iou.py (earth-insights/ZoomEarth), LRS-VQA's evaluation script, the paper's section on rewards. Their
peculiarities are reproduced: a truth with a trailing newline equals no answer; a path similarity of at least 0.8 is always 1.0 (the words
share a synset); a box with one short side is cut to a square of 512 about its centre, so that a long thin box loses its ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ...core.geometry import Box, Size
from .fields import is_number
from .wordnet import wordnet

VIEW_FRAME, LABEL_FRAME = 512, 1024  # longest side of the image in which the published records count `bbox` and `bbox_ref`
LEAST = 512


@dataclass(frozen=True)
class Score:
    """right: as the official script counts. why: an explanation for readers of the record."""

    right: bool
    why: str


def lrs_gro(truth: str, answer: str | None) -> Score:
    """LRS-GRO's rule: truth lower-cased, answer lower-cased and stripped; right if equal, or if both as nouns share a synset."""
    if answer is None:
        return Score(False, "no answer")
    return _judged(truth.lower(), answer.lower().strip(), noun)


def lrs_vqa(truth: str, answer: str | None) -> Score:
    """LRS-VQA's rule: both lower-cased, neither stripped nor lemmatised; right if equal, or if both words share a synset."""
    if answer is None:
        return Score(False, "no answer")
    return _judged(truth.lower(), answer.lower(), lambda word: word)


def _judged(truth: str, answer: str, form: Any) -> Score:
    if truth == answer:
        return Score(True, "equal")
    if shared := synsets(form(truth)) & synsets(form(answer)):
        return Score(True, f"synonyms: both are {min(shared)}")
    return Score(False, f"{answer!r} is not {truth!r}")


def answer_similarity(truth: str, answer: str) -> float:
    """The released reward r_answer, 0..1: 1 where equal (stripped, lower-cased, without a final stop), else the best path similarity in
    WordNet of both as nouns; a similarity of at least 0.8 counts as 1."""
    a, b = (text.strip().lower().rstrip(".") for text in (truth, answer))
    if a == b:
        return 1.0
    best = _best_path(noun(a), noun(b))
    return 1.0 if best >= 0.8 else best


@lru_cache(maxsize=100_000)
def noun(word: str) -> str:
    """The singular of a noun by nltk's WordNetLemmatizer; other words unchanged."""
    from nltk.stem import WordNetLemmatizer

    wordnet()
    return str(WordNetLemmatizer().lemmatize(word))


@lru_cache(maxsize=100_000)
def synsets(word: str) -> frozenset[str]:
    """Names of the word's synsets, of every part of speech. A phrase with spaces has none: nltk finds phrases with underscores only."""
    return frozenset(synset.name() for synset in wordnet().synsets(word))


@lru_cache(maxsize=100_000)
def _best_path(a: str, b: str) -> float:
    pairs = ((one, other) for one in wordnet().synsets(a) for other in wordnet().synsets(b))
    return max((one.path_similarity(other) or 0.0 for one, other in pairs), default=0.0)


def grown(box: Sequence[float]) -> Sequence[float]:
    """The crop that the published code makes of a box, without the image's size: a box with a side under 512 becomes 512 x 512 about its
    centre, in whole numbers, cut at zero; a larger box is unchanged. Raises TypeError or ValueError where these are not four numbers."""
    x0, y0, x1, y1 = (int(side) for side in box)
    if x1 - x0 >= LEAST and y1 - y0 >= LEAST:
        return box
    left, top = (x0 + x1) // 2 - LEAST // 2, (y0 + y1) // 2 - LEAST // 2
    return max(0, left), max(0, top), left + LEAST, top + LEAST


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union; reversed sides are swapped first, as in the published script."""
    ordered = (Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)) for x0, y0, x1, y1 in (a, b))
    return next(ordered).iou(next(ordered))


def expanded512_px(predicted: Box, truth: Box) -> float:
    """IoU of the two crops, in source pixels, as in the released reward."""
    return overlap(grown(predicted), grown(truth))


def raw_px(predicted: Box, truth: Box) -> float:
    """IoU of the two boxes, in source pixels."""
    return overlap(predicted, truth)


PIXEL_IOUS = {"expanded512_px": expanded512_px, "raw_px": raw_px}


def expanded512_ann(predicted: Sequence[float], label: Sequence[float]) -> float:
    """IoU as in the authors' script: with the numbers of a record, although one box is in 512ths of the image and the other in 1024ths."""
    return overlap(grown(predicted), grown(label))


def four(numbers: Any) -> list[float] | None:
    """A box of a record, [x0, y0, x1, y1], or the first of a list of boxes; None for any other value."""
    if isinstance(numbers, (list, tuple)) and numbers and isinstance(numbers[0], (list, tuple)):
        numbers = numbers[0]
    if not isinstance(numbers, (list, tuple)) or len(numbers) != 4:
        return None
    return list(numbers) if all(map(is_number, numbers)) else None


def in_pixels(numbers: Sequence[float], frame: float, size: Size) -> Box:
    """A box in source pixels. frame: the length of the image's longest side in the unit of `numbers`; size: of the image, in pixels."""
    scale = max(size) / frame
    return Box(*(side * scale for side in numbers))
