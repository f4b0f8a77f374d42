"""Sentences about an exchange: what it is called, why there is no answer, why an answer is not reliable, and how a tool did its work."""

from __future__ import annotations

from ...core.tools import SURVEY, TOOLS
from ..i18n import tr
from .exchange import RUN, Exchange, Status, UsedTool


def tool_title(use: UsedTool) -> str:
    """The tool's name, and whether its result shows pixels that were not observed."""
    if use.made.tool in (SURVEY, RUN):
        return tr("Find all") if use.made.tool == SURVEY else tr("Run")
    tool = TOOLS.get(use.made.tool)
    title = tr(tool.title) if tool else use.made.tool
    return tr("{tool} (synthetic)").format(tool=title) if use.made.synthetic else title


def heading(exchange: Exchange) -> str:
    """The question; where a tool was used without one, the tool and the place."""
    if exchange.question or not exchange.uses:
        return exchange.question
    use = exchange.uses[0]
    return f"{tool_title(use)}: {use.made.label or use.place}"


def compared_with(exchange: Exchange) -> str:
    """What it is compared with; "" where it is about one raster."""
    return tr("compared with {name}").format(name=exchange.names[1]) if exchange.compare and len(exchange.names) == 2 else ""


def use_notes(use: UsedTool) -> list[str]:
    """How it was done, and how far to trust it: a line each."""
    made = use.made
    confidence = "" if made.confidence is None else tr("confidence {value} of 1 (not a probability)").format(value=f"{made.confidence:.2f}")
    took = tr("{seconds} s").format(seconds=f"{made.seconds:.1f}")
    return [" · ".join(filter(None, (made.backend, confidence, took if made.seconds else ""))), *made.notes]


def use_figures(use: UsedTool) -> str:
    """What the tool has measured, in one line; "" where that is nothing."""
    return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in use.made.metrics.items())


def ending(exchange: Exchange) -> str:
    """One sentence about how it ended; "" where the model answered without trouble, or the exchange failed."""
    guess, asked = (
        tr("The maximum number of zooms was reached: this answer is a best guess."),
        tr("The maximum number of zooms was reached, but the model asked for another zoom."),
    )
    sentences = {
        "limit": asked if exchange.answer is None else guess,
        "unreadable": tr("The model's reply made no sense. Ask in other words."),
        "endless": tr("The model's reply was too long and was cut off. Ask in other words."),
        "bad_box": tr("The model asked to zoom to an invalid place. Ask in other words."),
    }
    return tr("Cancelled.") if exchange.status is Status.CANCELLED else sentences.get(exchange.stopped, "")


def reason(exchange: Exchange) -> str:
    """Why there is no answer, with the technical reason, for a table or a log; "" where there is an answer, or the question still runs."""
    if exchange.unreadable:
        return tr("The answer does not have the type that was asked for: {answer}").format(answer=exchange.answer)
    if exchange.status is Status.RUNNING or exchange.answer is not None:
        return ""
    if exchange.status is Status.FAILED:
        return f"{exchange.message} {exchange.hint}".strip()
    sentence = ending(exchange) or tr("There is no answer.")
    return f"{sentence} ({exchange.why})" if exchange.why else sentence


def meaningless() -> str:
    """The warning shown beside an answer of the demo model about a raster that is not a generated scene."""
    return tr(
        "Meaningless: the demo model works only on the drawn demo scenes, not on your images. Choose another model "
        "in Settings > Options > ZoomEarth > Model."
    )
