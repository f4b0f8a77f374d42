"""Sentences about how an exchange ended: why there is no answer, or why an answer is not reliable."""

from __future__ import annotations

from ..i18n import tr
from .exchange import Exchange, Status


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
