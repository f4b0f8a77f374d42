"""Words of a label file in the user's language."""

from __future__ import annotations

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


def agreement_words(each: Agreement, named: bool = True) -> str:
    """How far two annotators agree, in the user's language. named: with their names and what both have decided."""
    kappa = "–" if each.kappa is None else QLocale().toString(each.kappa, "f", 2)
    exact, iou = ("–" if share is None else percent(share) for share in (each.exact, each.iou))
    figures = tr("kappa {kappa}, same answer {exact}, boxes overlap by {iou}").format(kappa=kappa, exact=exact, iou=iou)
    words = tr("{first} and {second}: {count} decided by both, {figures}")
    return words.format(first=each.first, second=each.second, count=each.questions, figures=figures) if named else figures


def percent(share: float) -> str:
    """A share from 0 to 1 as the user's system writes it."""
    return tr("{share} %").format(share=QLocale().toString(100 * share, "f", 1))
