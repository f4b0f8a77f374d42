"""GRPO through trl's GRPOTrainer as it is: the model decides whether to zoom, and is paid by rewards.py.

    zoomearth train grpo --model runs/sft-merged --data lrs-gro:/data/LRS-GRO#RL --out runs/grpo
    accelerate launch --config_file resources/accelerate/8gpu.yaml -m zoomearth train grpo ...

How it differs from the textbook: crops appear in the middle of a rollout, cut by the serving loop (environment.py), and are masked out of
loss and KL. From the paper's code: that one crops where the LABEL has a box, here the MODEL asks or does not. The defaults are the
paper's: learning rate 1e-7, 4 samples a question, KL 0.04, clip 0.2, temperature 0.7, advantages centred but not divided by their spread.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

from ...backend.cli.parser import Parser
from ...core.profile import Profile
from ..data.sources import Data, gather
from ..data.wordnet import wordnet
from . import run as tuning
from .callbacks import Eyes, check_rollouts, room
from .environment import Environment
from .rewards import Rewards, functions
from .trl_chat import never_said

USUAL_REPLY = 256  # tokens: two sentences of thought, and a box or an answer


def dataset(data: Data, profile: Profile) -> Any:
    """What the environment does not write itself: the system's message, and which example it is."""
    from datasets import Dataset

    prompt = [{"role": "system", "content": profile.dialect.system}, {"role": "user", "content": ""}]
    return Dataset.from_dict({"prompt": [prompt] * len(data.examples), "index": list(range(len(data.examples)))})


def work(options: argparse.Namespace) -> Path:
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")  # environments are an experiment of trl's; its version is pinned
    from trl import GRPOConfig, GRPOTrainer

    wordnet()  # at once, not at hour three
    rewards = Rewards(**{field.name: getattr(options, field.name) for field in fields(Rewards)})
    start = tuning.begin(options)
    policy = start.profile.policy
    data = gather(options.data, options.bad, options.held_out, options.seed, start.profile)
    never = never_said(start.processor.tokenizer, start.model.config.text_config.vocab_size, start.ends)
    config = tuning.configuration(
        GRPOConfig,
        options,
        num_generations=options.generations,
        max_completion_length=options.max_completion or room(policy, USUAL_REPLY),
        max_tool_calling_iterations=policy.max_zooms,
        beta=options.kl,
        epsilon=options.clip,
        temperature=options.temperature,
        entropy_coef=options.entropy,
        loss_type="grpo",
        scale_rewards="none",
        reward_weights=list(rewards.weights.values()),
        generation_kwargs={"suppress_tokens": never},
    )
    check_rollouts(policy, config.max_completion_length, start.processor.tokenizer.padding_side)
    eyes = Eyes(start.model)

    def trainer(callbacks: list[Any], adapters: Any) -> Any:
        return GRPOTrainer(
            model=start.model,
            args=config,
            train_dataset=dataset(data, start.profile),
            processing_class=start.processor,
            reward_funcs=functions(rewards, start.ends, eyes),
            environment_factory=lambda: Environment(start.profile, data.examples),
            peft_config=adapters,
            callbacks=callbacks,
        )

    return tuning.run(trainer, start, data, options)


def command(parser: Parser) -> None:
    tuning.flags(parser, rate=1e-7, epochs=1, batch=4, accumulate=2)
    parser.add_argument("--generations", type=int, default=4, metavar="G", help="samples a question (default 4)")
    parser.add_argument("--kl", type=float, default=0.04, help="weight of the distance to the start (default 0.04)")
    parser.add_argument("--clip", type=float, default=0.2, help="of the probability ratio (default 0.2)")
    parser.add_argument("--temperature", type=float, default=0.7, help="of the samples (default 0.7)")
    parser.add_argument("--entropy", type=float, default=0.0, help="weight of the entropy, against samples that become alike (default 0)")
    parser.add_argument("--max-completion", type=int, default=0, metavar="TOKENS", help="crops included (default: what the policy needs)")
    for setting in fields(Rewards):
        choices = setting.metadata["choices"] or None
        described = f"{setting.metadata['help']} (default {setting.default})"
        parser.add_argument(f"--{setting.name}", type=type(setting.default), default=setting.default, choices=choices, help=described)
    parser.examples(
        "zoomearth train grpo --model runs/sft-merged --data /data/mine --out runs/grpo --lora 16 --rate 1e-6",
        "zoomearth train grpo --model runs/sft-merged --data lrs-gro:/data/LRS-GRO#RL --out runs/grpo --iou 1 --region 1 --kl 0.04",
        "accelerate launch --config_file resources/accelerate/8gpu-zero2.yaml -m zoomearth train grpo --model ... --data ... --out ...",
    )
    parser.set_defaults(run=lambda options: tuning.finished(work(options)))
