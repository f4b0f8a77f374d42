"""The rewards of GRPO. Each rule is a function of plain values; `functions` makes trl's reward functions of them.

Paper: R = r_IoU + r_RG + r_answer + 0.05 r_pattern, r_RG = sigmoid(alpha / (d + eps)), d the distance of the boxes' centres, alpha not
published. The sigmoid of a positive number is at least 0.5, but the paper's figure shows 0.1. The released code computes
tanh(200 / (d + 1e-6)), d in source pixels, which is the default here. docs/rewards.md shows both. `necessity` rewards a zoom only where the
question needs one, as later systems do; it is off by default.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any, Callable, Sequence

from ...core.boxes import published
from ...core.geometry import Box
from ...core.look import Outcome, Stopped
from ..data.scoring import PIXEL_IOUS, answer_similarity
from .callbacks import PictureCheck
from .environment import Environment

FORMS = ("tanh", "sigmoid")
EPSILON = 1e-6  # pixels

_THOUGHT = re.compile(r"<think>.+?</think>", re.S)
_ANSWERED = re.compile(r"<think>.+?</think>.*<answer>.+?</answer>", re.S)


def _setting(default: Any, help: str, choices: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"help": help, "choices": choices})


@dataclass(frozen=True)
class Rewards:
    """The weights of the rules, and the parameters of two of them. The defaults are the paper's, with tanh."""

    answer: float = _setting(1.0, "weight of the reward for the right answer")
    pattern: float = _setting(0.05, "weight of the reward for the right format")
    iou: float = _setting(1.0, "weight of the overlap (IoU) of box and label")
    region: float = _setting(1.0, "weight of the region-guided reward, which falls with the distance of the boxes' centres")
    necessity: float = _setting(0.0, "weight of the reward for zooming only where the question needs it")
    form: str = _setting("tanh", "function of the region-guided reward", FORMS)
    alpha: float = _setting(200.0, "alpha of the region-guided reward: its reach, in source pixels")
    measure: str = _setting("expanded512_px", "how the overlap is computed", tuple(PIXEL_IOUS))

    @property
    def weights(self) -> dict[str, float]:
        return {name: getattr(self, name) for name in RULES}


def pattern(replies: Sequence[str]) -> float:
    """1 where every reply but the last has a thought and a box, and the last has a thought and an answer; else 0."""
    *asking, last = replies
    return float(all(_THOUGHT.search(reply) and published(reply) for reply in asking) and bool(_ANSWERED.search(last)))


def region_guided(predicted: Box, truth: Box, form: str = "tanh", alpha: float = 200.0) -> float:
    """Near 1 where the centres meet, and less the further they are apart; never 0. Boxes and alpha in source pixels."""
    (x0, y0), (x1, y1) = predicted.center, truth.center
    nearness = alpha / (math.hypot(x1 - x0, y1 - y0) + EPSILON)
    return math.tanh(nearness) if form == "tanh" else 1 / (1 + math.exp(-min(nearness, 700.0)))


def necessity(zooms: int, needed: bool) -> float:
    """1 where the model zoomed and the question needs a zoom, or neither; else 0."""
    return float((zooms > 0) == needed)


def _answer(rollout: Rollout, rewards: Rewards) -> float:
    given = rollout.outcome.answer
    return answer_similarity(rollout.environment._example.answer, given) if given is not None else 0.0


def _pattern(rollout: Rollout, rewards: Rewards) -> float:
    return pattern(rollout.environment._replies or [""])


def _iou(rollout: Rollout, rewards: Rewards) -> float | None:
    return rollout.boxed(PIXEL_IOUS[rewards.measure])


def _region(rollout: Rollout, rewards: Rewards) -> float | None:
    return rollout.boxed(lambda box, truth: region_guided(box, truth, rewards.form, rewards.alpha))


def _necessity(rollout: Rollout, rewards: Rewards) -> float:
    return necessity(rollout.asked, rollout.truth is not None)


@dataclass(frozen=True)
class Rollout:
    """A rollout that has ended."""

    environment: Environment
    outcome: Outcome

    @property
    def truth(self) -> Box | None:
        box: Box | None = self.environment._example.box_in(self.environment._size)
        return box

    @property
    def asked(self) -> int:
        """How often the model asked for a zoom or a tool, including invalid boxes."""
        return len(self._boxes) + (self.outcome.stopped is Stopped.BAD_BOX)

    @property
    def _boxes(self) -> list[Box]:
        """Those that the model was shown, in order: zoomed, or worked on by a tool."""
        return [shown.roi for shown in self.outcome.views if shown.roi is not None and not shown.again]

    def boxed(self, rule: Callable[[Box, Box], float]) -> float | None:
        """The rule's value for the model's last box; 0 where it gave none; None where the label has no box."""
        boxes, truth = self._boxes, self.truth
        if truth is None:
            return None
        return rule(boxes[-1], truth) if boxes else 0.0


RULES: dict[str, Callable[[Rollout, Rewards], float | None]] = {
    "answer": _answer,
    "pattern": _pattern,
    "iou": _iou,
    "region": _region,
    "necessity": _necessity,
}


def functions(rewards: Rewards, ends: Sequence[int], pictures: PictureCheck) -> list[Callable[..., list[float | None]]]:
    """trl's reward functions, one for each rule, in the order of `Rewards.weights`. ends: the tokens that end a reply.

    They return None for a rollout over a scene that could not be read, so that its group has no effect.
    """
    return [_function(name, rewards, frozenset(ends), pictures) for name in RULES]


def _function(name: str, rewards: Rewards, ends: frozenset[int], pictures: PictureCheck) -> Callable[..., list[float | None]]:
    def function(
        environments: list[Environment],
        completions: list[Any],
        completion_ids: list[list[int]],
        log_metric: Callable[[str, float], None],
        **row: Any,
    ) -> list[float | None]:
        rollouts = [
            Rollout(environment, environment._end(completion, cut=not ids or ids[-1] not in ends))
            for environment, completion, ids in zip(environments, completions, completion_ids)
        ]
        if name == "answer":
            _log(rollouts, log_metric)
            log_metric("batches_with_pictures", pictures.share)
        return [None if rollout.environment._error else RULES[name](rollout, rewards) for rollout in rollouts]

    function.__name__ = name  # trl logs it as rewards/NAME/mean
    return function


def _log(rollouts: Sequence[Rollout], log_metric: Callable[[str, float], None]) -> None:
    """Logs how often the model zooms, by the question's level, and whether its boxes are valid."""
    for rollout in rollouts:
        log_metric("zoom_rate", rollout.asked > 0)
        log_metric(f"zoom_rate/{rollout.environment._example.level or 'all'}", rollout.asked > 0)
        log_metric("stopped_answered", rollout.outcome.stopped is Stopped.ANSWERED)
        log_metric("scene_unreadable", rollout.environment._error is not None)
        if rollout.asked:
            log_metric("box_valid", rollout.outcome.stopped is not Stopped.BAD_BOX)
        if (overlap := rollout.boxed(PIXEL_IOUS["raw_px"])) is not None:
            log_metric("box_iou_raw", overlap)
