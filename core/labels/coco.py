"""COCO's object detection form: the boxes with the categories of their labels, in source pixels."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .file import LabelFile
from .rows import ACCEPTED


def coco(labels: LabelFile, only: Collection[str] | None = None) -> tuple[dict[str, Any], list[str]]:
    """The JSON object, with the accepted questions of each box; and the paths of images whose size is not known, which are left out.

    only: ids of images; None for all. A box's category is its label, or else its level.
    """
    chosen = [image for image in labels.images() if only is None or image.id in only]
    numbers = {image.id: at for at, image in enumerate(chosen, 1) if image.size}
    boxes = [box for box in labels.boxes() if box.image in numbers]
    names = {name: at for at, name in enumerate(sorted({box.label or box.level for box in boxes}), 1)}
    asked: dict[str, list[dict[str, str]]] = {}
    for question in labels.questions(verdict=ACCEPTED):
        line = {"question": question.question, "answer": question.answer, "category": question.category}
        asked.setdefault(question.box, []).append(line)
    sizes = {image.id: image.size for image in chosen}
    annotations = []
    for at, box in enumerate(boxes, 1):
        sides = box.in_unit(None, sizes[box.image])
        bbox = [sides.left, sides.top, sides.width, sides.height]
        common = {"id": at, "image_id": numbers[box.image], "category_id": names[box.label or box.level], "bbox": bbox, "area": sides.area}
        annotations.append({**common, "iscrowd": 0, "segmentation": [], "level": box.level, "questions": asked.get(box.id, [])})
    data = {
        "images": [
            {"id": numbers[image.id], "file_name": image.path, "width": image.width, "height": image.height}
            for image in chosen
            if image.id in numbers
        ],
        "annotations": annotations,
        "categories": [{"id": at, "name": name} for name, at in names.items()],
    }
    return data, [image.path for image in chosen if image.id not in numbers]
