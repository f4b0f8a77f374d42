"""Measures a survey: things that count twice at seams, views per second, memory, and what is left of a run that is killed.

    python benchmarks/survey.py [seams] [guided] [speed] [large] [--threads N] [--side 100000] [--json]

seams: layouts with things laid on the seams of views on purpose, of known truth, without a raster; a marker that sees all of which a part
of 30 % is visible, exactly, and with boxes that are up to two shown pixels off.
guided: the views that a guided survey of 40 held-out drawn scenes of 8,192 to 16,384 px takes, against every view, for a marker without
errors: how much can be saved at best, from one view of everything, or from where the things are six pixels long.
speed: the demo model, 8 views in lockstep against one at a time: views that hold nothing, as most of a scene does, where a list takes two
tokens, and views of an airport.
large: a raster of SIDE x SIDE pixels (a VRT that repeats a small one), every view asked of an engine that marks a thing every 700 pixels or
so, in a process of its own; the same again, killed five times with -9 at random; the results are compared.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / ".build" / "path"), str(ROOT / "tests")]

import numpy as np  # noqa: E402
from machine import machine, peak_mb  # noqa: E402
from surveying import seen, surveyed  # noqa: E402

from zoomearth.core.geometry import Box  # noqa: E402
from zoomearth.core.look import Policy  # noqa: E402
from zoomearth.core.marks import Mark, Reading, State  # noqa: E402
from zoomearth.core.plan import ACROSS, Plan  # noqa: E402

LAYOUTS, AREA, EXPECTED = 40, (2400, 2400), 40.0
POLICY = Policy(view=336, least=336, multiple=28)
GAP = 12  # pixels between things
LATTICE = 700
KILLS = 5
EMPTY, FULL = 5, 20  # scenes: the first has no airport, the first site of the second is one with four planes
TOGETHER = 8
PARTS = ("seams", "guided", "speed", "large")


def layout(rng: random.Random, largest: float) -> list[Box]:
    """Things of 12 pixels to `largest`, two of three across a seam, some across the corner of four views."""
    level = Plan(thing=EXPECTED).levels(Box(0, 0, *AREA), POLICY)[0]
    seams = [int(side) for column in range(level.columns) for side in level.window((0, column))[0:3:2]]
    things: list[Box] = []
    for _ in range(400):
        width, height = (rng.uniform(12, largest) for _ in range(2))
        x, y = rng.uniform(0, AREA[0] - width), rng.uniform(0, AREA[1] - height)
        kind = rng.randrange(6)
        if kind in (0, 1, 4):
            x = rng.choice(seams) - rng.uniform(0, width)
        if kind in (2, 3, 4):
            y = rng.choice(seams) - rng.uniform(0, height)
        thing = Box(x, y, x + width, y + height)
        near = Box(x - GAP, y - GAP, x + width + GAP, y + height + GAP)
        if (
            x >= 0
            and y >= 0
            and thing.right <= AREA[0]
            and thing.bottom <= AREA[1]
            and not any(near.intersect(each).area for each in things)
        ):
            things.append(thing)
    return things


def seams() -> list[dict[str, object]]:
    """For things up to the size that the plan expects, and for larger ones that no view of the overlap holds."""
    rows = []
    for largest in (EXPECTED, 3 * EXPECTED, 12 * EXPECTED):
        for off in (0.0, 2.0):
            rng = random.Random(1)
            truth = doubled = lost = 0
            for _ in range(LAYOUTS):
                things = layout(rng, largest)

                def mark(wanted, things=things, off=off, rng=rng):  # type: ignore[no-untyped-def]
                    parts = seen(things, wanted.view.window)
                    moved = (Box(*(side + rng.uniform(-off, off) for side in part)).intersect(wanted.view.window) for part in parts)
                    return Reading(State.DONE, tuple(Mark(part) for part in moved if part.area))

                features = [
                    each for each in surveyed(things, AREA, Plan(thing=EXPECTED, most=1000), POLICY, mark=mark)[0] if not each.candidate
                ]
                for thing in things:
                    found = sum(feature.box.intersect(thing).area > 0.3 * feature.box.area for feature in features)
                    doubled += max(0, found - 1)
                    lost += not found
                truth += len(things)
            rows.append({"largest": largest, "off": off, "things": truth, "doubled": doubled, "lost": lost})
    return rows


def guided() -> list[dict[str, object]]:
    from zoomearth.training.scenes.scene import HELD_OUT, make_scene

    rows = {name: {"way": name, "views": 0, "found": 0, "things": 0} for name in ("exhaustive", "guided", "guided, things only")}
    policy = Policy(view=168, least=168, multiple=28)
    for number in range(40):
        side = random.Random(number).randint(8192, 16384)
        drawn = make_scene(HELD_OUT + number)
        size = 0.0165 * side
        spots = [(x * side, y * side) for site in drawn.sites for x, y in site.points]
        things = [Box(x - size / 2, y - size / 2, x + size / 2, y + size / 2) for x, y in spots]
        scale = max(1.0, size / ACROSS)
        for name, row in rows.items():
            least = 6.0 if name.endswith("only") else 0.0
            plan = Plan(scale, size, name.split(",")[0], least=least)
            features, _, result, _ = surveyed(things, (side, side), plan, policy)
            row["views"] += result.asked
            row["things"] += len(things)
            row["found"] += sum(any(feature.box.iou(thing) > 0.5 for feature in features) for thing in things)
    return list(rows.values())


def speed(folder: Path, threads: int, views: int = 96, repeats: int = 3) -> list[dict[str, object]]:
    """Of views that hold nothing, as most of a scene does, and of views of an airport with planes, again and again."""
    import torch

    from zoomearth.training.scenes.geotiff import drawn
    from zoomearth.training.scenes.scene import make_scene

    torch.set_num_threads(threads)
    empty = drawn(make_scene(EMPTY), folder / "empty.tif", 4096)
    full = airport(folder, 4096)
    return [_speed(folder, name, path, views, repeats) for name, path in (("hold nothing", empty), ("hold planes", full))]


def _speed(folder: Path, name: str, path: Path, views: int, repeats: int) -> dict[str, object]:
    from zoomearth.backend.engines.local import LocalEngine
    from zoomearth.backend.models import store
    from zoomearth.backend.records import Journal
    from zoomearth.backend.scene.scene import Scene
    from zoomearth.backend.surveys import driver

    seconds: dict[int, list[float]] = {1: [], TOGETHER: []}
    of_cpu: dict[int, list[float]] = {1: [], TOGETHER: []}
    marks = 0
    with Scene.open(path) as scene:
        scene.preview(64)  # what is scanned once is scanned
        for repeat in range(repeats):
            for at_once in seconds:
                engine = LocalEngine(store.find("zoomearth-demo"), device="cpu")
                kept = folder / f"{name}-{repeat}-{at_once}.jsonl"
                with Journal(kept, {}, "id", driver.read_line, driver.write_line) as journal:
                    started, taken = time.perf_counter(), time.process_time()
                    plan = Plan(scale=2.0, thing=60.0, budget=views, splits=0)
                    for _ in driver.run(engine, scene, "planes", plan, None, journal, at_once):
                        pass
                    seconds[at_once].append(time.perf_counter() - started)
                    of_cpu[at_once].append(time.process_time() - taken)
                engine.close()
                marks = sum(len(json.loads(line)["marks"]) for line in kept.read_text().splitlines())
    one, eight = (views / statistics.median(times) for times in seconds.values())
    cpu_one, cpu_eight = (1000 * statistics.median(times) / views for times in of_cpu.values())
    return {
        "name": name,
        "views": views,
        "marks": marks / views,
        "one": one,
        "eight": eight,
        "faster": eight / one,
        "cpu_one": cpu_one,
        "cpu_eight": cpu_eight,
        "cheaper": cpu_one / cpu_eight,
    }


def airport(folder: Path, side: int) -> Path:
    """A VRT of side x side pixels that shows one drawn airport with four planes again and again."""
    import rasterio
    from rasterio.windows import Window

    from zoomearth.training.scenes.geotiff import drawn
    from zoomearth.training.scenes.scene import make_scene

    scene = make_scene(FULL)
    path = drawn(scene, folder / "airport.tif", 4096)
    left, top, right, bottom = (round(4096 * part) for part in scene.sites[0].box)
    tile = min(right - left, bottom - top)
    with rasterio.open(path) as raster:
        return repeated(folder, side, raster.read(window=Window(left, top, tile, tile)))


class Lattice:
    """An engine that marks a thing of 60 x 30 pixels for every LATTICE pixels in both directions, moved a little."""

    def __init__(self, log: Path) -> None:
        from zoomearth.core.profile import Profile

        policy = {"view": 1008, "least": 1008, "max_zooms": 1, "multiple": 28}
        self.profile = Profile.from_dict({"name": "lattice", "dialect": "zoomearth", "instruction": "", "policy": policy})
        self.log, self.device = log, "none"

    def reply(self, talks, **_):  # type: ignore[no-untyped-def]
        from zoomearth.backend.engines import Reply

        with self.log.open("a") as log:
            log.writelines(f"{talk.view.window.left:.0f},{talk.view.window.top:.0f}\n" for talk in talks)
        return [Reply(json.dumps([{"bbox_2d": box, "label": "plane"} for box in self.boxes(talk.view.window)])) for talk in talks]

    def boxes(self, window: Box) -> list[list[float]]:
        near = range(int(window.left // LATTICE) - 1, int(window.right // LATTICE) + 1)
        rows = range(int(window.top // LATTICE) - 1, int(window.bottom // LATTICE) + 1)
        things = [thing(column, row) for row in rows for column in near]
        return [
            [part.left - window.left, part.top - window.top, part.right - window.left, part.bottom - window.top]
            for part in seen(things, window)
        ]

    def close(self) -> None:
        pass


def thing(column: int, row: int) -> Box:
    at = random.Random(column * 100_003 + row)
    x, y = column * LATTICE + at.randrange(600), row * LATTICE + at.randrange(600)
    return Box(x, y, x + 60, y + 30)


def child(log: str, *arguments: str) -> int:
    """`zoomearth survey` with the lattice, in a process of its own; prints the peak memory last."""
    from zoomearth.backend.cli import main
    from zoomearth.backend.cli import survey as command

    command.open_engine = lambda settings, **_: Lattice(Path(log))  # type: ignore[assignment,return-value]
    code = main.main(arguments)
    print(json.dumps({"peak_mb": peak_mb()}))
    return code


def repeated(folder: Path, side: int, pixels: np.ndarray) -> Path:
    """A VRT of side x side pixels that shows a small square, [band, row, column] uint8, again and again."""
    import rasterio
    from rasterio.transform import from_origin

    tile = pixels.shape[1]
    place = from_origin(300_000, 5_400_000, 0.3, 0.3)
    with rasterio.open(
        folder / "tile.tif",
        "w",
        driver="GTiff",
        width=tile,
        height=tile,
        count=3,
        dtype="uint8",
        crs="EPSG:32633",
        transform=place,
        tiled=True,
    ) as raster:
        raster.write(pixels)
        wkt = raster.crs.to_wkt()
    bands = []
    for number, colour in enumerate(("Red", "Green", "Blue"), 1):
        sources = "".join(
            f"<SimpleSource><SourceFilename relativeToVRT='1'>tile.tif</SourceFilename><SourceBand>{number}</SourceBand>"
            f"<SourceProperties RasterXSize='{tile}' RasterYSize='{tile}' DataType='Byte' BlockXSize='256' BlockYSize='256'/>"
            f"<SrcRect xOff='0' yOff='0' xSize='{tile}' ySize='{tile}'/><DstRect xOff='{x}' yOff='{y}' xSize='{tile}' ySize='{tile}'/>"
            "</SimpleSource>"
            for y in range(0, side, tile)
            for x in range(0, side, tile)
        )
        bands.append(f"<VRTRasterBand dataType='Byte' band='{number}'><ColorInterp>{colour}</ColorInterp>{sources}</VRTRasterBand>")
    affine = ", ".join(map(str, place.to_gdal()))
    path = folder / "large.vrt"
    path.write_text(
        f"<VRTDataset rasterXSize='{side}' rasterYSize='{side}'><SRS>{wkt}</SRS>"
        f"<GeoTransform>{affine}</GeoTransform>{''.join(bands)}</VRTDataset>"
    )
    return path


def large(folder: Path, side: int) -> dict[str, object]:
    scene = repeated(folder, side, np.random.default_rng(1).integers(60, 200, (3, 2000, 2000), dtype=np.uint8))

    def start(name: str) -> subprocess.Popen[str]:
        words = ["survey", str(scene), "planes", "--gsd", "0.3", "--size", "18", "--out", str(folder / f"{name}.gpkg"), "--json"]
        command = [sys.executable, __file__, "child", str(folder / f"{name}.log"), *words]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def finish(process: subprocess.Popen[str]) -> tuple[dict[str, object], float]:
        out, _ = process.communicate()
        result, memory = (json.loads(line) for line in out.splitlines())
        return result, memory["peak_mb"]

    whole, peak = finish(start("whole"))
    rng = random.Random(1)
    peaks, kept, total = [], folder / "killed.gpkg.views.jsonl", sum(whole["views"].values())  # type: ignore[attr-defined]
    for kill in range(KILLS):
        process = start("killed")
        until = total * (kill + rng.random()) / KILLS
        while process.poll() is None and (not kept.exists() or count(kept) < until):
            time.sleep(0.2)
        process.kill()
        process.communicate()
    again, resumed = finish(start("killed"))
    peaks = [peak, resumed]
    asked = (folder / "killed.log").read_text().splitlines()
    return {
        "side": side,
        "views": whole["views"],
        "count": whole["count"],
        "seconds": whole["seconds"],
        "views_per_second": total / float(whole["seconds"]),  # type: ignore[arg-type]
        "peak_mb": max(peaks),
        "kills": KILLS,
        "same": features(folder / "whole.gpkg") == features(folder / "killed.gpkg"),
        "count_after_kills": again["count"],
        "views_asked_again": len(asked) - len(set(asked)),
        "views_lost": total - len(set(asked)),
        "true": len(true_things(Box(0, 0, side, side))),
    }


def true_things(area: Box) -> list[Box]:
    """The things of which a view at the area's edge marks what is visible."""
    rows, columns = range(int(area.bottom) // LATTICE + 1), range(int(area.right) // LATTICE + 1)
    return seen([thing(column, row) for row in rows for column in columns], area)


def count(path: Path) -> int:
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


def features(path: Path) -> list[tuple[object, ...]]:
    import pyogrio

    meta, _, shapes, columns = pyogrio.raw.read(path, layer="features")
    rows = zip(shapes, *(values for name, values in zip(meta["fields"], columns) if name not in ("time", "score")))
    return sorted(tuple(map(str, row)) for row in rows)


def main() -> int:
    if sys.argv[1:2] == ["child"]:
        return child(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--side", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as scratch:
        if "seams" in options.parts:
            results["seams"] = seams()
        if "guided" in options.parts:
            results["guided"] = guided()
        if "speed" in options.parts:
            results["speed"] = speed(Path(scratch), options.threads)
        if "large" in options.parts:
            results["large"] = large(Path(scratch), options.side)
    if options.json:
        print(json.dumps({"machine": machine(), **results}))
        return 0
    print(machine())
    for row in results.get("seams", ()):  # type: ignore[attr-defined]
        print("seams: {things} things up to {largest:g} px, boxes off by {off:g} px: {doubled} counted twice, {lost} lost".format(**row))
    for row in results.get("guided", ()):  # type: ignore[attr-defined]
        print("guided: {way}: {views} views, {found} of {things} things found".format(**row))
    for row in results.get("speed", ()):  # type: ignore[attr-defined]
        print("speed: {views} views that {name}, {marks:.1f} marks each".format(**row))
        print("       one at a time {one:.1f} a second, lockstep of 8 {eight:.1f}: {faster:.1f}x".format(**row))
        print("       {cpu_one:.1f} ms of a processor a view against {cpu_eight:.1f}: {cheaper:.1f}x".format(**row))
    if found := results.get("large"):
        for name, value in found.items():  # type: ignore[attr-defined]
            print(f"large: {name.replace('_', ' ')}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
