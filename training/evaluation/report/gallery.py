"""The data of the report's gallery: every record in short form, each image's global view, and the crops of some answers.

Pictures are read again from the images, one image after another, so that the files of a run are small. The answers with crops are chosen in
turn from the right and the wrong answers of every type and mode.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from ....backend.scene.scene import Scene
from ....core.geometry import Box, Size, View
from .. import statistics as figures
from ..records import Record

VIEW, CROP = 320, 224  # longest side, pixels
CROPS = 600  # answers whose crops are in the report: about 8 MB
VIEWS = 20_000_000  # bytes of global views, about 1,500 images; further images are empty frames


def data(runs: Mapping[str, Sequence[Record]]) -> dict[str, Any]:
    """The data for the page's script: runs, each a list of records; scenes, each {size, picture}; and the number of answers with crops."""
    chosen: dict[str, list[tuple[str, Record]]] = {}
    for name, record in islice(_in_turn(runs), CROPS):
        chosen.setdefault(record.image, []).append((name, record))
    images = {record.image: record.size for records in runs.values() for record in records if record.image}
    images |= {record.image: record.size for records in runs.values() for record in records if record.image and record.size}
    crops: dict[tuple[str, str], list[str]] = {}
    scenes, spent = [], 0
    for image, size in images.items():
        with _opened(image) as scene:
            picture = _picture(scene, Box(0, 0, *size), VIEW, size) if size and spent < VIEWS else ""
            spent += len(picture)
            scenes.append({"size": size, "picture": picture})
            for name, record in chosen.get(image, ()):
                pictures = [_picture(scene, Box(*view["window"]), CROP, view["size"]) for view in record.views[1:]]
                crops[name, record.question_id] = [picture for picture in pictures if picture]
    place = {image: at for at, image in enumerate(images)}
    listed = {
        name: [_short(record, place.get(record.image, -1), crops.get((name, record.question_id), [])) for record in records]
        for name, records in runs.items()
    }
    return {"runs": listed, "scenes": scenes, "crops": sum(map(bool, crops.values()))}


def _short(record: Record, scene: int, crops: list[str]) -> dict[str, Any]:
    size = record.known_size()
    shares = [_share(view["roi"], size) for view in record.views[1:] if view.get("roi")] if size else []
    _, label, _ = record.boxes()
    return {
        "id": record.question_id,
        "question": record.question,
        "truth": record.ground_truth,
        "answer": record.answer,
        "type": record.type or "unknown",
        "category": record.category,
        "right": None if record.error else figures.right(record),
        "why": record.error["message"] if record.error else (record.score or {}).get("why", "") + (f"; {record.why}" if record.why else ""),
        "replies": record.replies,
        "scene": scene,
        "boxes": shares,
        "label": _share(label, size) if label and size else None,
        "crops": crops,
    }


def _share(box: Sequence[float], size: Sequence[int]) -> list[float]:
    """The box in parts of the image's width and height."""
    return [round(side / size[at % 2], 4) for at, side in enumerate(box)]


def _in_turn(runs: Mapping[str, Sequence[Record]]) -> Iterator[tuple[str, Record]]:
    """The records with a crop of all runs: one of each (run, type, right or wrong), then the next of each."""
    queues: dict[Any, list[tuple[str, Record]]] = {}
    for name, records in runs.items():
        for record in records:
            if len(record.views) > 1:
                queues.setdefault((name, record.type, figures.right(record)), []).append((name, record))
    for turn in range(max(map(len, queues.values()), default=0)):
        for queue in queues.values():
            if turn < len(queue):
                yield queue[turn]


@contextmanager
def _opened(image: str) -> Iterator[Scene | None]:
    """The image as a scene; None where it can't be opened: its records are shown without pictures."""
    try:
        scene = Scene.open(image) if Path(image).exists() else None
    except Exception:  # a reader may raise any error for a damaged file or an invalid name
        scene = None
    try:
        yield scene
    finally:
        if scene:
            scene.close()


def _picture(scene: Scene | None, window: Box, side: int, size: Sequence[int]) -> str:
    """A window as a JPEG in base64, in the size that was shown but at most `side` pixels long; "" where it can't be read."""
    if scene is None:
        return ""
    scale = min(1.0, side / max(size))
    try:
        picture = scene.part(View(window, Size(*(max(1, round(length * scale)) for length in size))))
    except Exception:
        return ""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=72)
    return base64.b64encode(file.getvalue()).decode("ascii")
