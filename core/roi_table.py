"""The table of boxes: the rows of an exchange that the command line, the panel and Processing write, and that training reads.

An exchange has a row of kind "zoom" for each zoom (its geometry is the box), a row of kind "zoom out" for each view that was shown again, a
row for each view of what a tool has made, whose kind is the tool's name ("segmentation"; its geometry is the box that the tool worked on),
and one row of kind "answer" (its geometry is the place asked about). All rows of an exchange have its id, and are in the order of their
steps. Texts contain numbers as Python writes them, so that reading gives exactly the same numbers.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from .address import shown
from .source import SceneSource, Seen, Where
from .texts import well_formed
from .typed import from_json, to_json

ZOOM, ZOOM_OUT, ANSWER = "zoom", "zoom out", "answer"
FIELDS: Dict[str, type] = {
    "exchange": str,
    "step": int,
    "kind": str,
    "question": str,
    "answer": str,
    "label": str,
    "roi": str,
    "window": str,
    "focus": str,
    "shown": str,
    "scale": float,
    "confidence": float,
    "meaningless": bool,
    "stopped": str,
    "error": str,
    "checked": str,
    "checked_by": str,
    "checked_at": str,
    "note": str,
    "layer": str,
    "image": str,
    "compare": str,
    "bands": str,
    "stretch": str,
    "region": str,
    "model": str,
    "time": str,
}
"""The names remain different when a Shapefile cuts them to ten letters. exchange: its id. step: the view's place among the views, 0 for the
global one; in an answer's row, the number of views. roi: the box that the model asked for, "left,top,right,bottom" in source pixels;
window: the part of the source that was shown, in the same form; focus: the part of the window that was shown enlarged, "" for one scale;
shown: the picture's "width,height"; scale: source pixels per shown pixel, of the focus if there is one. stopped: why the question ended;
error: why there is no answer. checked: what a person says that the answer is; checked_by, checked_at: who and when, UTC; note: what
the person adds. layer: the raster's name. image: its path or address, "" for a snapshot; compare: the same of a second raster that it was
compared with, "" for none; bands: "4,3,2"; stretch:
"0:1000,0:900,0:800"; region: a `Where` as JSON. time: of the question, UTC."""


@dataclass(frozen=True)
class Facts:
    """The values that all rows of an exchange share. source, compare: as returned by `stored`; None for a snapshot, and for none."""

    exchange: str
    question: str
    answer: Optional[str]
    model: str
    time: str
    stopped: str = ""
    error: Optional[str] = None
    confidence: Optional[float] = None
    meaningless: bool = False
    checked: Optional[str] = None
    checked_by: Optional[str] = None
    checked_at: Optional[str] = None
    note: Optional[str] = None
    layer: str = ""
    source: Optional[SceneSource] = None
    region: Optional[Where] = None
    compare: Optional[SceneSource] = None


def view_row(facts: Facts, view: Seen, brought_back: bool = False) -> Dict[str, Any]:
    """The row of a view after the global one, by the names of FIELDS. brought_back: a zoom out has shown it again."""
    return {
        **_common(facts),
        **_view(view),
        "step": view.step,
        "kind": ZOOM_OUT if brought_back else view.tool or ZOOM,
        "label": "" if brought_back else view.label,
    }


def answer_row(facts: Facts, views: Sequence[Seen]) -> Dict[str, Any]:
    """The row of the answer, by the names of FIELDS. views: all views that the model was shown; the row describes the global one."""
    return {**_common(facts), **(_view(views[0]) if views and views[0].step == 0 else {}), "step": len(views), "kind": ANSWER, "label": ""}


def stored(source: SceneSource) -> SceneSource:
    """The source as it is stored: a file of this machine with its absolute path, an address without its keys."""
    path = source.path
    return replace(source, path=well_formed(os.path.abspath(path)) if os.path.exists(path) else shown(path))


def roi_of(row: Mapping[str, Any]) -> Optional[Tuple[float, ...]]:
    """The box in source pixels; None where the row has none. Raises ValueError for an invalid text."""
    text = row.get("roi")
    if not text:
        return None
    sides = tuple(float(side) for side in text.split(","))
    if len(sides) != 4:
        raise ValueError(f"roi is {text!r}: it must be four numbers, left,top,right,bottom.")
    return sides


def source_of(row: Mapping[str, Any], path: str) -> SceneSource:
    """The raster with the bands and the stretch of the row. path: of the image now. Raises ValueError for invalid bands or stretch."""
    bands, stretch = row.get("bands"), row.get("stretch")
    pairs: List[Tuple[float, float]] = []
    for pair in str(stretch).split(",") if stretch else ():
        low, separator, high = pair.partition(":")
        if not separator:
            raise ValueError(f"stretch is {stretch!r}: it must be a low:high pair for each band.")
        pairs.append((float(low), float(high)))
    return SceneSource(path, tuple(int(band) for band in str(bands).split(",")) if bands else None, tuple(pairs) or None)


def region_of(row: Mapping[str, Any]) -> Optional[Where]:
    """The region of the question. Raises ValueError for an invalid text, for example one that a Shapefile has cut."""
    text = row.get("region")
    return from_json(Where, json.loads(text), "region") if text else None


def _common(facts: Facts) -> Dict[str, Any]:
    source = facts.source
    return {
        **dict.fromkeys(FIELDS),
        "exchange": facts.exchange,
        "question": facts.question,
        "answer": facts.answer,
        "confidence": facts.confidence,
        "meaningless": facts.meaningless,
        "stopped": facts.stopped,
        "error": facts.error,
        "checked": facts.checked,
        "checked_by": facts.checked_by,
        "checked_at": facts.checked_at,
        "note": facts.note,
        "layer": facts.layer,
        "image": source.path if source else "",
        "compare": facts.compare.path if facts.compare else "",
        "bands": ",".join(map(str, source.bands)) if source and source.bands else "",
        "stretch": ",".join(f"{low!r}:{high!r}" for low, high in source.stretch) if source and source.stretch else "",
        "region": json.dumps(to_json(facts.region)) if facts.region else "",
        "model": facts.model,
        "time": facts.time,
    }


def _view(view: Seen) -> Dict[str, Any]:
    numbers = {"roi": view.roi, "window": view.window, "focus": view.focus, "shown": view.shown}
    return {**{name: ",".join(map(str, values)) if values else "" for name, values in numbers.items()}, "scale": round(view.scale, 3)}
