"""Words of a label file in the user's language."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import QLocale

from ...core.labels.agreement import Agreement
from ...core.labels.flags import BLIND, COORDINATES, DISAGREE, DUPLICATE, GEOMETRY, GIVEN, LONG
from ...core.labels.rows import ACCEPTED, CANDIDATE, REJECTED, UNSURE, Question
from ..i18n import tr


def level_words(level: str) -> str:
    """A level in the user's language."""
    return {"global": tr("the whole image"), "region": tr("region"), "object": tr("object")}.get(level, level)


def maker_words(maker: str) -> str:
    """Who made a question, in the user's language."""
    return {"person": tr("written by a person"), "template": tr("from a template"), "import": tr("imported")}.get(maker, maker)


def verdict_words(question: Question) -> str:
    """The verdict with its reason, in the user's language."""
    words = {
        CANDIDATE: tr("candidate"),
        ACCEPTED: tr("accepted"),
        REJECTED: tr("rejected"),
        UNSURE: tr("unsure"),
    }[question.verdict]
    return f"{words}: {reason_words(question.reason)}" if question.reason else words


def reason_words(reason: str) -> str:
    """A reason of a rejection in the user's language."""
    return {
        "wrong answer": tr("wrong answer"),
        "ambiguous question": tr("ambiguous question"),
        "not visible": tr("not visible"),
        "trivial or repeated": tr("trivial or repeated"),
        "bad language": tr("bad language"),
    }.get(reason, reason)


def flag_words(flag: str) -> str:
    """The name of a flag in the user's language."""
    return {
        GIVEN: tr("answer in the question"),
        LONG: tr("more than three words"),
        COORDINATES: tr("coordinates"),
        DUPLICATE: tr("duplicate"),
        BLIND: tr("answerable blind"),
        DISAGREE: tr("two samples disagree"),
        GEOMETRY: tr("words contradict the box"),
    }.get(flag, flag)


def agreement_words(each: Agreement, after: Optional[Agreement] = None) -> str:
    """The figures of an agreement, in the user's language. after: those to which they have become, behind an arrow."""
    pairs = (
        (tr("kappa {figure}"), _kappa(each.kappa), after and _kappa(after.kappa)),
        (tr("same answer {figure}"), _share(each.exact), after and _share(after.exact)),
        (tr("boxes overlap by {figure}"), _share(each.iou), after and _share(after.iou)),
    )
    return ", ".join(words.format(figure=old if new in (None, old) else f"{old} → {new}") for words, old, new in pairs)


def _kappa(kappa: Optional[float]) -> str:
    return "–" if kappa is None else QLocale().toString(kappa, "f", 2)


def _share(share: Optional[float]) -> str:
    return "–" if share is None else percent(share)


def percent(share: float) -> str:
    """A share from 0 to 1 as the user's system writes it."""
    return tr("{share} %").format(share=QLocale().toString(100 * share, "f", 1))
