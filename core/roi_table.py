"""The one table of boxes: what the command line, the panel and Processing write of an exchange, and training reads back.

An exchange is a row of kind "zoom" for each zoom (the geometry is the box), a row of kind "zoom out" for each view that was brought back,
and a row of kind "answer" (the geometry is the place asked about), which an exchange without a zoom has, too. The rows of an exchange
bear its id, and are in order of their step. Texts hold numbers as Python writes them, so that reading them gives the very same numbers.
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
    "layer": str,
    "image": str,
    "bands": str,
    "stretch": str,
    "region": str,
    "model": str,
    "time": str,
}
"""Names that are still different where a Shapefile cuts them to ten letters. exchange: its id. step: of the view among the views, 0 for the
global one; of an answer, the number of views. roi: what the model asked for, "left,top,right,bottom" in source pixels; window: what was
shown of the source, likewise; focus: what of the window was shown enlarged inside the rest, "" where all had one scale; shown: the
picture's "width,height"; scale: source pixels per pixel shown, of the focus where there is one. stopped: why the model's turn
ended, or how the question did; error: why there is no answer. layer: what the raster is called. image: its path or address, "" where what
was shown is in no file; bands: "4,3,2"; stretch: "0:1000,0:900,0:800"; region: a `Where` as JSON. time: of the question, UTC."""


@dataclass(frozen=True)
class Facts:
    """What all rows of an exchange say. source: with the path as `stored` gives it; None: what was shown is in no file."""

    exchange: str
    question: str
    answer: Optional[str]
    model: str
    time: str
    stopped: str = ""
    error: Optional[str] = None
    confidence: Optional[float] = None
    meaningless: bool = False
    layer: str = ""
    source: Optional[SceneSource] = None
    region: Optional[Where] = None


def view_row(facts: Facts, seen: Seen, brought_back: bool = False) -> Dict[str, Any]:
    """The row of a view after the global one, by the names of FIELDS. brought_back: by a zoom out."""
    return {
        **_common(facts),
        **_view(seen),
        "step": seen.step,
        "kind": ZOOM_OUT if brought_back else ZOOM,
        "label": "" if brought_back else seen.label,
    }


def answer_row(facts: Facts, views: Sequence[Seen]) -> Dict[str, Any]:
    """The row of the answer, by the names of FIELDS. views: all that the model was shown; the first says what the place looked like."""
    return {**_common(facts), **(_view(views[0]) if views else {}), "step": len(views), "kind": ANSWER, "label": ""}


def stored(source: SceneSource) -> SceneSource:
    """The raster as it is written down: its path absolute for a file of this machine, an address without its keys."""
    path = source.path
    return replace(source, path=well_formed(os.path.abspath(path)) if os.path.exists(path) else shown(path))


def roi_of(row: Mapping[str, Any]) -> Optional[Tuple[float, ...]]:
    """The box in source pixels; None where the row has none. Raises ValueError for a text that is no box."""
    text = row.get("roi")
    if not text:
        return None
    sides = tuple(float(side) for side in text.split(","))
    if len(sides) != 4:
        raise ValueError(f"roi is {text!r}: it must be four numbers, left,top,right,bottom.")
    return sides


def source_of(row: Mapping[str, Any], path: str) -> SceneSource:
    """The raster as it was shown; path: where its image is now. Raises ValueError for bands or a stretch that are none."""
    bands, stretch = row.get("bands"), row.get("stretch")
    pairs: List[Tuple[float, float]] = []
    for pair in str(stretch).split(",") if stretch else ():
        low, separator, high = pair.partition(":")
        if not separator:
            raise ValueError(f"stretch is {stretch!r}: it must be a low:high pair for each band.")
        pairs.append((float(low), float(high)))
    return SceneSource(path, tuple(int(band) for band in str(bands).split(",")) if bands else None, tuple(pairs) or None)


def region_of(row: Mapping[str, Any]) -> Optional[Where]:
    """The part that the question was limited to. Raises ValueError for a text that is none, as one that a Shapefile has cut."""
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
        "layer": facts.layer,
        "image": source.path if source else "",
        "bands": ",".join(map(str, source.bands)) if source and source.bands else "",
        "stretch": ",".join(f"{low!r}:{high!r}" for low, high in source.stretch) if source and source.stretch else "",
        "region": json.dumps(to_json(facts.region)) if facts.region else "",
        "model": facts.model,
        "time": facts.time,
    }


def _view(seen: Seen) -> Dict[str, Any]:
    numbers = {"roi": seen.roi, "window": seen.window, "focus": seen.focus, "shown": seen.shown}
    return {**{name: ",".join(map(str, values)) if values else "" for name, values in numbers.items()}, "scale": round(seen.scale, 3)}
