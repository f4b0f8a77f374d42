"""The tools on a region of a raster, described once: the command line reads its flags and help from here, and so can a prompt, a menu or
a form of QGIS. What they do is in `backend/tools`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Tuple

MASK, RASTER, VALUE = "mask", "raster", "value"  # what a tool gives: where something is, new pixels, a number or a word
NUMBER, CHOICE, COLOR = "number", "choice", "color"
REFERENCE, MASK_FILE = "reference", "mask"


@dataclass(frozen=True)
class Parameter:
    """One setting of a tool.

    kind: NUMBER (within low to high), CHOICE (one of choices), COLOR ("#rrggbb"). default: None where the tool chooses by the pixels; a
    CHOICE without one must be given. unit: of a number, for a person. beyond: a sentence on what is none of the choices.
    detail: its default suits nearly everyone: models are not told of it, and the panel asks nothing for it.
    """

    name: str
    kind: str
    help: str
    default: Any = None
    low: float = -math.inf
    high: float = math.inf
    choices: Tuple[str, ...] = ()
    unit: str = ""
    beyond: str = ""
    detail: bool = False

    def read(self, value: Any) -> Any:
        """The value as the tool takes it, from a text or from JSON. Raises ValueError with a sentence."""
        if self.kind == CHOICE:
            if value not in self.choices:
                raise ValueError(f"{self.name} is {value!r}: it must be one of {', '.join(self.choices)}. {self.beyond}".rstrip())
            return value
        if self.kind == COLOR:
            if not re.fullmatch(r"#[0-9a-fA-F]{6}", str(value)):
                raise ValueError(f"{self.name} is {value!r}: it must be a colour such as #c03020.")
            return str(value).lower()
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not self.low <= number <= self.high:
            raise ValueError(f"{self.name} is {value!r}: it must be a number from {self.low:g} to {self.high:g}.")
        return number

    @property
    def values(self) -> str:
        """What it may be, for a person."""
        if self.kind == CHOICE:
            return ", ".join(self.choices)
        return "#rrggbb" if self.kind == COLOR else f"{self.low:g} to {self.high:g}" + (f" {self.unit}" if self.unit else "")


@dataclass(frozen=True)
class Tool:
    """gives: MASK, RASTER or VALUE. uses: what it takes beside region and label, of REFERENCE and MASK_FILE. example: a command line.
    synthetic: whether its result shows pixels that were not observed. sought: its label is what it looks for, which it needs; it works on
    all that is asked about where no box is given.
    """

    name: str
    title: str
    summary: str
    gives: str
    parameters: Tuple[Parameter, ...] = ()
    uses: Tuple[str, ...] = ()
    example: str = ""
    synthetic: bool = False
    sought: bool = False

    def arguments(self, given: Mapping[str, Any]) -> Dict[str, Any]:
        """All parameters with their values: those given, checked, and the defaults. Raises ValueError with a sentence."""
        known = {parameter.name: parameter for parameter in self.parameters}
        if unknown := [name for name in given if name not in known]:
            raise ValueError(f"{self.name} has no parameter {unknown[0]!r}; it has {', '.join(known) or 'none'}.")
        values = {name: parameter.read(given[name]) if name in given else parameter.default for name, parameter in known.items()}
        for parameter in self.parameters:
            if parameter.kind == CHOICE and values[parameter.name] is None:
                raise ValueError(f"{self.name} needs {parameter.name}: one of {', '.join(parameter.choices)}.")
        return values


@dataclass(frozen=True)
class UseTool:
    """A tool to be used on a region. arguments: by the names of its parameters, as `Tool.arguments` gives them. references: rasters of
    other dates. mask: a vector or raster file. question, answer, exchange: those that the region comes from, "" where there are none.
    """

    tool: str
    label: str = ""
    arguments: Optional[Dict[str, Any]] = None
    references: Tuple[str, ...] = ()
    mask: Optional[str] = None
    question: str = ""
    answer: str = ""
    exchange: str = ""


@dataclass(frozen=True)
class Made:
    """What a tool has made of a region.

    backend: which of the tool's implementations ran. kind: MASK, RASTER or VALUE. out: the file. confidence: 0 to 1, uncalibrated; None
    where the backend can't tell. notes: sentences for a person. metrics: figures by name. seconds: of the work, without the writing.
    box: the region in source pixels. synthetic: whether it shows pixels that were not observed.
    """

    tool: str
    backend: str
    kind: str
    out: str
    confidence: Optional[float]
    notes: Tuple[str, ...]
    metrics: Dict[str, Any]
    seconds: float
    label: str = ""
    box: Optional[Tuple[float, float, float, float]] = None
    synthetic: bool = False


BEST = "best"
SEGMENTATION = "segmentation"
SEGMENTERS = ("sam2.1-hiera-large", "sam2.1-hiera-base-plus", "sam2.1-hiera-small", "sam2.1-hiera-tiny", "otsu-grabcut")
DENOISERS = ("drunet", "sliding-dct")
EDITORS = ("stable-diffusion-inpainting", "pixel-verbs")
"""The backends of a tool, in the order in which they are tried: the listed models that it uses, and last the one that needs no weights."""


def label(name: str) -> str:
    """The name of a parameter or of a choice, as a person reads it: "Least area". Backends keep theirs."""
    return name if name in (*SEGMENTERS, *DENOISERS, *EDITORS) else name.replace("_", " ").replace("-", " ").capitalize()


VERBS = ("remove", "replace", "recolour", "brighten", "contrast", "equalise", "sharpen", "blur", "pixelate", "paste")
TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            SEGMENTATION,
            "Segment",
            "outlines the object inside a box, as polygons or as a mask raster",
            MASK,
            (
                Parameter("simplify", NUMBER, "how far an outline may move to have fewer corners", 0.4, 0, 0.5, unit="pixels"),
                Parameter("least_area", NUMBER, "smaller parts and holes are left out", 4.0, 0, 1e9, unit="pixels"),
                Parameter(
                    "backend",
                    CHOICE,
                    "what does it; best: the first whose weights are here",
                    BEST,
                    choices=(BEST, *SEGMENTERS),
                    detail=True,
                ),
            ),
            (),
            'zoomearth tool segmentation lake.tif --window 900,400,1500,1100 --label "northern lake" --out lake.gpkg',
        ),
        Tool(
            "denoising",
            "Denoise",
            "removes noise and keeps edges, in the raster's own type and bands",
            RASTER,
            (
                Parameter(
                    "noise",
                    CHOICE,
                    "gaussian: grain; impulse: salt and pepper; row-stripes, column-stripes: a scanner's",
                    "gaussian",
                    choices=("gaussian", "impulse", "row-stripes", "column-stripes"),
                ),
                Parameter(
                    "sigma", NUMBER, "standard deviation of gaussian noise; estimated unless given", None, 0, 1e9, unit="pixel values"
                ),
                Parameter(
                    "backend",
                    CHOICE,
                    "what removes gaussian noise; best: the first whose weights are here",
                    BEST,
                    choices=(BEST, *DENOISERS),
                    detail=True,
                ),
            ),
            (),
            "zoomearth tool denoising radar.tif --window 0,0,2000,2000 --out clean.tif --set sigma=12",
        ),
        Tool(
            "cloud-removal",
            "Remove clouds",
            "replaces clouds by what images of other dates show there, fitted to this one",
            RASTER,
            (Parameter("margin", NUMBER, "by how much the mask is grown", 2.0, 0, 100, unit="pixels"),),
            (REFERENCE, MASK_FILE),
            "zoomearth tool cloud-removal may.tif --window 0,0,900,700 --reference june.tif april.tif --mask clouds.gpkg --out clear.tif",
            synthetic=True,
        ),
        Tool(
            "editing",
            "Edit",
            "changes the pixels inside a mask by one of a few verbs; every other pixel stays as it is",
            RASTER,
            (
                Parameter(
                    "verb",
                    CHOICE,
                    "what to do",
                    None,
                    choices=VERBS,
                    beyond="verb=replace draws what the label names, with an editing model.",
                ),
                Parameter("amount", NUMBER, "strength; negative darkens or flattens", 1.0, -4, 4),
                Parameter("color", COLOR, "of recolour", "#c03020"),
                Parameter(
                    "backend",
                    CHOICE,
                    "what removes or replaces; best: the editing model if its weights are here",
                    BEST,
                    choices=(BEST, *EDITORS),
                    detail=True,
                ),
            ),
            (REFERENCE, MASK_FILE),
            "zoomearth tool editing yard.tif --window 40,60,90,100 --set verb=pixelate --out private.vrt",
            synthetic=True,
        ),
    )
}


SURVEY = "survey"
CALLED = {
    **TOOLS,
    SURVEY: Tool(
        SURVEY,
        "Find all",
        "finds and counts all things of a kind, in a box or in the whole scene, by looking closely at all of it: for every question about "
        "how many there are, or where all are",
        MASK,
        (Parameter("size", NUMBER, "how long one of them is; leave it out for common things", None, 0.05, 1e5, unit="metres"),),
        (),
        'zoomearth survey bay.tif "ships" --out ships.gpkg',
        sought=True,
    ),
}
"""The tools that a model may call: a person surveys by a command of its own, for which a survey is no tool."""


def tool_named(name: str, among: Mapping[str, Tool] = TOOLS) -> Tool:
    """Raises ValueError with a sentence. An underscore may stand for the hyphen."""
    try:
        return among[name.replace("_", "-")]
    except KeyError:
        raise ValueError(f"There is no tool {name!r}; the tools are {', '.join(among)}.") from None
