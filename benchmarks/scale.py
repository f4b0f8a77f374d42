"""Measures batches over many rasters: the cost of a row through Ray, memory, rows a second over HTTP, and runs whose workers are killed.

    python benchmarks/scale.py [--rows 10000] [--cogs 1000] [--kills 5] [--folder FOLDER]

Rows of the first two parts (the cost of a row; kills) are asked of an engine that answers by rule at once; those of the third of the demo
model, about cloud-optimised GeoTIFFs that are made in FOLDER (else in a temporary folder that is deleted) and served over HTTP on this
machine: in one process, through Ray, and through Ray while workers are killed. A number of 0 leaves its part out. Ray's workers have the
priority of this process, and not the lower one that Ray gives them by default.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from machine import machine

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from zoomearth.backend.batch import asked, line, question_of, run  # noqa: E402
from zoomearth.backend.cluster import Cluster  # noqa: E402
from zoomearth.backend.engines import Reply  # noqa: E402
from zoomearth.backend.engines.open import open_engine  # noqa: E402
from zoomearth.backend.engines.scripted import ScriptedEngine  # noqa: E402
from zoomearth.core.profile import Profile  # noqa: E402
from zoomearth.core.requests import AT_ONCE, Ask  # noqa: E402
from zoomearth.core.settings import Settings  # noqa: E402
from zoomearth.core.source import SceneSource  # noqa: E402
from zoomearth.core.talk import Talk  # noqa: E402

MEGABYTE = 1e6
FIRST = 1000  # the row at which memory is measured for the first time


class ByRule(ScriptedEngine):
    """Answers each question with a hash of it: no time of its own."""

    def __init__(self) -> None:
        policy = {"view": 112, "least": 56, "max_zooms": 1, "native": None}
        super().__init__(Profile.from_dict({"name": "by rule", "dialect": "zoomearth", "instruction": "", "policy": policy}), [""])

    def _one(self, index: int, talk: Talk, limit: int, *rest: Any) -> Reply:
        return Reply(f"<think>seen</think><answer>{hashlib.md5(talk.turns[1].text.encode()).hexdigest()}</answer>")


def by_rule(settings: Settings, key: str | None, cap: int | None) -> ByRule:
    return ByRule()


def here(engine: Any, rows: list[Ask], at_once: int = AT_ONCE) -> Iterator[dict[str, Any]]:
    for each in run(engine, rows, question_of, at_once, False):
        yield line(asked(each.row), each.answered, each.error, engine.profile.name)


def workers_here() -> list[psutil.Process]:
    """The processes below this one that run workers."""
    found = []
    for each in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it ends just now
            found += [each] if "ray::Worker" in " ".join(each.cmdline()) else []
    return found


def cpu() -> float:
    """Seconds of a processor that this process and the workers below it have taken."""
    return sum(sum(each.cpu_times()[:2]) for each in (psutil.Process(), *workers_here()))


def memory() -> tuple[float, float]:
    """MB of this process, and of the workers (Ray's own processes do not count)."""
    return psutil.Process().memory_info().rss / MEGABYTE, sum(each.memory_info().rss for each in workers_here()) / MEGABYTE


def small_rasters(folder: Path, count: int = 50) -> list[Path]:
    from rasters import make

    paths = [folder / f"small-{at}.tif" for at in range(count)]
    for at, path in enumerate(paths):
        if not path.exists():
            make(path, np.random.default_rng(at).integers(0, 255, (3, 256, 256), dtype=np.uint8))
    return paths


def cost_of_a_row(folder: Path, count: int) -> None:
    paths = small_rasters(folder)
    rows = [Ask(SceneSource(str(paths[at % len(paths)])), f"Is {at} there?", id=str(at)) for at in range(count)]
    began, taken = time.perf_counter(), cpu()
    few = rows[:FIRST]
    alone = {each["id"]: each for each in here(ByRule(), few)}
    single, single_cpu = (time.perf_counter() - began) / len(few), (cpu() - taken) / len(few)
    with Cluster("ray", Settings(), open=by_rule) as cluster:
        profile, _ = cluster.open()
        marks: dict[int, tuple[float, float]] = {}
        same, began, taken = 0, time.perf_counter(), cpu()
        for number, each in enumerate(cluster.ask(rows, profile), 1):
            same += each["id"] in alone and each["answer"] == alone[each["id"]]["answer"]
            if number in (min(FIRST, count), count):
                marks[number] = memory()
        through, through_cpu = (time.perf_counter() - began) / count, (cpu() - taken) / count
        workers = cluster.workers
    print(f"## {count} rows through Ray, {len(few)} of them in one process too; an engine without time of its own, {workers} worker(s)")
    for name, seconds, of_cpu in (("in one process", single, single_cpu), ("through Ray", through, through_cpu)):
        print(f"  {name:15} {1000 * seconds:7.2f} ms a row, {1000 * of_cpu:6.2f} ms of a processor")
    print(f"  {'overhead':15} {1000 * (through - single):+7.2f} ms a row, {1000 * (through_cpu - single_cpu):+6.2f} ms of a processor")
    print(f"  equal answers   {same} of {len(few)}")
    for number, (driver, of_workers) in marks.items():
        print(f"  memory at row {number:6d}: driver {driver:5.0f} MB, workers {of_workers:5.0f} MB")
    (first, last) = (sum(marks[number]) for number in (min(marks), max(marks)))
    print(f"  growth           {last - first:+.0f} MB")


def cogs(folder: Path, count: int) -> list[str]:
    """Names of GeoTIFFs of 1,024 x 1,024 px with overviews."""
    from rasters import city, copy, make

    names = [f"cog-{at}.tif" for at in range(count)]
    picture = city(2048, 2048)
    for at, name in enumerate(names):
        if (folder / name).exists():
            continue
        left, top = (int(side) for side in np.random.default_rng(at).integers(0, 1024, 2))
        make(folder / "part.tif", np.ascontiguousarray(picture[:, top : top + 1024, left : left + 1024]))
        copy(folder / "part.tif", folder / name, "COG", COMPRESS="DEFLATE", BLOCKSIZE="256")
    return names


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of a folder, in a process of its own."""
    program = "import sys, time; from pathlib import Path; from range_server import RangeServer\n"
    program += "with RangeServer(Path(sys.argv[1])) as server: print(server.url, flush=True); time.sleep(1e6)"
    server = subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True, cwd=HERE.parent / "tests")
    try:
        yield server.stdout.readline().strip()
    finally:
        server.kill()


def moments_of(count: int, kills: int) -> list[int]:
    """Rows after which a worker is killed, at random."""
    return sorted(random.Random().sample(range(1, count * 3 // 4), kills))


def through_ray(rows: list[Ask], moments: list[int], **options: Any) -> tuple[list[dict[str, Any]], float, int, int]:
    """The lines of all rows, the seconds that they took once the workers were warm, the workers, and how many of them were killed with
    SIGKILL, one after each moment."""
    lines: list[dict[str, Any]] = []
    due = list(moments)
    with Cluster("ray", Settings(), **options) as cluster:
        profile, _ = cluster.open()
        list(cluster.ask(rows[:1], profile))
        begun = time.perf_counter()
        for each in cluster.ask(rows, profile):
            lines.append({**each, "seconds": None})
            if due and len(lines) >= due[0] and (there := workers_here()):
                random.choice(there).send_signal(signal.SIGKILL)
                del due[0]
        return lines, time.perf_counter() - begun, cluster.workers, len(moments) - len(due)


def over_http(folder: Path, count: int, kills: int) -> None:
    names = cogs(folder, count)
    with served(folder) as url:
        rows = [Ask(SceneSource(url + name), "How many planes are there?", id=name) for name in names]
        engine = open_engine(Settings())
        next(here(engine, rows[:1]))  # it is warm
        began = time.perf_counter()
        alone = {each["id"]: each for each in here(engine, rows)}
        single = time.perf_counter() - began
        engine.close()
        done, through, workers, _ = through_ray(rows, [])
        print(f"## {count} COGs of 1,024 px over HTTP, the demo model, {workers} worker(s) with one model each")
        print(f"  batch in one process  {single:7.1f} s  {count / single:6.2f} rows/s")
        print(f"  through Ray           {through:7.1f} s  {count / through:6.2f} rows/s  ({single / through:.2f}x)")
        print(f"  without an answer     {sum(each['error'] is not None for each in [*alone.values(), *done])}")
        print(f"  equal answers         {sum(alone[each['id']]['answer'] == each['answer'] for each in done)} of {count}")
        if kills:
            print_killed(rows, done, through, moments_of(count, kills))


def killed(folder: Path, count: int, kills: int) -> None:
    paths = small_rasters(folder)
    rows = [Ask(SceneSource(str(paths[at % len(paths)])), f"Is {at} there?", id=str(at)) for at in range(count)]
    options = {"at_once": 1, "open": by_rule}
    whole, seconds, *_ = through_ray(rows, [], **options)
    print(f"## {count} rows, an engine without time of its own")
    print_killed(rows, whole, seconds, moments_of(count, kills), **options)


def print_killed(rows: list[Ask], whole: list[dict[str, Any]], whole_seconds: float, moments: list[int], **options: Any) -> None:
    """Asks the rows again while workers are killed, and compares with the run in which none was."""
    lines, seconds, _, kills = through_ray(rows, moments, **options)
    print(f"  {kills} workers killed with SIGKILL, from rows {', '.join(map(str, moments))} on")
    print(f"  unkilled {whole_seconds:.1f} s, killed {seconds:.1f} s (workers that start again included)")
    print(f"  rows {len(lines)}, twice {len(lines) - len({each['id'] for each in lines})}")
    confidences = [{each["id"]: each.pop("confidence") or 0.0 for each in run} for run in (whole, lines)]
    same = sorted(json.dumps(each, sort_keys=True) for each in whole) == sorted(json.dumps(each, sort_keys=True) for each in lines)
    before = {each["id"]: each for each in whole}
    differing = [(each, [name for name in each if each[name] != before[each["id"]][name]]) for each in lines if each != before[each["id"]]]
    for each, names in differing[:3]:
        print(f"  {each['id']} differs in {', '.join(names)}: {(each['error'] or {}).get('message') or each['answer']}")
    off = max(abs(confidences[0][id] - confidence) for id, confidence in confidences[1].items())
    print(f"  equal to the unkilled run: {same}; confidences differ by {off:.1g} at the most (rows are decoded in other company)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--cogs", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112
    print(f"# {machine()}, {time.strftime('%Y-%m-%d')}", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if options.rows:
            cost_of_a_row(folder, options.rows)
            sys.stdout.flush()
        if options.kills:
            killed(folder, options.kills * 40, options.kills)
            sys.stdout.flush()
        if options.cogs:
            over_http(folder, options.cogs, options.kills)
    print(f"# {machine()}")


if __name__ == "__main__":
    main()
