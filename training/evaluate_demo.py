"""Ask the demo model about scenes it has never seen, through the serving loop, and say how often it is right.

    python -m zoomearth.training.evaluate_demo [--questions 500] [--model resources/demo] [--json]

Every scene is a GeoTIFF on disk. Each question is asked three times: as served (`zoom`), forced to answer from the global view
(`no crop`: the same weights, `--max-zooms 0`), and with the true box in place of the model's own (`true box`). Per eight questions two
are global, three about a region, three about objects. `blind` is what the best constant answer would get.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing as mp
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ..backend.answer import Answered, answer_all
from ..backend.answer import Question as Asked
from ..backend.engines import Engine, OnText, Reply, never, silent
from ..backend.scene import Scene as Raster
from ..core.dialect import Talk
from ..core.geometry import Box
from ..core.look import Zoom
from .packing import WHOLE, to_pixels
from .playing import exam
from .pretrain import HELD_OUT
from .questions import KINDS, Question
from .scenes import make_scene
from .scenes_file import write_geotiff

FIRST_SEED = HELD_OUT + 1_000_000
"""Scenes of the evaluation: neither trained on nor looked at while training."""
MODES = ("zoom", "no crop", "true box")
LIMIT = 96
"""Tokens of a reply; the longest the model was taught has 45."""
DEMO = Path(__file__).resolve().parent.parent / "resources" / "demo"


@dataclass
class Result:
    """One question and what came of it. answers: by mode; iou and hit: of the model's own box, None for a global question."""

    seed: int
    question: str
    kind: str
    level: str
    truth: str
    answers: dict[str, str | None]
    seconds: float
    iou: float | None = None
    hit: bool | None = None

    def right(self, mode: str) -> bool:
        return self.answers[mode] == self.truth


class TrueBoxes:
    """An engine whose first reply to a detail question is the true box; everything else is the model's."""

    def __init__(self, engine: Engine, boxes: dict[str, tuple[Box, str, str]]):
        self.engine, self.boxes, self.profile = engine, boxes, engine.profile
        self.device = engine.device
        self.shown: set[int] = set()

    def reply(
        self, talks: Sequence[Talk], *, limit: int = 512, on_text: OnText = silent, cancelled: Callable[[], bool] = never
    ) -> list[Reply]:
        replies: dict[int, Reply] = {}
        for i, talk in enumerate(talks):
            found = self.boxes.get(talk.turns[1].text)
            if found and id(talk) not in self.shown and talk.view:
                self.shown.add(id(talk))
                box, label, thought = found
                replies[i] = Reply(talk.dialect.write(Zoom(box, label), talk.view, thought))
        left = [i for i in range(len(talks)) if i not in replies]
        if left:
            new = self.engine.reply([talks[i] for i in left], limit=limit, on_text=on_text, cancelled=cancelled)
            replies.update(zip(left, new))
        return [replies[i] for i in range(len(talks))]

    def close(self) -> None:
        self.engine.close()


def evaluate(engine: Engine, seed: int, size: int) -> list[Result]:
    """The questions of one scene, drawn at size x size pixels in a temporary folder that is gone afterwards."""
    scene = make_scene(seed)
    asked = list({question.text: question for question in exam(scene, random.Random(f"exam {seed}"))}.values())
    boxes = {q.text: (Box(*(v * size for v in q.site.box)), q.label, q.first_thought(to_pixels(WHOLE))) for q in asked if q.site}
    policy = engine.profile.policy
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"scene-{seed}.tif"
        write_geotiff(scene, path, size)
        with Raster.open(str(path)) as raster:
            served = answer_all(engine, [Asked(raster, question.text) for question in asked], limit=LIMIT)
            forced = answer_all(
                engine, [Asked(raster, question.text, policy=replace(policy, max_zooms=0)) for question in asked], limit=LIMIT
            )
            guided = answer_all(TrueBoxes(engine, boxes), [Asked(raster, question.text) for question in asked], limit=LIMIT)
    return [_result(seed, size, *row) for row in zip(asked, served, forced, guided)]


def _result(seed: int, size: int, question: Question, served: Answered, forced: Answered, guided: Answered) -> Result:
    answers = {mode: answered.outcome.answer for mode, answered in zip(MODES, (served, forced, guided))}
    result = Result(seed, question.text, question.kind, question.level, question.answer, answers, served.seconds)
    if question.site:
        truth = Box(*(v * size for v in question.site.box))
        zooms = served.outcome.zooms
        result.iou, result.hit = 0.0, False
        if zooms and (roi := zooms[0].roi):
            result.iou, result.hit = roi.iou(truth), truth.contains(*roi.center)
    return result


def interval(right: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion."""
    z = 1.96
    p, spread = right / of, z * math.sqrt(right / of * (1 - right / of) / of + z * z / (4 * of * of))
    low, high = ((p + z * z / (2 * of) + sign * spread) / (1 + z * z / of) for sign in (-1, 1))
    return low, high


def summary(results: Sequence[Result]) -> list[dict[str, object]]:
    """One row for all, for the details, for each level and for each kind: right answers per mode, blind share, box IoU, centre hits."""
    groups: list[tuple[str, list[Result]]] = [("all", list(results)), ("detail", [r for r in results if r.level != "global"])]
    for level, kinds in KINDS.items():
        groups.append((level, [r for r in results if r.level == level]))
        groups += [(f"  {kind}", [r for r in results if r.kind == kind]) for kind in kinds]
    rows = []
    for name, group in groups:
        if not group:
            continue
        row: dict[str, object] = {"what": name, "questions": len(group)}
        for mode in MODES:
            right = sum(r.right(mode) for r in group)
            row[mode] = {"right": right, "share": right / len(group), "interval": interval(right, len(group))}
        by_kind = [[r.truth for r in group if r.kind == kind] for kind in {r.kind for r in group}]
        row["blind"] = sum(max(Counter(truths).values()) for truths in by_kind) / len(group)
        boxes = [r for r in group if r.iou is not None]
        row["iou"] = sum(r.iou or 0.0 for r in boxes) / len(boxes) if boxes else None
        row["hit"] = sum(bool(r.hit) for r in boxes) / len(boxes) if boxes else None
        rows.append(row)
    return rows


def show(rows: Sequence[dict[str, object]], console: Console) -> None:
    table = Table(title="Right answers on unseen scenes, % (95 % interval)")
    table.add_column("")
    for name in ("questions", *MODES, "blind", "box IoU", "centre hit"):
        table.add_column(name, justify="right")
    for row in rows:
        cells = [str(row["what"]), str(row["questions"])]
        for mode in MODES:
            mark = row[mode]
            assert isinstance(mark, dict)
            low, high = mark["interval"]
            cells.append(f"{100 * mark['share']:.1f} ({100 * low:.0f}-{100 * high:.0f})")
        cells.append(f"{100 * float(str(row['blind'])):.0f}")
        cells += ["" if row[key] is None else f"{float(str(row[key])):.3f}" for key in ("iou", "hit")]
        table.add_row(*cells, style="bold" if not cells[0].startswith(" ") else "")
    console.print(table)


_worker: tuple[Engine, int]


def _begin(model: Path, size: int) -> None:
    """In a worker process: load the model, once."""
    import torch

    from ..backend.engines.local import LocalEngine

    global _worker
    torch.set_num_threads(1)
    _worker = LocalEngine(model, device="cpu"), size


def _ask_about(seed: int) -> list[Result]:
    return evaluate(_worker[0], seed, _worker[1])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m zoomearth.training.evaluate_demo", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--model", type=Path, default=DEMO, help="checkpoint folder (default: the demo model)")
    parser.add_argument("--size", type=int, default=4096, help="pixels per side of the scenes (default 4096)")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="the first scene's")
    parser.add_argument("--workers", type=int, default=2, help="processes of one thread each (default 2)")
    parser.add_argument("--json", action="store_true", help="print every result and the summary as JSON instead of a table")
    options = parser.parse_args()
    console = Console(stderr=True)
    results: list[Result] = []
    seeds = range(options.seed, options.seed + options.questions)
    pool = mp.get_context("spawn").Pool(options.workers, _begin, (options.model, options.size))
    with pool, console.status("asking") as status:
        for asked in pool.imap(_ask_about, seeds):
            results += asked
            status.update(f"asked {len(results)} of {options.questions}")
            if len(results) >= options.questions:
                break
    results = results[: options.questions]
    rows = summary(results)
    if options.json:
        json.dump({"summary": rows, "results": [asdict(result) for result in results]}, sys.stdout, indent=1)
        print()
        return
    show(rows, Console())


if __name__ == "__main__":
    main()
