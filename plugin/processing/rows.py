"""The rows of many questions: their fields, and the count of how they ended, for the log and for a model's next step."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsProcessingAlgorithm, QgsProcessingException, QgsProcessingFeedback, QgsProcessingOutputNumber
from qgis.PyQt.QtCore import QVariant

from ...core.answer_type import AnswerType
from ...core.look import Stopped
from ..exchanges.endings import reason
from ..exchanges.exchange import Exchange, Status
from ..i18n import tr

ANSWER_FIELDS = {
    "answer": QVariant.String,
    "confidence": QVariant.Double,
    "meaningless": QVariant.Bool,
    "stopped": QVariant.String,
    "seconds": QVariant.Double,
    "model": QVariant.String,
    "error": QVariant.String,
    "exchange": QVariant.String,
}
VARIANTS = {bool: QVariant.Bool, int: QVariant.LongLong, float: QVariant.Double, str: QVariant.String}
ENDINGS = (*(ending.value for ending in Stopped), Status.FAILED.value)  # the values of `stopped`
MEANINGLESS = "MEANINGLESS"


def answer_fields(answer_type: Optional[AnswerType]) -> dict[str, Any]:
    """ANSWER_FIELDS, and the field of the typed answer where a type is given."""
    columns = answer_type.columns if answer_type else {}
    return {**ANSWER_FIELDS, **{name: VARIANTS[kind] for name, kind in columns.items()}}


def answer_values(exchange: Exchange, answer_type: Optional[AnswerType]) -> list[Any]:
    """The values of `answer_fields`. error: why there is no answer, None where there is one."""
    values = {
        "answer": exchange.answer,
        "confidence": exchange.confidence,
        "meaningless": exchange.meaningless,
        "stopped": stopped(exchange),
        "seconds": exchange.seconds,
        "model": exchange.model or None,
        "error": reason(exchange) or None,
        "exchange": exchange.id,
    }
    return [*(values[name] for name in ANSWER_FIELDS), *(answer_type.cells(exchange.value).values() if answer_type else ())]


def stopped(exchange: Exchange) -> str:
    """The ending of the exchange, one of ENDINGS."""
    return Stopped.UNREADABLE.value if exchange.unreadable else exchange.stopped or exchange.status.value


def add_counts(algorithm: QgsProcessingAlgorithm) -> None:
    """Declares the results of `Tally.finish`."""
    for ending in ENDINGS:
        algorithm.addOutput(QgsProcessingOutputNumber(ending.upper(), tr("Number of rows with the status {ending}").format(ending=ending)))
    algorithm.addOutput(QgsProcessingOutputNumber(MEANINGLESS, tr("Number of rows with a meaningless answer")))


class Tally:
    """Counts how the rows of a run end, and writes each row without an answer to the log."""

    def __init__(self, feedback: QgsProcessingFeedback) -> None:
        self._feedback = feedback
        self._counts = dict.fromkeys(ENDINGS, 0)
        self._meaningless = 0
        self._first_failure: Optional[str] = None

    def add(self, exchange: Exchange, name: str) -> None:
        """name: of the row, for the log."""
        self._counts[stopped(exchange)] += 1
        self._meaningless += exchange.meaningless
        if error := reason(exchange):
            self._feedback.reportError(f"{name}: {error}")
            if exchange.status is Status.FAILED:
                self._first_failure = self._first_failure or error

    def finish(self) -> dict[str, int]:
        """Writes the summary to the log and returns it as results, by the names of `add_counts`.

        Raises QgsProcessingException where every row failed.
        """
        if self._first_failure and self._counts[Status.FAILED.value] == sum(self._counts.values()):
            raise QgsProcessingException(self._first_failure)
        counts = ", ".join(f"{count} {ending}" for ending, count in self._counts.items() if count)
        self._feedback.pushInfo(tr("Rows: {counts}").format(counts=counts or "0"))
        return {**{ending.upper(): count for ending, count in self._counts.items()}, MEANINGLESS: self._meaningless}
