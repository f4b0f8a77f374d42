"""What a report contains, and its sentences about an exchange, for HTML and PDF alike."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Iterable, Optional, Sequence

from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsCsException, QgsGeometry, QgsProject, QgsUnitTypes

from ...core.errors import SceneError
from ...core.reasoning import thought
from ..exchanges.endings import compared_with, ending, meaningless, reason
from ..exchanges.exchange import Exchange, PicturedView, Status
from ..exchanges.result_rows import answer_geometry, roi_geometry
from ..i18n import reduction, tr
from .vector import crs_of

LOW = 0.5  # a confidence below this makes an answer a contested one
BRIEF = 160  # letters of a question or an answer in a table
RUN = 5  # questions with the same text are shown as totals from this number on


@dataclass(frozen=True)
class Contents:
    """The title page, and what the report has. logo: the path of a picture, "" for none.

    summary: totals of what was asked often. table: of all questions and answers. evidence: maps and pictures of each
    answer; contested_only: of contested ones only.
    reasoning: the model's thoughts, in HTML.
    """

    title: str = ""
    project: str = ""
    author: str = ""
    logo: str = ""
    summary: bool = True
    table: bool = True
    evidence: bool = True
    contested_only: bool = False
    reasoning: bool = True
    date: str = field(default_factory=lambda: datetime.now().strftime("%Y-%m-%d"))

    @property
    def heading(self) -> str:
        return self.title or tr("ZoomEarth report")

    @property
    def lines(self) -> list[str]:
        """Project, author and date, as they are known."""
        labelled = ((tr("Project: {}"), self.project), (tr("Author: {}"), self.author), (tr("Date: {}"), self.date))
        return [label.format(value) for label, value in labelled if value]


def over(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """The exchanges that have ended. Raises SceneError where none has."""
    finished = [exchange for exchange in exchanges if exchange.status is not Status.RUNNING]
    if not finished:
        raise SceneError(tr("There is nothing to report yet."), tr("Ask a question first."))
    return finished


def parts(exchanges: Sequence[Exchange], contents: Contents) -> list[tuple[str, list[tuple[int, Exchange]]]]:
    """The headings of the parts with evidence, and their exchanges with their numbers; the contested ones come apart."""
    numbered = list(enumerate(exchanges, 1))
    contested = [(number, exchange) for number, exchange in numbered if doubts(exchange)]
    others = [(number, exchange) for number, exchange in numbered if not doubts(exchange)]
    both = [(tr("Answers"), [] if contents.contested_only else others), (tr("Contested answers"), contested)]
    return [(heading, listed) for heading, listed in both if listed and contents.evidence]


def doubts(exchange: Exchange) -> str:
    """Why the answer is contested; "" where it is not."""
    if exchange.contradicted:
        return tr("A person says something else than the model.")
    if exchange.checked is None and exchange.confidence is not None and exchange.confidence < LOW:
        return tr("The model's own confidence is low.")
    return ""


def runs(exchanges: Iterable[Exchange]) -> dict[str, list[Exchange]]:
    """The questions that were asked about many places, with their exchanges."""
    asked: dict[str, list[Exchange]] = {}
    for exchange in exchanges:
        asked.setdefault(exchange.question, []).append(exchange)
    return {question: listed for question, listed in asked.items() if question and len(listed) >= RUN}


def totals(exchanges: Iterable[Exchange]) -> list[tuple[str, int]]:
    """How often each answer was given, the most frequent one first."""
    counts: dict[str, int] = {}
    for exchange in exchanges:
        verdict = exchange.verdict or tr("no answer")
        counts[verdict] = counts.get(verdict, 0) + 1
    return sorted(counts.items(), key=lambda pair: -pair[1])


def caveat() -> str:
    """A warning about the answers in a report."""
    return tr("The answers come from a model and can be wrong. The boxes and pictures show where it looked.")


def facts(exchange: Exchange) -> list[str]:
    """Layer, area, colours, CRS, time, model and duration; without those that are not known."""
    crs = QgsCoordinateReferenceSystem.fromWkt(exchange.crs) if exchange.crs else QgsCoordinateReferenceSystem()
    about = [
        exchange.layer,
        compared_with(exchange),
        exchange.scope,
        exchange.seen_as,
        crs.userFriendlyIdentifier() if crs.isValid() else "",
    ]
    took = tr("{seconds} s").format(seconds=f"{exchange.seconds:.1f}") if exchange.seconds else ""
    return [each for each in (*about, utc(exchange), exchange.model, took) if each]


def place(exchange: Exchange) -> str:
    """The place asked about, for a table: of a row of a run, the name of its polygon."""
    return exchange.feature.name if exchange.feature else exchange.scope


def utc(exchange: Exchange) -> str:
    return exchange.time.replace("T", " ").replace("Z", " UTC")


def answered(exchange: Exchange) -> str:
    """The answer, or why there is none."""
    if exchange.verdict is not None:
        return exchange.verdict
    if exchange.status is Status.FAILED:
        return tr("Failed: {reason}").format(reason=reason(exchange))
    return ending(exchange) or tr("There is no answer.")


def note(exchange: Exchange) -> str:
    """How far to trust the answer, and what a person says about it."""
    notes = [checked(exchange), meaningless() if exchange.meaningless else ""]
    if exchange.answer is not None:
        notes.append(ending(exchange))
    if exchange.confidence is not None:
        notes.append(
            tr("Model's own confidence: {value} of 1. Use it to compare answers: it is not a probability.").format(
                value=f"{exchange.confidence:.2f}"
            )
        )
    return " ".join(filter(None, notes))


def checked(exchange: Exchange) -> str:
    """Who has checked the answer, and what the model has said where that differs."""
    if exchange.checked is None and not exchange.note:
        return ""
    said = [] if not exchange.contradicted else [tr("The model said: {answer}.").format(answer=exchange.answer or tr("no answer"))]
    if exchange.checked is not None:
        by = tr("Checked by {name}, {date}.").format(name=exchange.checked_by or "?", date=(exchange.checked_at or "?")[:10])
        said.insert(0, by)
    return " ".join([*said, tr("Note: “{}”.").format(exchange.note.rstrip(".")) if exchange.note else ""]).strip()


def brief(text: str) -> str:
    """A question or an answer for the table of all answers."""
    return textwrap.shorten(text, BRIEF, placeholder="…")


def remark(exchange: Exchange) -> str:
    """A few words for the table of all answers."""
    if exchange.checked is not None:
        return tr("corrected") if exchange.contradicted else tr("confirmed")
    if exchange.meaningless:
        return tr("meaningless")
    return "" if exchange.confidence is None else tr("confidence {value}").format(value=f"{exchange.confidence:.2f}")


def title_of(view: PicturedView) -> str:
    return view.label or (tr("Overview") if view.roi is None else tr("Zoom"))


def pictured(exchange: Exchange, view: PicturedView) -> list[PicturedView]:
    """The view, and as another one what the second raster of a comparison has there; each by its raster's name then."""
    if not view.other or len(exchange.names) != 2:
        return [view]
    labels = [f"{title_of(view)}: {name}" for name in exchange.names]
    return [view if view.roi is None else replace(view, label=labels[0]), replace(view, label=labels[1], picture=view.other)]


def measures(view: PicturedView, cropped: bool = False) -> str:
    """The window, or the part of it that was enlarged, in source pixels, and the reduction at which it was shown. cropped: what is seen in
    the report has more pixels."""
    left, top, right, bottom = (f"{side:,}" for side in view.part)
    window = tr("columns {left} to {right}, rows {top} to {bottom}").format(left=left, right=right, top=top, bottom=bottom)
    shown = reduction(view.scale)
    return f"{window}; {tr('shown to the model {reduction}').format(reduction=shown) if cropped else shown}"


def position(exchange: Exchange, view: Optional[PicturedView] = None) -> str:
    """The middle and the size of a view's box, or of the place asked about, in the project's CRS; "" without georeference."""
    own, project = crs_of(exchange), QgsProject.instance().crs()
    crs = project if project.isValid() else own
    place = roi_geometry(view) if view else answer_geometry(exchange)
    if not own.isValid() or place.isEmpty():
        return ""
    shape = QgsGeometry(place)
    try:
        shape.transform(QgsCoordinateTransform(own, crs, QgsProject.instance()))
    except QgsCsException:
        return ""
    box = shape.boundingBox()
    if not box.isFinite():
        return ""
    digits = 6 if crs.isGeographic() else 1
    middle = tr("centre {x}, {y} ({crs})").format(x=f"{box.center().x():.{digits}f}", y=f"{box.center().y():.{digits}f}", crs=crs.authid())
    unit = QgsUnitTypes.toAbbreviatedString(crs.mapUnits())
    size = f"{box.width():.{digits}f} x {box.height():.{digits}f} {unit}"
    return f"{middle}; {size}"


def reasoning(view: PicturedView) -> str:
    """The model's reasoning about a view, without tags and boxes."""
    return thought(view.thoughts).strip()
