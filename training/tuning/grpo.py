"""GRPO with trl's stock GRPOTrainer: the model decides whether to zoom, and rewards.py computes the rewards.

    zoomearth train grpo --model runs/sft-merged --data lrs-gro:/data/LRS-GRO#RL --out runs/grpo
    accelerate launch --config_file resources/accelerate/8gpu.yaml -m zoomearth train grpo ...

Differences from the textbook: crops appear inside a rollout. The serving loop cuts them (environment.py), and they are masked out of loss
and KL. Difference from the paper's code: that code crops where the LABEL has a box; here the MODEL decides. The defaults are the paper's:
learning rate 1e-7, 4 samples per question, KL 0.04, clip 0.2, temperature 0.7, advantages centred but not divided by their spread.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ...backend.cli.parser import Parser
from ...core.profile import Profile
from ..data.sources import Data, gather
from ..data.wordnet import wordnet
from . import run as tuning
from .callbacks import PictureCheck, check_rollouts, room
from .environment import Environment
from .rewards import Rewards, functions
from .run import TuningSettings
from .trl_chat import suppressed_tokens

USUAL_REPLY = 256  # tokens: two sentences of thought, and a box or an answer


def dataset(data: Data, profile: Profile) -> Any:
    """The rows of the trainer: the system's message, and the index of the example; the environment adds the rest."""
    from datasets import Dataset

    dialect = profile.dialect.offering(profile.policy)
    prompt = [{"role": "system", "content": dialect.system + dialect.tool_list}, {"role": "user", "content": ""}]
    return Dataset.from_dict({"prompt": [prompt] * len(data.examples), "index": list(range(len(data.examples)))})


@dataclass(frozen=True)
class GrpoSettings(TuningSettings):
    """The settings of `zoomearth train grpo`."""

    generations: int
    kl: float
    clip: float
    temperature: float
    entropy: float
    max_completion: int
    rewards: Rewards

    @classmethod
    def of(cls, options: argparse.Namespace) -> GrpoSettings:
        rewards = Rewards(**{setting.name: getattr(options, setting.name) for setting in fields(Rewards)})
        names = [setting.name for setting in fields(cls) if setting.name != "rewards"]
        return cls(**{name: getattr(options, name) for name in names}, rewards=rewards)

    def to_dict(self) -> dict[str, Any]:
        settings = super().to_dict()
        return {**settings, **settings.pop("rewards")}


def work(settings: GrpoSettings) -> Path:
    """Runs GRPO; returns the last checkpoint."""
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")  # trl's environments are experimental; the version of trl is pinned
    from trl import GRPOConfig, GRPOTrainer

    wordnet()  # fails here where it is missing, not during the training
    rewards = settings.rewards
    start = tuning.begin(settings)
    policy = start.profile.policy
    data = gather(settings.data, settings.bad, settings.held_out, settings.seed, start.profile)
    suppressed = suppressed_tokens(start.processor.tokenizer, start.model.config.text_config.vocab_size, start.ends)
    config = tuning.configuration(
        GRPOConfig,
        settings,
        num_generations=settings.generations,
        max_completion_length=settings.max_completion or room(policy, USUAL_REPLY),
        max_tool_calling_iterations=policy.max_zooms + policy.max_tools,
        beta=settings.kl,
        epsilon=settings.clip,
        temperature=settings.temperature,
        entropy_coef=settings.entropy,
        loss_type="grpo",
        scale_rewards="none",
        reward_weights=list(rewards.weights.values()),
        generation_kwargs={"suppress_tokens": suppressed},
    )
    check_rollouts(policy, config.max_completion_length, start.processor.tokenizer.padding_side)
    pictures = PictureCheck(start.model)

    def trainer(callbacks: list[Any], adapters: Any) -> Any:
        return GRPOTrainer(
            model=start.model,
            args=config,
            train_dataset=dataset(data, start.profile),
            processing_class=start.processor,
            reward_funcs=functions(rewards, start.ends, pictures),
            environment_factory=lambda: Environment(start.profile, data.examples),
            peft_config=adapters,
            callbacks=callbacks,
        )

    return tuning.run(trainer, start, data, settings)


def command(parser: Parser) -> None:
    tuning.flags(parser, rate=1e-7, epochs=1, batch=4, accumulate=2)
    parser.add_argument("--generations", type=int, default=4, metavar="G", help="samples per question (default 4)")
    parser.add_argument("--kl", type=float, default=0.04, help="weight of the KL divergence from the starting model (default 0.04)")
    parser.add_argument("--clip", type=float, default=0.2, help="clipping range of the probability ratio (default 0.2)")
    parser.add_argument("--temperature", type=float, default=0.7, help="sampling temperature (default 0.7)")
    parser.add_argument(
        "--entropy", type=float, default=0.0, help="weight of the entropy bonus, which keeps the samples different (default 0)"
    )
    parser.add_argument(
        "--max-completion",
        type=int,
        default=0,
        metavar="TOKENS",
        help="tokens of a completion, including its crops (default: what the policy needs)",
    )
    for setting in fields(Rewards):
        choices = setting.metadata["choices"] or None
        described = f"{setting.metadata['help']} (default {setting.default})"
        parser.add_argument(f"--{setting.name}", type=type(setting.default), default=setting.default, choices=choices, help=described)
    parser.examples(
        "zoomearth train grpo --model runs/sft-merged --data /data/mine --out runs/grpo --lora 16 --rate 1e-6",
        "zoomearth train grpo --model runs/sft-merged --data lrs-gro:/data/LRS-GRO#RL --out runs/grpo --iou 1 --region 1 --kl 0.04",
        "accelerate launch --config_file resources/accelerate/8gpu-zero2.yaml -m zoomearth train grpo --model ... --data ... --out ...",
    )
    parser.set_defaults(run=lambda options: tuning.finished(work(GrpoSettings.of(options))))
