"""Checks and callbacks of a run: stop it where the model would not see its pictures, draw its curves, complete its checkpoints."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from ...core.atomic import beside
from ...core.errors import ModelError
from ...core.look import Policy
from ...core.profile import FILE
from .checkpoint import Start, carry
from .trl_chat import CELL

LEAST_REPLY = 64  # tokens: a box takes about 45 of Qwen2.5-VL's
PANELS = {
    "loss": ("loss",),
    "rewards": ("reward", "rewards/answer/mean", "rewards/pattern/mean", "rewards/iou/mean", "rewards/region/mean"),
    "spread in a group": ("reward_std", "frac_reward_zero_std"),
    "looks": ("zoom_rate", "zoom_rate/global", "zoom_rate/region", "zoom_rate/object", "zoom_rate/all", "box_valid", "box_iou_raw"),
    "KL and entropy": ("kl", "entropy"),
    "tokens a completion": ("completions/mean_length", "completions/max_length"),
    "right tokens": ("mean_token_accuracy",),
}


def picture_tokens(policy: Policy) -> int:
    """The largest number of tokens of a view. The processor rounds a view that does not consist of whole cells, at worst up."""
    side = policy.view // CELL if policy.multiple % CELL == 0 else -(-policy.view // CELL)
    return side**2


def room(policy: Policy, reply: int) -> int:
    """Tokens of a completion with all allowed zooms and tools and replies of `reply` tokens, including the pictures."""
    looks = policy.max_zooms + policy.max_tools
    return looks * picture_tokens(policy) + (looks + 1) * reply


def check_rollouts(policy: Policy, max_completion_length: int, padding_side: str) -> None:
    """Raises ModelError for settings with which the model would be trained without its pictures, and without an error of trl."""
    if padding_side != "left":
        raise ModelError(f"The tokenizer pads on the {padding_side}: trl would then count picture tokens wrongly.", "Pad on the left.")
    if policy.max_zooms < 1:
        raise ModelError("The policy allows no zoom, so there is nothing to learn about looking.", "Set --policy max_zooms=1 or more.")
    least = room(policy, LEAST_REPLY)
    if max_completion_length < least:
        raise ModelError(
            f"A completion of {max_completion_length} tokens can't hold {policy.max_zooms} crop(s) of up to {picture_tokens(policy)} "
            "tokens and the replies, so trl would drop the crops.",
            f"Set --max-completion to {least} or more, or a smaller view: --policy view=336.",
        )


class PictureCheck:
    """Checks every training batch before the model gets it: a batch without pictures, or with miscounted picture tokens, ends the run."""

    def __init__(self, model: Any) -> None:
        self.batches = self.with_pictures = 0
        self._pad = model.config.image_token_id
        model.model.register_forward_pre_hook(self._check, with_kwargs=True)

    @property
    def share(self) -> float:
        """The share of the training batches so far that have pictures; 1 before the first batch."""
        return self.with_pictures / self.batches if self.batches else 1.0

    def _check(self, module: Any, arguments: Any, inputs: dict[str, Any]) -> None:
        if not torch.is_grad_enabled():  # a call of the generation or of the reference model
            return
        self.batches += 1
        if inputs.get("pixel_values") is None:
            raise ModelError(
                "A training batch came without pictures: trl drops all of a batch where a completion's picture tokens are cut or sampled.",
                "Raise --max-completion, and leave the picture tokens among the suppressed ones.",
            )
        kinds, ids = inputs.get("mm_token_type_ids"), inputs.get("input_ids")
        if kinds is None or ids is None or not torch.equal(kinds == 1, ids == self._pad):
            raise ModelError(
                "The picture tokens of a training batch are not at the positions that the model is given: it would learn wrong ones.",
                'Set the tokenizer\'s padding_side to "left".',
            )
        self.with_pictures += 1


class CompleteCheckpoints(TrainerCallback):  # type: ignore[misc]  # it has no types
    """Adds to every checkpoint the files that serving needs; zoomearth.json is written last, and marks a complete checkpoint."""

    def __init__(self, start: Start) -> None:
        self.start = start

    def on_save(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        if state.is_world_process_zero:
            carry(self.start.folder, Path(args.output_dir) / f"checkpoint-{state.global_step}", self.start.profile)


def last_complete(run: Path, tidy: bool) -> Path | None:
    """The newest complete checkpoint. tidy: remove newer ones, which are incomplete because the process was killed."""
    checkpoints = sorted(run.glob("checkpoint-*"), key=lambda folder: int(folder.name.split("-")[1]))
    while checkpoints and not (checkpoints[-1] / FILE).is_file():
        broken = checkpoints.pop()
        if tidy:
            shutil.rmtree(broken)
    return checkpoints[-1] if checkpoints else None


class Curves(TrainerCallback):  # type: ignore[misc]  # it has no types
    """Draws RUN/curves.png, at most twice a minute, and at the end."""

    pause = 30.0  # seconds

    def __init__(self) -> None:
        self.drawn = time.monotonic()

    def on_log(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        if time.monotonic() - self.drawn > self.pause:
            self._draw(args, state)

    def on_train_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        self._draw(args, state)

    def _draw(self, args: Any, state: Any) -> None:
        if state.is_world_process_zero:
            draw(state.log_history, Path(args.output_dir) / "curves.png")
        self.drawn = time.monotonic()


def draw(history: list[dict[str, float]], file: Path) -> None:
    """Draws the panels for which the history has values, over the steps."""
    from matplotlib.figure import Figure

    panels = {title: [key for key in keys if any(row.get(key) is not None for row in history)] for title, keys in PANELS.items()}
    panels = {title: keys for title, keys in panels.items() if keys}
    figure = Figure(figsize=(12, 3.2 * -(-len(panels) // 3) or 3.2), layout="constrained")
    for at, (title, keys) in enumerate(panels.items()):
        axes = figure.add_subplot(-(-len(panels) // 3), 3, at + 1)
        for key in keys:
            points = [(row["step"], row[key]) for row in history if row.get(key) is not None]
            axes.plot(*zip(*points), label=key.removeprefix("rewards/").removesuffix("/mean"), linewidth=1)
        axes.set_title(title, fontsize=10)
        axes.legend(fontsize=7)
        axes.grid(alpha=0.3)
    with beside(file) as new:
        figure.savefig(new, format="png", dpi=100)
