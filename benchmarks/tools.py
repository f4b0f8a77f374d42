"""How good the tools are on real rasters, and what they cost, beside the trivial way and beside OpenCV's and scikit-image's own functions.

    python benchmarks/tools.py [--rasters FOLDER] [--objects N] [--crops N] [--clouds N]
    python benchmarks/tools.py --region 20000       # only this: a region of 20,000 x 20,000 px denoised from file to file, and its seams

FOLDER holds the rasters of docs/tools.md (default: ../shared/data/rasters); what is absent is left out, with a sentence. Means with
95 % intervals (of the normal distribution), n stated. Nothing is downloaded, no weights are used.

Segmentation: objects are connected areas that are dark (water) or bright (vegetation) in the near infrared, which the tool never sees.
Denoising: gaussian noise of a sigma that the tool estimates. Clouds: fractal, opaque, over 30 % of a real image; references are real
images of other dates.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from machine import machine, peak_mb

HERE = Path(__file__).resolve().parent
NAIP = [
    "naip_m_4709963_se_14_1_20190904.tif",
    *(f"dates/naip_m_4709963_se_14_1_{date}.tif" for date in ("20140720", "20160816", "20180716")),
]
AERIAL = [NAIP[0], NAIP[2], "brighton_beach_orthomosaic_rot.tif", "deepness_dummy_fotomap_small.tif"]
SIDE = 256  # of a crop for denoising
CLOUDED = 400  # of a crop for clouds
JITTER = 0.12  # of the box's sides
GRAIN = 500.0  # sigma of the noise of a large region, of 65,535
SMALL = 40  # pixels of the longer side
HAS_SKIMAGE = importlib.util.find_spec("skimage") is not None and importlib.util.find_spec("pywt") is not None


def mean(values: list[float]) -> str:
    """With its 95 % interval."""
    half = 1.96 * np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0
    return f"{np.mean(values):.2f} ± {half:.2f}"


def psnr(a: np.ndarray, b: np.ndarray, peak: float = 255) -> float:
    return float(10 * np.log10(peak**2 / np.mean((a.astype(float) - b.astype(float)) ** 2)))


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / max((a | b).sum(), 1))


# Segmentation


def objects(infrared: np.ndarray, valid: np.ndarray) -> Iterator[tuple[tuple[int, int, int, int], np.ndarray]]:
    """Boxes (left, top, right, bottom) and masks of areas that stand out in the near infrared."""
    smooth = cv2.medianBlur(infrared, 5)
    low, _ = cv2.threshold(smooth[valid].reshape(-1, 1), 0, 255, cv2.THRESH_OTSU)
    high, _ = cv2.threshold(smooth[valid & (smooth > low)].reshape(-1, 1), 0, 255, cv2.THRESH_OTSU)
    kernel = np.ones((3, 3), np.uint8)
    for area in (smooth < low * 0.9, smooth > high):
        cleaned = cv2.morphologyEx((area & valid).astype(np.uint8), cv2.MORPH_OPEN, kernel)
        count, parts, facts, _ = cv2.connectedComponentsWithStats(cleaned, connectivity=8)
        for number in range(1, count):
            x, y, width, height, pixels = facts[number]
            inner = x > 0 and y > 0 and x + width < area.shape[1] and y + height < area.shape[0]
            if inner and min(width, height) >= 8 and max(width, height) <= 200 and pixels >= 0.35 * width * height:
                yield (x, y, x + width, y + height), parts == number


def segmentation(folder: Path, count: int) -> None:
    from zoomearth.backend.scene.scene import Scene
    from zoomearth.backend.tools.job import Job
    from zoomearth.backend.tools.outlines import native
    from zoomearth.backend.tools.segmentation import segment
    from zoomearth.core.geometry import Box
    from zoomearth.core.region import Region
    from zoomearth.core.tools import TOOLS

    rng = np.random.default_rng(0)
    rows: dict[tuple[str, str], list[float]] = {}
    empty, seconds = 0, []
    paths = [folder / name for name in NAIP if (folder / name).exists()]
    if not paths:
        print("segmentation: left out, no NAIP raster is there")
        return
    for path in paths:
        with Scene.open(path) as scene:
            whole = scene.read(Box(0, 0, *scene.size))
            infrared, picture = whole.array[3], np.moveaxis(whole.array[:3], 0, -1)
            every = list(objects(infrared, whole.valid))
            chosen = [every[index] for index in rng.permutation(len(every))[: count // len(paths)]]
            for box, truth in chosen:
                sides = np.array([box[2] - box[0], box[3] - box[1]] * 2)
                for jitter in (0.0, JITTER):
                    moved = np.round(np.array(box) + rng.uniform(-jitter, jitter, 4) * sides)
                    given = Box(*moved.tolist()).intersect(Box(0, 0, *scene.size))
                    window = (slice(int(given.top), int(given.bottom)), slice(int(given.left), int(given.right)))
                    job = Job(scene, Region(given), TOOLS["segmentation"].arguments({}))
                    begun = time.process_time()
                    mask = segment(job)
                    seconds.append(time.process_time() - begun)
                    ours, square = np.zeros_like(truth), np.zeros_like(truth)
                    for part, plane in native(mask, job):
                        ours[int(part.top) : int(part.bottom), int(part.left) : int(part.right)] = plane == 1
                    square[window] = True
                    empty += not ours.any()
                    plain = naive_grab_cut(picture, given)
                    for group in ("all", *(["small"] if max(sides) < SMALL else [])):
                        for name, made in (("box", square), ("cv2.grabCut", plain), ("ours", ours)):
                            rows.setdefault((f"{group}, box moved by {jitter:.0%}", name), []).append(iou(made, truth))
    print(f"segmentation, IoU: {len(seconds)} boxes, {empty} empty masks, {np.median(seconds):.3f} s of processor a box")
    for (group, name), values in rows.items():
        print(f"  {group:26} {name:12} {mean(values)}  (n = {len(values)})")


def naive_grab_cut(picture: np.ndarray, box: object) -> np.ndarray:
    """As in OpenCV's tutorial: the box alone, in a crop that is twice as large."""
    left, top, right, bottom = (int(side) for side in box)  # type: ignore[attr-defined]
    x, y = (right - left) // 2, (bottom - top) // 2
    crop = (slice(max(top - y, 0), bottom + y), slice(max(left - x, 0), right + x))
    part = np.ascontiguousarray(picture[crop])
    labels = np.zeros(part.shape[:2], np.uint8)
    place = (left - crop[1].start, top - crop[0].start, right - left, bottom - top)
    result = np.zeros(picture.shape[:2], bool)
    try:
        cv2.grabCut(part, labels, place, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_RECT)
    except cv2.error:
        return result
    result[crop] = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    return result


# Denoising


def crops(folder: Path, names: list[str], side: int, count: int) -> list[tuple[str, np.ndarray]]:
    """The raster, and red, green and blue of a place without nodata, spread over the rasters."""
    from zoomearth.backend.scene.scene import Scene
    from zoomearth.core.geometry import Box

    rng = np.random.default_rng(1)
    found: list[tuple[str, np.ndarray]] = []
    paths = [folder / name for name in names if (folder / name).exists()]
    for path in paths:
        with Scene.open(path) as scene:
            taken = 0
            while taken < count // len(paths):
                x, y = (int(rng.integers(0, extent - side)) for extent in scene.size)
                pixels = scene.read(Box(x, y, x + side, y + side), [1, 2, 3])
                if pixels.valid.mean() > 0.99:
                    found.append((path.stem[:24], pixels.array))
                    taken += 1
    return found


def ours(noisy: np.ndarray) -> np.ndarray:
    from zoomearth.backend.tools.gaussian import estimate, without_gaussian

    valid = np.ones(noisy.shape[1:], bool)
    return without_gaussian(noisy, valid, estimate(noisy, valid))


def opencv(noisy: np.ndarray) -> np.ndarray:
    """fastNlMeansDenoisingColored at its usual strength."""
    return np.moveaxis(cv2.fastNlMeansDenoisingColored(np.ascontiguousarray(np.moveaxis(noisy, 0, -1)), None, 10, 10), -1, 0)


def skimage_wavelet(noisy: np.ndarray) -> np.ndarray:
    from skimage.restoration import denoise_wavelet

    return (
        np.moveaxis(denoise_wavelet(np.moveaxis(noisy / 255, 0, -1), channel_axis=-1, convert2ycbcr=True, rescale_sigma=True), -1, 0) * 255
    )


def skimage_spun(noisy: np.ndarray) -> np.ndarray:
    """The wavelet averaged over 4 x 4 shifts."""
    from skimage.restoration import cycle_spin, denoise_wavelet

    options = {"channel_axis": -1, "convert2ycbcr": True, "rescale_sigma": True}
    image = np.moveaxis(noisy / 255, 0, -1)
    spun = cycle_spin(image, func=denoise_wavelet, max_shifts=3, func_kw=options, num_workers=1, channel_axis=-1)
    return np.moveaxis(spun, -1, 0) * 255


def skimage_means(noisy: np.ndarray) -> np.ndarray:
    from skimage.restoration import denoise_nl_means, estimate_sigma

    image = np.moveaxis(noisy / 255, 0, -1)
    sigma = float(np.mean(estimate_sigma(image, channel_axis=-1)))
    return np.moveaxis(denoise_nl_means(image, 5, 6, h=0.8 * sigma, sigma=sigma, fast_mode=True, channel_axis=-1), -1, 0) * 255


DENOISERS = {"ours": ours, "OpenCV NLM": opencv}
if HAS_SKIMAGE:
    DENOISERS |= {"scikit-image wavelet": skimage_wavelet, "wavelet, cycle-spun": skimage_spun, "scikit-image NLM": skimage_means}


def denoising(folder: Path, count: int) -> None:
    from zoomearth.backend.tools.gaussian import estimate, without_gaussian

    clean = crops(folder, AERIAL, SIDE, count)
    if not clean:
        print("denoising: left out, no aerial raster is there")
        return
    if not HAS_SKIMAGE:
        print("scikit-image and PyWavelets are not installed: their rows are left out")
    rng = np.random.default_rng(2)
    print(f"denoising, PSNR in dB: {len(clean)} crops of {SIDE} x {SIDE} px, sigma estimated by each")
    for sigma in (10, 25, 50):
        rows: dict[str, list[float]] = {}
        places: dict[str, list[float]] = {}
        for place, image in clean:
            noisy = np.clip(np.rint(image + rng.normal(0, sigma, image.shape)), 0, 255).astype(np.uint8)
            rows.setdefault("noisy", []).append(psnr(noisy, image))
            rows.setdefault("sigma estimated", []).append(float(estimate(noisy, np.ones(image.shape[1:], bool)).mean()))
            for name, method in DENOISERS.items():
                rows.setdefault(name, []).append(psnr(np.clip(method(noisy), 0, 255), image))
            places.setdefault(place, []).append(rows["ours"][-1])
        print(f"  sigma {sigma}: " + "; ".join(f"{name} {mean(values)}" for name, values in rows.items()))
        print("    ours by raster: " + "; ".join(f"{place} {np.mean(values):.2f}" for place, values in places.items()))
    wide = []
    for _, image in clean:
        noisy16 = np.clip(np.rint(image * 257.0 + rng.normal(0, 25 * 257, image.shape)), 0, 65535).astype(np.uint16)
        valid = np.ones(image.shape[1:], bool)
        after = np.clip(without_gaussian(noisy16, valid, estimate(noisy16, valid)), 0, 65535)
        wide.append(psnr(after, image * 257.0, 65535))
    print(f"  sigma 25 of 255, in 16 bit: ours {mean(wide)}")


# Clouds


def fractal(rng: np.random.Generator, side: int, cover: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """The opacity, 0 to 1, and where it is above 0."""
    size = 1 << (side - 1).bit_length()
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size)))
    frequency[0, 0] = 1
    field = np.real(np.fft.ifft2(np.fft.fft2(rng.normal(size=(size, size))) / frequency**1.6))[:side, :side]
    level = np.quantile(field, 1 - cover)
    return np.clip(4 * (field - level) / (field.max() - level), 0, 1), field > level


def clouds(folder: Path, count: int) -> None:
    from zoomearth.backend.tools.cloud_removal import from_references
    from zoomearth.backend.tools.clouds import clouds as found
    from zoomearth.backend.tools.clouds import grown
    from zoomearth.backend.tools.references import Resampled

    paths = [folder / name for name in NAIP]
    if not all(path.exists() for path in paths):
        print("cloud removal: left out, the four dates of one place are not there")
        return
    from zoomearth.backend.scene.scene import Scene
    from zoomearth.core.geometry import Box

    dates = []
    for path in paths:
        with Scene.open(path) as scene:
            dates.append(scene.read(Box(0, 0, *scene.size), [1, 2, 3]))
    rng = np.random.default_rng(3)
    rows: dict[str, list[float]] = {}
    changed, seconds = 0, []
    overlaps: dict[str, list[float]] = {}
    for trial in range(count):
        number = trial % len(dates)
        while True:
            y, x = (int(rng.integers(0, extent - CLOUDED)) for extent in dates[0].valid.shape)
            place = (slice(y, y + CLOUDED), slice(x, x + CLOUDED))
            if all(date.valid[place].mean() > 0.99 for date in dates):
                break
        truth = dates[number].array[(slice(None), *place)]
        others = [date for index, date in enumerate(dates) if index != number]
        opacity, cloud = fractal(rng, CLOUDED)
        cloudy = np.rint(truth * (1 - opacity) + 255 * opacity).astype(np.uint8)
        mask = grown(cloud, 2)
        filled = cv2.inpaint(np.ascontiguousarray(np.moveaxis(cloudy, 0, -1)), mask.astype(np.uint8), 5, cv2.INPAINT_TELEA)
        made = {"cloudy": cloudy, "paste": others[0].array[(slice(None), *place)], "cv2.inpaint": np.moveaxis(filled, -1, 0)}
        references = [Resampled(date.array[(slice(None), *place)].astype(np.float32), date.valid[place], 1.0) for date in others]
        scene = cloudy.astype(np.float32), np.moveaxis(cloudy, 0, -1), dates[number].valid[place]
        white = found(*scene, [Resampled(references[0].array, np.zeros_like(cloud), 1.0)])  # nothing is known of another date
        overlaps.setdefault("what is white", []).append((white & cloud).sum() / (white | cloud).sum())
        for many in (1, 3):
            words = f"ours, {many} reference{'s' * (many > 1)}"
            searched = found(*scene, references[:many])
            overlaps.setdefault(words, []).append((searched & cloud).sum() / (searched | cloud).sum())
            masks = {words: mask, f"{words}, no mask": grown(searched, 2)}
            for name, where in (masks if many > 1 else {**masks, "ours, what is white": grown(white, 2)}).items():
                begun = time.process_time()
                values, covered, _ = from_references(cloudy, ~where, where, references[:many])
                seconds.append(time.process_time() - begun)
                after = cloudy.copy()
                after[:, covered] = np.clip(np.rint(values), 0, 255).astype(np.uint8)[:, covered]
                changed += int((after != cloudy).any(axis=0)[~where].sum())
                made[name] = after
        for name, image in made.items():
            rows.setdefault(name, []).append(psnr(image[:, cloud], truth[:, cloud]))
    print(f"cloud removal, PSNR in dB inside of opaque clouds: {count} crops of {CLOUDED} x {CLOUDED} px, {changed} pixels changed outside")
    for name, values in rows.items():
        print(f"  {name:28} {mean(values)}")
    print("clouds found without a mask, IoU")
    for name, values in overlaps.items():
        print(f"  {name:28} {mean(values)}")
    print(f"  {np.median(seconds) / (CLOUDED**2 / 1e6):.2f} s of processor a megapixel")


# Time and memory


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
        done = subprocess.run([sys.executable, __file__, "--case", name], capture_output=True, text=True)
        if done.returncode:
            print(f"  {name}: failed: {done.stderr.strip().splitlines()[-1]}")
            continue
        got = json.loads(done.stdout.splitlines()[-1])
        print(f"  {name:24} {got['wall']:6.2f} s  {got['cpu']:6.2f} s  {got['mb']:5.0f} MB")
    regions(1000, 4000)


def regions(*sides: int) -> None:
    print("a region of one band of 16 bit, denoised from file to file: seconds, seconds of processor, MB of the whole process at its peak")
    for side in sides:
        done = subprocess.run([sys.executable, __file__, "--case", str(side)], stdout=subprocess.PIPE, text=True, check=True)
        got = json.loads(done.stdout.splitlines()[-1])
        speed = side**2 / 1e6 / got["wall"]
        print(
            f"  {side:,} x {side:,} px {got['wall']:13.2f} s  {got['cpu']:6.2f} s  {got['mb']:5.0f} MB  ({speed:.2f} megapixels a second)"
        )
        print("    against one piece: {} apart at the most where tiles meet, {} anywhere, of noise of {:g}".format(*got["seams"], GRAIN))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rasters", type=Path, default=HERE.parents[1] / "shared" / "data" / "rasters", metavar="FOLDER")
    parser.add_argument("--objects", type=int, default=400)
    parser.add_argument("--crops", type=int, default=24)
    parser.add_argument("--clouds", type=int, default=24)
    parser.add_argument("--region", type=int, metavar="SIDE", help="denoise a region of SIDE x SIDE px, and nothing else")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.case:
        run_case(chosen.case)
        return
    print(machine())
    if chosen.region:
        regions(chosen.region)
        return
    segmentation(chosen.rasters, chosen.objects)
    denoising(chosen.rasters, chosen.crops)
    clouds(chosen.rasters, chosen.clouds)
    costs()


if __name__ == "__main__":
    main()
