"""Reads a raster that is larger than memory: block by block, averaged while it is read, and cached.

The global view of a raster without overviews needs one full read. `reduced` does it in bounded memory: it reads a run of
whole blocks of all bands (each block is decoded once), renders it to planes and averages it by a power of two, so that
runs, blocks and averages have common edges. The averaging is Pillow's `reduce` on single planes: 0.6 s of CPU for the
1.2 GB of a 20,000 x 20,000 RGB scene, where numpy takes 1.8 s. Local TIFFs are read on several threads; JPEG tiles are
halved by libjpeg while they are decoded, which takes three quarters of the CPU of a full read. The result is stored in
the user's cache folder; nothing is written beside the user's file.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import sys
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np
from PIL import Image

from .gdal import Window

RUN_PIXELS = 4 << 20  # pixels of a run of blocks, or of the runs of all threads together: 12 MB of RGB bytes
HANDS = min(4, os.cpu_count() or 1)  # threads that read
KEEP_BYTES = 1 << 30  # of all cached scans together; the oldest are deleted first
STALE = 3600  # seconds: an unfinished file that is older belongs to a process that was killed
VERSION = 3  # of the content of scans: increase it with every change of rendering or averaging, so that old scans are not used


def runs(window: Window, block: tuple[int, int], factor: int, hands: int = 1) -> Iterator[Window]:
    """Cuts a window whose corner lies on multiples of `factor` into runs of whole blocks of about RUN_PIXELS / hands at most.

    Every inner edge lies on a multiple of `factor`, and on a block's edge, except for blocks of odd sizes: parts of those
    are read twice, from GDAL's block cache.
    """
    x, y, width, height = window
    unit_w, unit_h = (_unit(side, factor) for side in block)
    most = RUN_PIXELS // hands
    if block[0] >= width or width * unit_h <= most:  # strips, or few tiles side by side: as many rows of them as fit
        lefts = [x, x + width]
        tops = _edges(y, y + height, max(unit_h, most // width // unit_h * unit_h))
    else:
        lefts = _edges(x, x + width, max(unit_w, most // unit_h // unit_w * unit_w))
        tops = _edges(y, y + height, unit_h)
    if width * height <= RUN_PIXELS:  # one request of a remote raster, not one for each row of tiles
        tops = [y, y + height]
    for top, bottom in zip(tops, tops[1:]):
        for left, right in zip(lefts, lefts[1:]):
            yield left, top, right - left, bottom - top


def _unit(side: int, factor: int) -> int:
    common = math.lcm(side, factor)
    return common if common <= 2048 else factor


def _edges(start: int, end: int, step: int) -> list[int]:
    return [start, *range((start // step + 1) * step, end, step), end]


def reduced(
    read: Callable[[Window], list[np.ndarray] | None],
    window: Window,
    block: tuple[int, int],
    factor: int,
    before_read: Callable[[int, int], None],
    *,
    averages: int = 1,
    pool: ThreadPoolExecutor | None = None,
) -> list[Image.Image]:
    """Planes of the window averaged by `factor`, ceil(side / factor) pixels each.

    `read` returns the uint8 planes of a run, averaged by `averages` already, or None where the run is black; it is called
    on the threads of `pool`, if any. `before_read(begun, total)` is called before each, on the caller's thread, and may raise.
    """
    todo = list(runs(window, block, factor, HANDS if pool else 1))
    x, y, width, height = window
    canvas: list[Image.Image] = []

    def work(run: Window) -> list[Image.Image]:
        planes = [Image.frombuffer("L", plane.shape[::-1], plane, "raw", "L", 0, 1) for plane in read(run) or []]
        return [averaged(plane, factor // averages) for plane in planes]

    for run, parts in _in_order(work, todo, pool, before_read):
        if parts and len(todo) == 1:
            return parts
        canvas = canvas or [Image.new("L", (-(-width // factor), -(-height // factor))) for _ in parts]
        for whole, part in zip(canvas, parts):
            whole.paste(part, ((run[0] - x) // factor, (run[1] - y) // factor))
    before_read(len(todo), len(todo))
    return canvas or [Image.new("L", (-(-width // factor), -(-height // factor)))]


def _in_order(
    work: Callable[[Window], list[Image.Image]],
    todo: list[Window],
    pool: ThreadPoolExecutor | None,
    before_read: Callable[[int, int], None],
) -> Iterator[tuple[Window, list[Image.Image]]]:
    """Each run with its planes, in order; the next runs are processed meanwhile."""
    if pool is None or len(todo) == 1:
        for number, run in enumerate(todo):
            before_read(number, len(todo))
            yield run, work(run)
        return
    waiting: deque[tuple[Window, Future[list[Image.Image]]]] = deque()
    try:
        for number, run in enumerate(todo):
            before_read(number, len(todo))
            waiting.append((run, pool.submit(work, run)))
            if len(waiting) > HANDS:
                run, made = waiting.popleft()
                yield run, made.result()
        for run, made in waiting:
            yield run, made.result()
    finally:
        wait([made for _, made in waiting])


def averaged(plane: Image.Image, factor: int) -> Image.Image:
    """The plane averaged by a power of two, in steps of 4: for these Pillow has a loop twice as fast as its general one."""
    while factor > 1:
        step = min(factor, 4)
        plane, factor = plane.reduce(step), factor // step
    return plane


def cache_folder() -> Path:
    """`ZOOMEARTH_CACHE`, else the platform's cache folder of the user."""
    chosen = os.environ.get("ZOOMEARTH_CACHE")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "zoomearth" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "zoomearth"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zoomearth"


def fingerprint(files: Iterable[str], settings: object) -> str | None:
    """A name for a scan of these files in their current state; None where a file is not on a local disk, because its changes can't be
    detected.
    """
    facts: list[object] = [VERSION, settings]
    for name in files:
        path = _on_disk(name)
        if path is None:
            return None
        stat = path.stat()
        facts.append((str(path.resolve()), stat.st_size, stat.st_mtime_ns))
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def _on_disk(name: str) -> Path | None:
    """The file, or the archive around it: /vsizip/folder/archive.zip/inside.tif."""
    bare = Path(re.sub(r"^(/vsi\w+/)+", "", name).replace("{", "").replace("}", ""))
    return next((path for path in [bare, *bare.parents] if path.is_file()), None)


def load(key: str, shape: tuple[int, int]) -> list[Image.Image] | None:
    """The cached planes, memory-mapped; None where there is no complete file."""
    path = cache_folder() / "scans" / f"{key}.npy"
    try:
        planes = np.load(path, mmap_mode="r")
        os.utime(path)
    except (OSError, ValueError, EOFError):
        return None
    if planes.dtype != np.uint8 or planes.ndim != 3 or planes.shape[1:] != shape:
        return None
    return [Image.frombuffer("L", (shape[1], shape[0]), plane, "raw", "L", 0, 1) for plane in planes]


def save(key: str, planes: list[Image.Image]) -> None:
    """Writes planes to the cache; does nothing where that fails."""
    folder = cache_folder() / "scans"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{uuid.uuid4().hex}.part"
        try:
            with part.open("wb") as file:
                shape = (len(planes), planes[0].height, planes[0].width)
                np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
                for plane in planes:  # one after another, to avoid a second copy of all planes
                    file.write(plane.tobytes())
            part.replace(folder / f"{key}.npy")
        finally:  # also after an interrupt
            part.unlink(missing_ok=True)
        _prune(folder)
    except OSError:
        return


def _prune(folder: Path) -> None:
    for part in folder.glob("*.part"):  # of a process that was killed
        if time.time() - part.stat().st_mtime > STALE:
            part.unlink()
    total = 0
    for path in sorted(folder.glob("*.npy"), key=lambda path: path.stat().st_mtime, reverse=True):
        total += path.stat().st_size
        if total > KEEP_BYTES:
            path.unlink()
