"""`zoomearth evaluate skills`: how well a demo model calls tools and marks objects, on drawn scenes that no model was trained on.

Requests: the first reply to a request that needs a tool. It is right with the right tool and a box whose IoU with the true one is at least
0.5; whether an edit has the right verb too is counted apart. Marks: "mark every plane" over views at native resolution (scales from 0.8 to
1.25) of scenes of two sizes; marks and true boxes are paired from an IoU of 0.5 on. Every scene is a GeoTIFF on disk, read as the user's
own.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table

from ...backend.cli.parser import Parser, add_settings, positive, settings_of
from ...backend.engines import Engine
from ...backend.engines.open import open_engine
from ...backend.scene.scene import Scene as Raster
from ...core.boxes import find_published
from ...core.families import marking
from ...core.geometry import Box, Size, View
from ...core.look import Observation, shown_size
from ...core.marks import request as mark_request
from ...core.settings import data_folder
from ...core.talk import Talk
from ...core.tool_calls import find_call
from ..data.sets.scenes import FIRST_SEED
from ..scenes import marks
from ..scenes.geotiff import drawn
from ..scenes.requests import TOOLS, ask_tool
from ..scenes.scene import make_scene
from .marking import LEAST_IOU, f1, paired
from .statistics import interval
from .tables import percent

SIZE = 4096  # pixels a side of the scenes for requests
SIZES = (2048, 4096)  # of those for marks
SCALES = (0.8, 1.25)  # shown pixels for one of the raster
VIEWS = 2  # of each scene and size
LIMIT = 160  # tokens of a reply
WIDTH = 168  # of a view, in pixels


@dataclass(frozen=True)
class Case:
    """One request with its picture. tool, verb: "" for marks. truth: the true boxes, in pixels of the view."""

    scene: int
    group: str
    picture: Image.Image
    view: View
    text: str
    truth: tuple[Box, ...]
    tool: str = ""
    verb: str = ""


@dataclass(frozen=True)
class Result:
    """What came of a case. named: the right tool; verb: the right verb, or none where none is needed; iou: of the first box. counts: pairs,
    marks and true boxes."""

    scene: int
    group: str
    named: bool = False
    verb: bool = False
    iou: float = 0.0
    counts: tuple[int, int, int] = (0, 0, 0)

    @property
    def right(self) -> bool:
        return self.named and self.iou >= LEAST_IOU


def requests(folder: Path, engine: Engine, seed: int = FIRST_SEED) -> Iterator[Case]:
    """Requests for each tool about each scene; without end."""
    while True:
        scene, rng = make_scene(seed), random.Random(f"requests {seed}")
        path = drawn(scene, folder / f"scene-{seed}-{SIZE}.tif", SIZE)
        area = Box(0, 0, SIZE, SIZE)
        with Raster.open(path) as raster:
            view = View(area, shown_size(area, engine.profile.policy))
            picture = raster.part(view)
        for tool in TOOLS:
            if request := ask_tool(scene, tool, rng):
                box = Box(*(side * WIDTH for side in request.box))
                yield Case(seed, tool, picture, view, request.question.text, (box,), tool, request.verb)
        seed += 1


def views(folder: Path, seed: int = FIRST_SEED) -> Iterator[Case]:
    """Requests to mark objects in views of each scene; without end."""
    while True:
        scene, rng = make_scene(seed), random.Random(f"marks {seed}")
        for size in SIZES:
            path = drawn(scene, folder / f"scene-{seed}-{size}.tif", size)
            with Raster.open(path) as raster:
                for _ in range(VIEWS):
                    sides = WIDTH / SCALES[1] / size, WIDTH / SCALES[0] / size
                    x0, y0, x1, _ = (round(side * size) for side in marks.survey_window(scene, rng, sides))
                    window = x0, y0, x1, min(y0 + x1 - x0, size)
                    view = View(Box(*window), Size(WIDTH, WIDTH))
                    part = (window[0] / size, window[1] / size, window[2] / size, window[3] / size)
                    picture = raster.part(view)
                    for noun in marks.asked_of(scene, part, rng):
                        truth = tuple(Box(*box) for box in marks.marks(scene, noun, part))
                        yield Case(seed, f"{size} px", picture, view, mark_request(noun), truth)
        seed += 1


def ask(engine: Engine, cases: Sequence[Case], together: int) -> list[Result]:
    """The first reply to each case, compared with the truth."""
    dialect, results = engine.profile.dialect, []
    calling, listing = dialect.offering(replace(engine.profile.policy, max_tools=1)), marking(dialect)
    for start in track(range(0, len(cases), together), "asking", console=Console(stderr=True), transient=True):
        group = cases[start : start + together]
        talks = []
        for case in group:
            talks.append(Talk(calling if case.tool else listing))
            talks[-1].observe(Observation(case.view, case.text, begins=True), case.picture)
        replies = engine.reply(talks, limit=LIMIT, together=together)
        results += [_result(case, reply.text) for case, reply in zip(group, replies)]
    return results


def _result(case: Case, reply: str) -> Result:
    if case.tool:
        call = find_call(reply)
        box = Box(*call.numbers) if call and call.numbers else Box(0, 0, 0, 0)
        named = call is not None and call.name == case.tool
        verb = call is not None and call.others.get("verb", "") == case.verb
        return Result(case.scene, case.group, named, verb, box.iou(case.truth[0]))
    found = [Box(*written.numbers) for written in find_published(reply) if len(written.numbers) == 4]
    return Result(case.scene, case.group, counts=(paired(found, case.truth), len(found), len(case.truth)))


def share_right(results: Sequence[Result]) -> float:
    return sum(result.right for result in results) / len(results)


def marks_f1(results: Sequence[Result]) -> float:
    return f1([result.counts for result in results])


def summary(results: Sequence[Result], value: Callable[[Sequence[Result]], float]) -> dict[str, dict[str, Any]]:
    """Of all results and of each group: n, the value, its interval, and the sums."""
    groups = {"all": list(results)}
    for result in results:
        groups.setdefault(result.group, []).append(result)
    rows: dict[str, dict[str, Any]] = {}
    for name, group in groups.items():
        pairs, written, truth = (sum(each) for each in zip(*(result.counts for result in group)))
        rows[name] = {"n": len(group), "value": value(group), "interval": interval(group, value)}
        rows[name] |= {"named": sum(result.named for result in group) / len(group), "pairs": pairs, "marks": written, "truth": truth}
        rows[name]["exact"] = sum(result.right and result.verb for result in group) / len(group)
    return rows


def command(parser: Parser) -> None:
    parser.add_argument("--requests", type=positive, default=300, metavar="N", help="requests that need a tool (default 300)")
    parser.add_argument("--marks", type=positive, default=600, metavar="N", help="requests to mark objects in a view (default 600)")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="where the scenes are drawn (default: those of `evaluate scenes`)")
    parser.add_argument("--batch", type=positive, default=8, metavar="N", help="requests in lockstep (default 8)")
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    add_settings(parser)
    parser.examples("zoomearth evaluate skills", "zoomearth evaluate skills --model runs/demo/model --requests 100 --marks 200")
    parser.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    folder = options.data or data_folder() / "benchmarks" / "scenes"
    folder.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings_of(options))
    status = Console(stderr=True)
    try:
        with status.status("drawing scenes"):
            asked = list(islice(requests(folder, engine), options.requests))
        called = summary(ask(engine, asked, options.batch), share_right)
        with status.status("drawing scenes"):
            asked = list(islice(views(folder), options.marks))
        marked = summary(ask(engine, asked, options.batch), marks_f1)
    finally:
        engine.close()
    if options.json:
        print(json.dumps({"requests": called, "marks": marked}))
        return 0
    console = Console(highlight=False)
    table = Table("", "requests", "right tool, %", "and IoU >= 0.5, % (95 %)", "and verb, %", title="requests that need a tool")
    for name, row in called.items():
        table.add_row(name, str(row["n"]), f"{100 * row['named']:.1f}", percent(row["value"], row["interval"]), f"{100 * row['exact']:.1f}")
    console.print(table)
    table = Table("", "requests", "true boxes", "precision, %", "recall, %", "F1, % (95 %)", title="marks, paired from an IoU of 0.5 on")
    for name, row in marked.items():
        precision, recall = (f"{100 * row['pairs'] / max(1, row[of]):.1f}" for of in ("marks", "truth"))
        table.add_row(name, str(row["n"]), str(row["truth"]), precision, recall, percent(row["value"], row["interval"]))
    console.print(table)
    return 0
