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
from ...core.marks import request as mark_request
from ..evaluation.marking import LEAST_IOU, f1, paired
from ..scenes.marks import COARSE_SIDES, NOUNS, asked_of, coarse_window, marks, places, survey_window
from ..scenes.questions import exam
from ..scenes.render import VIEW, WHOLE, crop_view, global_view, square_around
from ..scenes.requests import TOOLS, Request, ask_tool
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
        logits = model.lm_head(hidden[batch.ends])
        logits[:, coder.image] = -torch.inf  # a model can't show itself a picture
        best = logits.argmax(1).tolist()
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
    first = [(pk.asked(coder, start, q.text), [overviews[i]]) for _, i, q in items]
    texts = write(model, coder, first, lambda text: "}]" in text or "</answer>" in text)
    shares: dict[str, list[float]] = {}

    def mark(name: str, value: float) -> None:
        shares.setdefault(name, []).append(value)

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
    forced = [(pk.asked(coder, start, q.text).text(coder, "<answer>"), [overviews[i]]) for _, i, q in items if q.site]
    texts = write(model, coder, forced, lambda text: "</answer>" in text, 4)
    for text, question in zip(texts, (q for _, _, q in items if q.site)):
        mark(question.kind + ", no crop", text.split("</answer>")[0] == question.answer)
    figures = {name: round(sum(values) / len(values), 3) for name, values in sorted(shares.items())}
    return {**figures, **play_skills(model, coder, first_seed, scenes)}


@torch.no_grad()
def play_skills(model: Qwen2_5_VLForConditionalGeneration, coder: pk.Coder, first_seed: int, scenes: int) -> dict[str, float]:
    """The share of requests with the right tool, of those with the right tool and box (IoU >= 0.5); F1 of marks and of places, two views a
    scene of each."""
    rng = random.Random(first_seed)
    start = pk.prefix(coder).at
    requests: list[Request] = []
    shown, views = [], []
    calls: list[tuple[pk.Tokens, list[torch.Tensor]]] = []
    truths: list[list[Box]] = []
    guided: list[bool] = []
    for seed in range(first_seed, first_seed + scenes):
        scene = make_scene(seed)
        shown.append(torch.from_numpy(patches(global_view(scene))))
        overview = forward.see(model, shown[-1][None])[0]
        for tool in TOOLS:
            if request := ask_tool(scene, tool, rng):
                requests.append(request)
                calls.append((pk.asked(coder, start, request.question.text), [overview]))
        for window in (survey_window(scene, rng), survey_window(scene, rng), coarse_window(scene, rng), WHOLE):
            coarse = window[2] - window[0] > COARSE_SIDES[0]
            view = forward.see(model, torch.from_numpy(patches(crop_view(scene, window)))[None])[0]
            for noun in rng.sample(sorted(NOUNS.values()), 2) if coarse else asked_of(scene, window, rng):
                truths.append([Box(*box) for box in (places if coarse else marks)(scene, noun, window)])
                views.append((pk.asked(coder, start, mark_request(noun, coarse)), [view]))
                guided.append(coarse)
    named, called = [], []
    for text, request in zip(write(model, coder, calls, lambda text: "</tool_call>" in text or "</answer>" in text), requests):
        box = _BOX.search(text)
        named.append(f'<tool_call>{{"name": "{request.tool}"' in text)
        near = box and Box(*map(int, box.groups())).iou(Box(*pk.box_pixels(request.box))) >= LEAST_IOU
        called.append(bool(named[-1] and near))
    counts: list[tuple[int, int, int]] = []
    found_places: list[tuple[int, int, int]] = []
    for text, truth, coarse in zip(write(model, coder, views, lambda text: "<|im_end|>" in text, 120), truths, guided):
        found = [Box(*map(int, box)) for box in _BOX.findall(text)]
        (found_places if coarse else counts).append((paired(found, truth), len(found), len(truth)))
    return {
        "tool": round(sum(named) / len(named), 3),
        "tool, box": round(sum(called) / len(called), 3),
        "marks F1": round(f1(counts), 3),
        "places F1": round(f1(found_places), 3),
        "marks, recall": round(sum(c[0] for c in counts) / max(1, sum(c[2] for c in counts)), 3),
    }
