"""Trains the demo model on drawn scenes, on CPU cores: from scratch, or from the weights of an earlier one.

    zoomearth demo pretrain train RUN --minutes 90 --workers 2     (run again: continues from the last checkpoint)
    zoomearth demo pretrain train RUN --start resources/demo --minutes 90
    zoomearth demo pretrain export RUN resources/demo

Every scene is new, so that the logged figures are held-out figures. The curriculum begins with one-picture rows (boxes on global views,
questions on crops) and changes to real two-turn rows; calls of tools and marks in the views of a survey are in it from the beginning. With
--start, a run has the late part of the curriculum only; the vocabulary may have grown. Workers are processes with one thread that average
their gradients. Muon trains the hidden matrices, AdamW the other weights. RUN gets `plan.json`, `log.jsonl` and `checkpoint.pt` (weights,
optimizers, step, seconds). A file `stop` in RUN ends the training after the current step.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import sys
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from ...backend.cli.parser import Parser, positive
from ...core.errors import ModelError, UsageError
from ..scenes.scene import HELD_OUT
from . import forward
from . import rows as pk
from .curriculum import rows_of
from .dense_heads import Heads
from .model import export, make_model, make_tokenizer, shape_of, take_over
from .muon import Muon
from .quick_eval import play

LEARNT = 0.5
"""The share of the curriculum that a run with --start leaves out: all of it before the serving layout."""
HURRY = 6.0
"""How much faster the dense heads learn, which are new, where the model is not."""


@dataclass(frozen=True)
class Plan:
    """The settings of a run; its folder has them as `plan.json` for later commands.

    vision: width, depth, heads; text: width, depth, heads, key-value heads; rates: of Muon and AdamW; decay: the share of the run in which
    the rates fall to zero; two_turns: the shares of the run between which the serving layout replaces one-picture rows.
    start: the folder of the model whose weights it begins with, "" for random ones; begin: the share of the curriculum that such a run
    leaves out; earlier: what that model was trained on; first_seed: of the run's scenes, behind those that the model has seen.
    """

    minutes: float = 90.0
    scenes_per_step: int = 16
    vision: tuple[int, int, int] = (128, 3, 4)
    text: tuple[int, int, int, int] = (128, 4, 4, 2)
    rates: tuple[float, float] = (0.012, 1.2e-3)
    warm_up: int = 40
    decay: float = 0.35
    two_turns: tuple[float, float] = (0.36, 0.5)
    start: str = ""
    begin: float = 0.0
    earlier: dict[str, Any] = field(default_factory=dict)
    first_seed: int = 0

    def write(self, folder: Path) -> None:
        (folder / "plan.json").write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def of_folder(cls, folder: Path) -> Plan:
        """The plan of an existing run, else the default."""
        file = folder / "plan.json"
        stored: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
        values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
        return cls(**values)


class Trainer:
    """The state of one worker: model, heads, optimizers, step and time."""

    def __init__(self, folder: Path, plan: Plan):
        torch.manual_seed(0)
        self.folder, self.plan = folder, plan
        self.tokenizer = make_tokenizer()
        self.coder = pk.Coder(self.tokenizer)
        self.model = make_model(self.tokenizer, plan.vision, plan.text)
        self.heads = Heads(plan.text[0])
        self.parameters = [*self.model.parameters(), *self.heads.parameters()]
        matrices = [p for n, p in self.model.named_parameters() if p.ndim == 2 and "embed" not in n and "lm_head" not in n]
        muon = {id(p) for p in matrices}
        others = [p for p in self.model.parameters() if id(p) not in muon]
        dense: dict[str, Any] = {"params": [*self.heads.parameters()], "hurry": HURRY if plan.start else 1.0}
        self.optimizers: list[torch.optim.Optimizer] = [
            Muon(matrices, lr=plan.rates[0]),
            torch.optim.AdamW([{"params": others}, dense], lr=plan.rates[1], betas=(0.9, 0.98), weight_decay=0.01, fused=True),
        ]
        self.step, self.spent = 0, 0.0

    def save(self) -> None:
        state = {"model": self.model.state_dict(), "heads": self.heads.state_dict(), "step": self.step, "spent": self.spent}
        state["optimizers"] = [o.state_dict() for o in self.optimizers]
        beside = self.folder / "checkpoint.part"
        torch.save(state, beside)
        beside.replace(self.folder / "checkpoint.pt")

    def load(self) -> bool:
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return False
        state = torch.load(path)
        self.model.load_state_dict(state["model"])
        self.heads.load_state_dict(state["heads"])
        for optimizer, saved in zip(self.optimizers, state["optimizers"]):
            optimizer.load_state_dict(saved)
        self.step, self.spent = state["step"], state["spent"]
        return True

    def begin(self) -> None:
        """Continues from the checkpoint, else begins with the weights of the plan's model, if it names one."""
        if not self.load() and self.plan.start:
            take_over(self.model, self.tokenizer, Path(self.plan.start))

    def learn(self, seeds: range, progress: float, workers: int) -> dict[str, float]:
        """One step on these scenes; gradients are averaged over the workers."""
        ramp = self.plan.two_turns
        share = 0.9 * min(1.0, max(0.05, (progress - ramp[0]) / (ramp[1] - ramp[0])))
        rows = [row for seed in seeds for row in rows_of(seed, share, self.coder)]
        batch = pk.collate(rows, self.coder)
        hidden, middle = forward.run(self.model, batch, self.coder, forward.see(self.model, batch.pictures), tap=1)
        loss, figures = forward.loss(self.model, batch, hidden, self.coder, 3.0 * (1 - progress) + 0.8 * progress)
        if self.plan.start and self.step < self.plan.warm_up:  # the dense heads are new: until they fit, they don't teach
            hidden, middle = hidden.detach(), middle.detach()
        dense, more = self.heads.loss(batch, middle)
        linear, most = self.heads.number_loss(batch, hidden, self.coder.zero)
        (loss + (1 - 0.6 * progress) * dense + 2 * linear).backward()
        gradient = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in self.parameters])
        if workers > 1:
            dist.all_reduce(gradient)
            gradient /= workers
        norm = gradient.norm().item()
        gradient *= min(1.0, 4.0 / (norm + 1e-6))
        at = 0
        for p in self.parameters:
            p.grad = gradient[at : at + p.numel()].view_as(p)
            at += p.numel()
        scale = min(1.0, (self.step + 1) / self.plan.warm_up) * min(1.0, (1 - progress) / self.plan.decay + 0.01)
        for optimizer, rate in zip(self.optimizers, self.plan.rates):
            for group in optimizer.param_groups:
                group["lr"] = rate * scale * group.get("hurry", 1.0)
            optimizer.step()
            optimizer.zero_grad()
        self.step += 1
        return {"loss": loss.item(), "norm": norm, **figures, **more, **most}


def work(rank: int, workers: int, folder: Path, plan: Plan) -> None:
    """The training loop of one worker."""
    torch.set_num_threads(1)
    if workers > 1:
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(29400 + os.getppid() % 500))
        dist.init_process_group("gloo", rank=rank, world_size=workers)
    trainer = Trainer(folder, plan)
    trainer.begin()
    if rank == 0:
        print(f"{sum(p.numel() for p in trainer.model.parameters()) / 1e6:.2f} M parameters, step {trainer.step}, {plan}", flush=True)
    each = plan.scenes_per_step // workers
    began, before = time.time(), trainer.spent
    figures: list[dict[str, float]] = []
    saved = played = time.time()
    clock = torch.zeros(2, dtype=torch.float64)  # seconds spent, whether to stop: rank 0 decides for all
    while True:
        clock[0], clock[1] = before + time.time() - began, (folder / "stop").exists()
        if workers > 1:
            dist.broadcast(clock, 0)
        trainer.spent = clock[0].item()
        progress = plan.begin + (1 - plan.begin) * trainer.spent / (60 * plan.minutes)
        if progress >= 1 or clock[1]:
            break
        first = plan.first_seed + trainer.step * plan.scenes_per_step + rank * each
        figures.append(trainer.learn(range(first, first + each), progress, workers))
        if trainer.step % 10 == 0:
            return_freed_memory()
        if rank:
            continue
        if trainer.step % 50 == 0:
            keys = {key for one in figures for key in one}
            means = {k: round(sum(v) / len(v), 3) for k in sorted(keys) if (v := [one[k] for one in figures if k in one])}
            note(folder, step=trainer.step, seconds=round(trainer.spent), progress=round(progress, 3), **means)
            figures = []
        if time.time() - saved > 120:
            trainer.save()
            saved = time.time()
        if time.time() - played > 600:
            note(folder, step=trainer.step, seconds=round(trainer.spent), played=play(trainer.model, trainer.coder, HELD_OUT, 12))
            played = time.time()
    if rank == 0:
        trainer.save()
        note(folder, step=trainer.step, seconds=round(trainer.spent), played=play(trainer.model, trainer.coder, HELD_OUT, 24))


def return_freed_memory() -> None:
    """glibc keeps freed memory, and the gaps between blocks of ever other sizes grow by 100 MB a step."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim:
        trim(0)


def note(folder: Path, **facts: Any) -> None:
    with (folder / "log.jsonl").open("a") as log:
        log.write(json.dumps(facts) + "\n")
    print(json.dumps(facts), flush=True)


def command(parser: Parser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    train = actions.add_parser("train", help="train, or continue a run", description="Train the demo model, or continue a run.")
    train.add_argument("folder", type=Path, metavar="RUN", help="the run's folder")
    train.add_argument("--minutes", type=float, help="minutes of training in all, including earlier sessions (default 90)")
    train.add_argument("--workers", type=positive, default=2, metavar="N", help="processes of one thread each (default 2)")
    train.add_argument("--start", type=Path, metavar="MODEL", help="begin with the weights of this exported model")
    train.examples("zoomearth demo pretrain train runs/demo --minutes 105 --workers 2")
    train.set_defaults(run=_train)
    write = actions.add_parser("export", help="write a model folder", description="Write a run's model as a folder for --model.")
    write.add_argument("folder", type=Path, metavar="RUN", help="the run's folder")
    write.add_argument("out", type=Path, metavar="OUT", help="the model's folder")
    write.examples("zoomearth demo pretrain export runs/demo my-demo-model")
    write.set_defaults(run=_export)
    parser.examples("zoomearth demo pretrain train runs/demo --minutes 105", "zoomearth demo pretrain export runs/demo my-demo-model")


def continued(plan: Plan, start: Path) -> Plan:
    """The plan of a run that begins with the weights of an exported model: its shape, the late part of the curriculum, and smaller steps.

    Raises ModelError.
    """
    vision, text = shape_of(start)
    profile = json.loads((start / "zoomearth.json").read_text(encoding="utf-8"))
    rates = plan.rates[0] / 2, plan.rates[1] / 2
    plan = replace(plan, scenes_per_step=8, vision=vision, text=text, rates=rates, warm_up=100, decay=0.25)
    earlier = profile["trained_on"]
    return replace(plan, start=str(start), begin=LEARNT, earlier=earlier, first_seed=_scenes(earlier))


def _scenes(card: dict[str, Any]) -> int:
    """How many scenes a model has seen, with the models that it began with. card: its `trained_on`."""
    return int(card["scenes"]) + (_scenes(card["earlier"]) if "earlier" in card else 0)


def _train(options: argparse.Namespace) -> int:
    options.folder.mkdir(parents=True, exist_ok=True)
    plan = Plan.of_folder(options.folder)
    if options.minutes:
        plan = replace(plan, minutes=options.minutes)
    if options.start and str(options.start) != plan.start:
        if (options.folder / "checkpoint.pt").exists():
            raise UsageError(f"{options.folder} has a checkpoint that did not begin with {options.start}.", "Give another RUN.")
        plan = continued(plan, options.start)
    plan.write(options.folder)
    if options.workers == 1:
        work(0, 1, options.folder, plan)
    else:
        mp.spawn(work, (options.workers, options.folder, plan), options.workers)
    return 0


def _export(options: argparse.Namespace) -> int:
    trainer = Trainer(options.folder, Plan.of_folder(options.folder))
    if not trainer.load():
        raise ModelError(f"{options.folder} has no checkpoint.pt.", "Train first: zoomearth demo pretrain train RUN")
    card: dict[str, Any] = {"scenes": trainer.step * trainer.plan.scenes_per_step, "steps": trainer.step}
    card["seconds"] = round(trainer.spent)
    if trainer.plan.start:
        card["earlier"] = trainer.plan.earlier
    export(trainer.model, trainer.tokenizer, options.out, card)
    return 0
