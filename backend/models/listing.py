"""What there is to choose from: the catalogue beside what this machine can run, for people and programs."""

from __future__ import annotations

from typing import Any, Sequence

from ...core.catalogue import HANDY, Fit, Model, catalogue, fit, recommended, tool_models
from ...core.memory import Memory, estimate, gigabytes


def listing(places: Sequence[Memory]) -> list[dict[str, Any]]:
    """The models that answer questions, in the list's order. folder: None where it has not been downloaded. tool: "". memory: bytes by
    number format. fit: how it runs here, see `core.catalogue.Fit`; recommended: whether it is the one to begin with."""
    models = catalogue()
    best = recommended(models.values(), places)
    return [
        {
            **_facts(model),
            "memory": {number: estimate(model.bytes, number, places[0].device).total for number in ("bfloat16", "int8")},
            "recommended": model == best,
            "fit": _fit(fit(model, places)),
        }
        for model in models.values()
    ]


def tools_listing() -> list[dict[str, Any]]:
    """The models that a tool uses, in the list's order, by the same names without memory and fit."""
    return [{**_facts(model), "recommended": False} for model in tool_models().values()]


def size(count: int, about: bool) -> str:
    """For people."""
    text = gigabytes(count) if count >= 1e9 else f"{count / 1e6:.0f} MB"
    return f"about {text}" if about else text


def verdict(model: Model, fit: Fit) -> str:
    """Whether and how the model runs here, in a few words."""
    if not fit.fits:
        return f"no: needs {gigabytes(fit.needed)}, this machine has {gigabytes(fit.place.total)}"
    speed = "" if model.parameters < 1 else ", slow" if model.parameters <= HANDY else ", very slow"
    where = f"processor{speed}" if fit.place.device == "cpu" else "graphics card"
    numbers = ", as int8" if fit.number == "int8" else ""
    waits = f"; needs {gigabytes(fit.needed)}, {gigabytes(fit.place.free)} are free now" if fit.waits else ""
    return f"yes ({where}{numbers}{waits})"


def _facts(model: Model) -> dict[str, Any]:
    return {
        "id": model.id,
        "title": model.title,
        "use": model.use,
        "bytes": model.bytes,
        "size": size(model.bytes, model.size_is_estimated),
        "licence": model.licence,
        "commercial": model.commercial,
        "repo": model.repo,
        "revision": model.revision,
        "folder": str(model.folder) if model.here else None,
        "tool": model.tool,
    }


def _fit(fit: Fit) -> dict[str, Any]:
    place = fit.place
    return {
        "fits": fit.fits,
        "device": place.device,
        "number": fit.number,
        "needed": fit.needed,
        "total": place.total,
        "free": place.free,
    }
