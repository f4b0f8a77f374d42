"""Time and memory of the tools, each in a process of its own. See tools.py."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from machine import peak_mb
from tool_denoising import DENOISERS

HERE = Path(__file__).resolve().parent
SCRIPT = HERE / "tools.py"  # runs a case by its name
GRAIN = 500.0  # sigma of the noise of a large region, of 65,535


def membrane_fill(image: np.ndarray) -> np.ndarray:
    from zoomearth.backend.tools.membrane import membrane

    known = np.ones(image.shape[1:], bool)
    known[300:600, 300:700] = False
    return membrane(image, known)


def inpaint(image: np.ndarray) -> np.ndarray:
    mask = np.zeros(image.shape[1:], np.uint8)
    mask[300:600, 300:700] = 1
    return cv2.inpaint(np.ascontiguousarray(np.moveaxis(image, 0, -1)), mask, 5, cv2.INPAINT_TELEA)


CASES = {**DENOISERS, "fill: ours (membrane)": membrane_fill, "fill: cv2.inpaint": inpaint}


def write_noisy(path: Path, side: int) -> None:
    """A GeoTIFF of one band of 16 bit: a drawn city, repeated, under gaussian noise of sigma GRAIN."""
    import rasterio

    sys.path.insert(0, str(HERE.parent / "tests"))
    from rasters import city

    rng = np.random.default_rng(5)
    ground = np.tile(city(1000, 1000)[0].astype(np.float32) * 100 + 3000, (1, -(-side // 1000)))[:, :side]
    profile = {"driver": "GTiff", "width": side, "height": side, "count": 1, "dtype": "uint16", "tiled": True, "BIGTIFF": "IF_SAFER"}
    with rasterio.open(path, "w", **profile) as target:
        for top in range(0, side, 1000):
            strip = ground[: side - top]
            noisy = np.clip(np.rint(strip + rng.standard_normal(strip.shape, np.float32) * GRAIN), 0, 65535).astype(np.uint16)
            target.write(noisy[None], window=((top, top + len(strip)), (0, side)))


def seams(path: Path, cleaned: Path, side: int) -> tuple[int, int]:
    """How much the result differs at the most from the same pixels cleaned as one piece: on the two lines where four tiles meet in the
    middle of the region, and in all of the piece, [pixel values]."""
    from zoomearth.backend.scene.scene import Scene
    from zoomearth.backend.tools.denoising import TILE
    from zoomearth.backend.tools.gaussian import GRID, HALO, without_gaussian
    from zoomearth.core.geometry import Box

    corner = max(1, side // 2 // TILE) * TILE
    reach = min(TILE, side - corner)
    start = max(0, corner - reach - HALO) // GRID * GRID
    around = Box(start, start, corner + reach + HALO, corner + reach + HALO).intersect(Box(0, 0, side, side))
    with Scene.open(path) as scene, Scene.open(cleaned) as result:
        pixels = scene.read(around)
        tiled = result.read(around).array[0].astype(int)
    whole = np.rint(without_gaussian(pixels.array, pixels.valid, [GRAIN])[0]).astype(int)
    apart = np.abs(whole - tiled)[corner - start - reach :, corner - start - reach :][: 2 * reach, : 2 * reach]
    return int(max(apart[reach - 2 : reach + 2].max(), apart[:, reach - 2 : reach + 2].max())), int(apart.max())


def run_region(side: int) -> None:
    """A region of one band of 16 bit, by the tool itself: read, cleaned in tiles, written. Sigma is given, so that `seams` has the same."""
    from zoomearth.backend.scene.scene import Scene
    from zoomearth.backend.tools.run import use
    from zoomearth.core.geometry import Box
    from zoomearth.core.region import Region
    from zoomearth.core.tools import UseTool

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scene.tif"
        maker = multiprocessing.get_context("spawn").Process(target=write_noisy, args=(path, side))  # its memory is not the tool's
        maker.start()
        maker.join()
        begun, wall = time.process_time(), time.perf_counter()
        Path("/proc/self/clear_refs").write_text("5")  # forgets the peak of the imports
        with Scene.open(path) as scene:
            request = UseTool("denoising", arguments={"sigma": GRAIN})
            use(scene, [(Region(Box(0, 0, side, side)), request)], str(Path(folder) / "clean.tif"))
        spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - begun, "mb": peak_mb()}
        print(json.dumps({**spent, "seams": seams(path, Path(folder) / "clean.tif", side)}))


def run_case(name: str) -> None:
    if name.isdecimal():
        run_region(int(name))
        return
    image = np.random.default_rng(4).integers(0, 256, (3, 1000, 1000), np.uint8)
    CASES[name](image[:, :64, :64] if "fill" not in name else image)  # imports and tables are nobody's cost
    before, wall, cpu = peak_mb(), time.perf_counter(), time.process_time()
    CASES[name](image)
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "mb": max(0.0, peak_mb() - before)}))


def costs() -> None:
    print("one megapixel of three bands, each in a process of its own: seconds, seconds of processor, MB more than before")
    for name in CASES:
        done = subprocess.run([sys.executable, str(SCRIPT), "--case", name], capture_output=True, text=True)
        if done.returncode:
            print(f"  {name}: failed: {done.stderr.strip().splitlines()[-1]}")
            continue
        got = json.loads(done.stdout.splitlines()[-1])
        print(f"  {name:24} {got['wall']:6.2f} s  {got['cpu']:6.2f} s  {got['mb']:5.0f} MB")
    regions(1000, 4000)


def regions(*sides: int) -> None:
    print("a region of one band of 16 bit, denoised from file to file: seconds, seconds of processor, MB of the whole process at its peak")
    for side in sides:
        done = subprocess.run([sys.executable, str(SCRIPT), "--case", str(side)], stdout=subprocess.PIPE, text=True, check=True)
        got = json.loads(done.stdout.splitlines()[-1])
        speed = side**2 / 1e6 / got["wall"]
        print(
            f"  {side:,} x {side:,} px {got['wall']:13.2f} s  {got['cpu']:6.2f} s  {got['mb']:5.0f} MB  ({speed:.2f} megapixels a second)"
        )
        print("    against one piece: {} apart at the most where tiles meet, {} anywhere, of noise of {:g}".format(*got["seams"], GRAIN))
