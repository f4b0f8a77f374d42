"""A quick evaluation on held-out scenes during the training, for its log: the model writes a box, gets the crop of it, and answers.

The final evaluation uses the serving loop (`zoomearth evaluate scenes`).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

import torch
from transformers import Qwen2_5_VLForConditionalGeneration

from ...core.geometry import Box
from ..scenes.questions import exam
from ..scenes.render import VIEW, crop_view, global_view, square_around
from ..scenes.scene import make_scene
from . import forward
from . import rows as pk
from .model import patches

_BOX = re.compile(r'"bbox_2d": \[(\d+), (\d+), (\d+), (\d+)\]')
_ANSWER = re.compile(r"<answer>([^<]*)</answer>")


@torch.no_grad()
def write(
    model: Qwen2_5_VLForConditionalGeneration,
    coder: pk.Coder,
    talks: Sequence[tuple[pk.Tokens, list[torch.Tensor]]],
    is_complete: Callable[[str], bool],
    limit: int = 48,
) -> list[str]:
    """Continues each conversation greedily until `is_complete(text)`, and returns the texts.

    talks: of each, the tokens after the prefix, and the features of its pictures.
    """
    texts = [""] * len(talks)
    for _ in range(limit):
        pending = [i for i, text in enumerate(texts) if not is_complete(text)]
        if not pending:
            break
        rows = [pk.Row(torch.empty(0).numpy(), [talks[i][0]], [torch.empty(0).numpy() for _ in talks[i][1][1:]]) for i in pending]
        features = [talks[i][1][0] for i in pending] + [f for i in pending for f in talks[i][1][1:]]
        batch = pk.collate(rows, coder, encoded=False)
        hidden, _ = forward.run(model, batch, coder, torch.stack(features))
        best = model.lm_head(hidden[batch.ends]).argmax(1).tolist()
        for i, token in zip(pending, best):
            tokens = talks[i][0]
            tokens.ids.append(token)
            tokens.roles.append(-1)
            tokens.positions.append((tokens.at,) * 3)
            tokens.at += 1
            texts[i] += coder.tokenizer.decode([token])
    return texts


@torch.no_grad()
def play(model: Qwen2_5_VLForConditionalGeneration, coder: pk.Coder, first_seed: int, scenes: int) -> dict[str, float]:
    """Shares of right answers by kind, with the model's zoom ("count") and without one ("count, no crop"); box IoU and centre hits."""
    rng = random.Random(first_seed)
    start = pk.prefix(coder).at
    items, globals_ = [], []
    for seed in range(first_seed, first_seed + scenes):
        scene = make_scene(seed)
        globals_.append(torch.from_numpy(patches(global_view(scene))))
        items += [(scene, len(globals_) - 1, question) for question in exam(scene, rng)]
    overviews = forward.see(model, torch.stack(globals_))
    first = [(pk.asked(coder, start, q), [overviews[i]]) for _, i, q in items]
    texts = write(model, coder, first, lambda text: "}]" in text or "</answer>" in text)
    marks: dict[str, list[float]] = {}

    def mark(name: str, value: float) -> None:
        marks.setdefault(name, []).append(value)

    zoomed, crops = [], []
    for talk, text, item in zip(first, texts, items):
        question, box_text = item[2], _BOX.search(text)
        if not question.site or not box_text:
            answer = _ANSWER.search(text)
            right = bool(answer and answer[1] == question.answer)
            mark(question.kind, right)
            mark(question.level, right)
            mark("format", bool(answer) and not question.site)
            continue
        mark("format", True)
        drawn, truth = Box(*map(int, box_text.groups())), Box(*pk.box_pixels(question.site.box))
        x0, y0, x1, y1 = drawn
        mark("iou", drawn.iou(truth))
        mark("hit", truth.contains(*drawn.center))
        box = (min(x0, x1 - 1) / VIEW, min(y0, y1 - 1) / VIEW, max(x1, 1) / VIEW, max(y1, 1) / VIEW)
        crops.append(torch.from_numpy(patches(crop_view(item[0], square_around(box, 8 / VIEW)))))
        zoomed.append((talk, item))
    if zoomed:
        features = forward.see(model, torch.stack(crops))
        last = [(pk.crop_turn(tokens, coder), [*pictures, feature]) for ((tokens, pictures), _), feature in zip(zoomed, features)]
        for text, (_, item) in zip(write(model, coder, last, lambda text: "</answer>" in text), zoomed):
            answer = _ANSWER.search(text)
            right = bool(answer and answer[1] == item[2].answer)
            mark(item[2].kind, right)
            mark(item[2].level, right)
    forced = [(pk.asked(coder, start, q).text(coder, "<answer>"), [overviews[i]]) for _, i, q in items if q.site]
    texts = write(model, coder, forced, lambda text: "</answer>" in text, 4)
    for text, question in zip(texts, (q for _, _, q in items if q.site)):
        mark(question.kind + ", no crop", text.split("</answer>")[0] == question.answer)
    return {name: round(sum(values) / len(values), 3) for name, values in sorted(marks.items())}
