"""Splits images so that no ground is in both parts: images that overlap, or lie closer than a buffer, stay together."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Optional

from .rows import LabelImage

Bounds = tuple[float, float, float, float]  # west, south, east, north in degrees
METRES = 111_320.0  # of a degree of latitude


def groups(images: Mapping[str, LabelImage], bounds: Mapping[str, Optional[Bounds]], buffer: float) -> list[list[str]]:
    """The ids of the images in groups that must not be parted: same file, or bounds that are less than `buffer` metres apart."""
    ids = list(images)
    parent = {id: id for id in ids}

    def root(id: str) -> str:
        while parent[id] != id:
            parent[id] = parent[parent[id]]
            id = parent[id]
        return id

    files: dict[str, str] = {}
    for id, image in images.items():
        parent[root(id)] = root(files.setdefault(image.checksum or image.path, id))
    placed = sorted((box[1], id, box) for id, box in bounds.items() if box)
    for at, (_, id, box) in enumerate(placed):
        high = box[3] + buffer / METRES
        for south, other, theirs in placed[at + 1 :]:
            if south > high:
                break
            latitude = min(89.0, max(abs(side) for side in (box[1], box[3], theirs[1], theirs[3])))
            margin = buffer / (METRES * math.cos(math.radians(latitude)))
            if any(theirs[0] + turn <= box[2] + margin and theirs[2] + turn >= box[0] - margin for turn in (-360, 0, 360)):
                parent[root(id)] = root(other)
    members: dict[str, list[str]] = defaultdict(list)
    for id in ids:
        members[root(id)].append(id)
    return list(members.values())


def held_out(
    images: Mapping[str, LabelImage], bounds: Mapping[str, Optional[Bounds]], weights: Mapping[str, int], share: float, buffer: float
) -> set[str]:
    """The ids of the images to hold out: groups in an order that depends on their ids only, until `share` of the questions is reached.

    weights: the number of questions of each image.
    """
    parted = sorted(groups(images, bounds, buffer), key=lambda group: hashlib.sha256(min(group).encode()).hexdigest())
    wanted, taken = share * sum(weights.get(id, 0) for id in images), 0
    result: set[str] = set()
    for group in parted:
        size = sum(weights.get(id, 0) for id in group)
        if size and taken + size <= wanted + size / 2 and taken < wanted:
            result.update(group)
            taken += size
    return result
