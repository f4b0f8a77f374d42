"""Training rows: a view as a shared prefix, and several questions as branches after it.

A branch attends to the prefix and to itself, at the positions that it would have alone. The picture of the prefix is encoded once.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, zip_longest

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

from ..scenes import marks
from ..scenes.questions import Question
from ..scenes.render import VIEW, WHOLE, Window, to_pixels
from ..scenes.requests import Request
from .model import GRID, NUMBERS, patches

HEAD = "\n<|im_start|>system\n<|im_end|>\n<|im_start|>user\n<|vision_start|>"
TAIL = "<|im_end|><|im_start|>assistant\n"
OTHER, BOX, POINT, ANSWER, GUESS, GLOBAL, END, MARK, CHOICE = range(9)
"""The role of a token in the loss: it decides the weight, the soft labels and the logged figure. CHOICE: what a single word of the
request decides: the tool, the verb, whether there is a mark, or another one."""
WEIGHTS = {OTHER: 0.1, BOX: 2.0, POINT: 1.0, ANSWER: 1.5, GUESS: 0.4, GLOBAL: 1.5, END: 0.6, MARK: 2.0, CHOICE: 5.0}
COORDINATES = (BOX, POINT, MARK)

Box = tuple[float, float, float, float]


class Coder:
    """The tokenizer, with a cache: training texts consist of few different pieces."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast):
        self.tokenizer = tokenizer
        self.zero = tokenizer.convert_tokens_to_ids("0")
        self.image, self.pad = tokenizer.convert_tokens_to_ids(["<|image_pad|>", "<|endoftext|>"])
        self.ends = set(tokenizer.convert_tokens_to_ids([") (", ")"]))
        self.think = tokenizer.convert_tokens_to_ids("<think>")
        self.encode: Callable[[str], tuple[int, ...]] = lru_cache(20000)(self._encode)

    def _encode(self, text: str) -> tuple[int, ...]:
        return tuple(self.tokenizer.encode(text, add_special_tokens=False))


@dataclass
class Tokens:
    """A sequence of tokens with their roles in the loss and M-RoPE positions (t, h, w). at: the next position."""

    at: int = 0
    ids: list[int] = field(default_factory=list)
    roles: list[int] = field(default_factory=list)
    positions: list[tuple[int, int, int]] = field(default_factory=list)

    def text(self, coder: Coder, text: str, role: int = -1, number: int = OTHER) -> Tokens:
        """Adds a text. role: of its tokens in the loss, -1 for none; number: the role of its numbers, if it is in the loss."""
        for i in coder.encode(text):
            is_number = coder.zero <= i < coder.zero + NUMBERS
            # These tokens decide whether an object is named, and whether another one follows: existence and counts depend on them.
            decides = number == POINT and (i in coder.ends or (self.ids and self.ids[-1] == coder.think))
            own_role = number if is_number else END if decides else OTHER
            self.roles.append(-1 if role < 0 else role if role > OTHER else own_role)
            self.ids.append(i)
            self.positions.append((self.at,) * 3)
            self.at += 1
        return self

    def image(self, coder: Coder) -> Tokens:
        self.ids += [coder.image] * GRID**2
        self.roles += [-1] * GRID**2
        self.positions += [(self.at, self.at + i, self.at + j) for i in range(GRID) for j in range(GRID)]
        self.at += GRID
        return self


def box_pixels(box: Box) -> tuple[int, int, int, int]:
    """A box in scene units as whole pixels of the global view."""
    x0, y0, x1, y1 = (min(VIEW, max(0, round(v * VIEW))) for v in box)
    return x0, y0, x1, y1


def prefix(coder: Coder) -> Tokens:
    """The beginning of every conversation, up to the end of its first picture."""
    return Tokens().text(coder, HEAD).image(coder).text(coder, "<|vision_end|>")


def asked(coder: Coder, start: int, text: str) -> Tokens:
    """The question, up to the beginning of the reply. start: the position after the prefix."""
    return Tokens(start).text(coder, text + TAIL)


def first_turn(tokens: Tokens, coder: Coder, question: Question) -> Tokens:
    """Adds the first reply: thought and box."""
    assert question.site is not None
    x0, y0, x1, y1 = box_pixels(question.site.box)
    tokens.text(coder, f"<think>{question.first_thought(to_pixels(WHOLE))}</think>", OTHER, POINT)
    return tokens.text(coder, f'[{{"bbox_2d": [{x0}, {y0}, {x1}, {y1}], "label": "{question.label}"}}]', OTHER, BOX)


def tool_turn(tokens: Tokens, coder: Coder, request: Request) -> Tokens:
    """Adds the first reply to a request that needs a tool: thought and call, its box in pixels of the global view."""
    x0, y0, x1, y1 = box_pixels(request.box)
    tokens.text(coder, f"<think>{request.thought(to_pixels(WHOLE))}</think>", OTHER, POINT)
    tokens.text(coder, '<tool_call>{"name": "', END).text(coder, request.tool, CHOICE)
    tokens.text(coder, f'", "arguments": {{"bbox_2d": [{x0}, {y0}, {x1}, {y1}], "label": "{request.label}', OTHER, BOX)
    if request.verb:
        tokens.text(coder, '", "verb": "', CHOICE).text(coder, request.verb, CHOICE)
    return tokens.text(coder, '"}}</tool_call>', OTHER)


def mark_turn(tokens: Tokens, coder: Coder, label: str, boxes: Sequence[marks.Pixels]) -> Tokens:
    """Adds the reply to "mark every plane": a list of boxes in pixels of the view, which may be empty, without a thought."""
    for at, (x0, y0, x1, y1) in enumerate(boxes):
        tokens.text(coder, '"}, {"bbox_2d": [', CHOICE) if at else tokens.text(coder, '[{"bbox_2d": [', CHOICE)
        tokens.text(coder, f'{x0}, {y0}, {x1}, {y1}], "label": "{label}', OTHER, MARK)
    tokens.text(coder, '"}]', CHOICE) if boxes else tokens.text(coder, "[]", CHOICE)
    return tokens.text(coder, "<|im_end|>", OTHER)


def last_turn(tokens: Tokens, coder: Coder, question: Question, window: Window) -> Tokens:
    """Adds the last reply: a thought with coordinates, and the answer. window: of the picture that the coordinates refer to."""
    tokens.text(coder, f"<think>{question.last_thought(to_pixels(window))}</think>", OTHER, POINT)
    tokens.text(coder, "<answer>", OTHER)
    tokens.text(coder, question.answer, ANSWER if question.site else GLOBAL)
    return tokens.text(coder, "</answer><|im_end|>", OTHER)


def guess(tokens: Tokens, coder: Coder, question: Question) -> Tokens:
    """Adds a forced answer, as with `--max-zooms 0`."""
    tokens.text(coder, "<answer>")
    tokens.text(coder, question.answer, GUESS)
    return tokens.text(coder, "</answer><|im_end|>", OTHER)


def crop_turn(tokens: Tokens, coder: Coder) -> Tokens:
    return tokens.text(coder, "<|vision_start|>").image(coder).text(coder, "<|vision_end|>")


@dataclass
class Row:
    """The picture of a prefix, and its branches. crops: the pictures of all branches, in order.

    Pictures that are one array are encoded once.
    """

    picture: np.ndarray
    branches: list[Tokens] = field(default_factory=list)
    crops: list[np.ndarray] = field(default_factory=list)
    sites: np.ndarray | None = None  # dense targets of a global view, (cells, classes, 5)
    details: list[np.ndarray] = field(default_factory=list)  # dense targets of crops, (cells, DETAILS) each, see dense_heads.py
    prefix_is_crop: bool = False


@dataclass
class Batch:
    """Rows as tensors. groups: of each, the index of its first token, the number of branches, their length, and the row of each branch
    (None for group 0, which has the prefixes)."""

    ids: torch.Tensor
    positions: torch.Tensor
    groups: list[tuple[int, int, int, torch.Tensor | None]]
    pictures: torch.Tensor
    inputs: torch.Tensor  # indexes of the flat tokens after which a token is predicted ...
    targets: torch.Tensor  # ... and the ids of those tokens
    roles: torch.Tensor
    order: torch.Tensor  # the picture of each sequence of image tokens
    ends: torch.Tensor  # index of the last token of every branch (before its padding), in the order of the rows
    sites: torch.Tensor | None = None
    details: torch.Tensor | None = None
    site_cells: torch.Tensor | None = None
    detail_cells: torch.Tensor | None = None


def collate(rows: Sequence[Row], coder: Coder, encoded: bool = True) -> Batch:
    """Makes a batch of rows: first the prefixes, then the branches without a picture, with one and with two; each group is padded to its
    longest branch."""
    head = prefix(coder)
    runs: list[list[tuple[int, Tokens]]] = [[(i, head) for i in range(len(rows))], [], [], []]
    pictures = [row.picture for row in rows]
    shown: list[list[tuple[int, np.ndarray | None]]] = [[(i, None) for i in range(len(rows))], [], [], []]  # picture and dense targets
    known: dict[int, int] = {}
    where: dict[int, tuple[int, int]] = {}
    for i, row in enumerate(rows):
        crops = zip_longest(row.crops, () if row.prefix_is_crop else row.details)  # only training has dense targets
        for tokens in row.branches:
            count = tokens.ids.count(coder.image) // GRID**2
            group = 1 + count
            where[id(tokens)] = (group, len(runs[group]))
            runs[group].append((i, tokens))
            for crop, dense in islice(crops, count):
                if id(crop) not in known:
                    known[id(crop)] = len(pictures)
                    pictures.append(crop)
                shown[group].append((known[id(crop)], dense))
    ids, positions, groups, inputs, targets, roles = [], [], [], [], [], []
    first = 0
    offsets: list[tuple[int, int]] = []
    for number, run in enumerate(runs):
        offsets.append((first, 0))
        if not run:
            continue
        length = max(len(tokens.ids) for _, tokens in run)
        offsets[-1] = (first, length)
        of = None if number == 0 else torch.tensor([i for i, _ in run])
        groups.append((first, len(run), length, of))
        for j, (_, tokens) in enumerate(run):
            n = len(tokens.ids)
            ids += tokens.ids + [coder.pad] * (length - n)
            positions += tokens.positions + [(0, 0, 0)] * (length - n)
            start = first + j * length
            for k in range(1, n):
                if tokens.roles[k] >= 0:
                    inputs.append(start + k - 1)
                    targets.append(tokens.ids[k])
                    roles.append(tokens.roles[k])
        first += len(run) * length
    ends = []
    for row in rows:
        for tokens in row.branches:
            group, j = where[id(tokens)]
            start, length = offsets[group]
            ends.append(start + j * length + len(tokens.ids) - 1)
    flat = torch.tensor(ids)
    batch = Batch(
        ids=flat,
        positions=torch.tensor(positions).T.contiguous(),
        groups=groups,
        pictures=torch.from_numpy(np.stack([patches(p) for p in pictures])) if encoded else torch.empty(0),
        inputs=torch.tensor(inputs, dtype=torch.long),
        targets=torch.tensor(targets, dtype=torch.long),
        roles=torch.tensor(roles, dtype=torch.long),
        order=torch.tensor([picture for group in shown for picture, _ in group]),
        ends=torch.tensor(ends, dtype=torch.long),
    )
    cells = (flat == coder.image).nonzero()[:, 0].view(-1, GRID**2)
    scene_runs = [i for i, row in enumerate(rows) if row.sites is not None]
    if scene_runs:
        batch.site_cells = cells[scene_runs].flatten()
        batch.sites = torch.from_numpy(np.concatenate([rows[i].sites for i in scene_runs]))
    crop_runs = [i for i, row in enumerate(rows) if row.prefix_is_crop]
    crop_runs += range(len(rows), len(cells))
    details = [row.details[0] for row in rows if row.prefix_is_crop]
    details += [dense for group in shown for _, dense in group if dense is not None]
    if details:
        batch.detail_cells = cells[crop_runs].flatten()
        batch.details = torch.from_numpy(np.concatenate(details))
    return batch


def jittered(box: Box, rng: random.Random, pixels: float) -> Box:
    """The box with errors like the model's: every edge is moved by about `pixels` of the global view, in whole pixels."""
    x0, y0, x1, y1 = (round((v + rng.gauss(0, pixels) / VIEW) * VIEW) / VIEW for v in box)
    return x0, y0, max(x1, x0 + 4 / VIEW), max(y1, y0 + 4 / VIEW)
