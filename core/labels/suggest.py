"""What the geometry of a box suggests: its level, and words for where it is."""

from __future__ import annotations

from collections.abc import Iterable

from ..geometry import Box, Size
from .flags import OFF, Place, words
from .lrs_gro import area
from .rows import LabelBox, LabelImage

REGION = 0.021
"""The part of an image from which a box is rather a region than an object: it tells 80 % of LRS-GRO's 5,029 boxes apart."""
WHOLE = 0.9  # the part of an image from which a box is rather the whole
LEAD = 0.1  # of half the image's side: how much further out than its fellows "the topmost" lies


def level_of(box: Box, size: Size) -> str:
    """One of `LEVELS`, by the part of the image that the box covers. Both in source pixels."""
    share = box.area / (size.width * size.height)
    return "global" if share >= WHOLE else "region" if share >= REGION else "object"


def described(noun: str, box: LabelBox, image: LabelImage, boxes: Iterable[LabelBox]) -> str:
    """A description that tells the box from others of its kind: "bridge" where it is the only one, "topmost bridge", or "top-left bridge".

    boxes: of the image; those whose description ends with the same word are of its kind.
    """
    noun = " ".join(noun.split())
    kind = words(noun)[-1:]
    fellows = [Place.of(other, image) for other in boxes if other.id != box.id and kind and words(other.label)[-1:] == kind]
    if not fellows:
        return noun
    place = Place.of(box, image)
    leads = {
        "leftmost": (min(other.right for other in fellows) - place.right, place.right),
        "rightmost": (place.right - max(other.right for other in fellows), -place.right),
        "topmost": (min(other.down for other in fellows) - place.down, place.down),
        "bottommost": (place.down - max(other.down for other in fellows), -place.down),
    }
    led = {name: lead for name, (lead, wrong) in leads.items() if lead >= LEAD and wrong <= OFF}
    where = max(led, key=lambda name: led[name]) if led else area(place).replace("center", "central")
    return f"{where} {noun}"
