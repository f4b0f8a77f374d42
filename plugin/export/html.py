"""The conversation as one HTML file: it contains the pictures and no script, for a screen, a mail or a printer."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Sequence

from qgis.core import QgsCoordinateReferenceSystem

from ... import __version__
from ...core.atomic import beside
from ...core.errors import SceneError
from ...core.reasoning import thought
from ..exchanges.endings import compared_with, ending, heading, meaningless, reason, tool_title, use_notes
from ..exchanges.exchange import Exchange, PicturedView, Status, UsedTool
from ..i18n import reduction, tr
from ..panel.canvas import CASING, color_of

STYLE = """
:root { --ink: #1d2733; --soft: #5c6b7a; --line: #d9dfe5; --tint: #f2f6fa; --strong: #0b4f8a; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 62rem; background: #fff; color: var(--ink);
  font: 15px/1.5 "Segoe UI", "Open Sans", "Noto Sans", "Helvetica Neue", Arial, sans-serif; }
header { border-bottom: 2px solid var(--ink); padding-bottom: .75rem; margin-bottom: 2rem; }
h1 { font-size: 1.6rem; margin: 0; }
header p, .facts, figcaption span, .note { color: var(--soft); }
header p { margin: .25rem 0 0; }
article { margin-bottom: 3rem; padding-bottom: 2rem; border-bottom: 1px solid var(--line); }
article:last-of-type { border-bottom: 0; }
h2 { font-size: 1.25rem; line-height: 1.35; margin: 0 0 .35rem; overflow-wrap: anywhere; }
h2 span { color: var(--soft); font-weight: 400; margin-right: .5rem; }
.facts { margin: 0 0 1rem; font-size: .87rem; overflow-wrap: anywhere; }
.facts span + span::before { content: "\\00b7"; margin: 0 .5rem; }
.answer { background: var(--tint); border-left: 5px solid var(--strong); padding: .8rem 1.1rem; margin: 0 0 1.4rem; break-inside: avoid; }
.answer p { margin: 0; overflow-wrap: anywhere; white-space: pre-line; }
.answer .said { font-size: 1.25rem; font-weight: 600; color: var(--strong); }
.answer.none { border-color: #b3541e; background: #fdf5f0; }
.answer.none .said { color: #8a3d12; font-weight: 400; font-size: 1.05rem; }
.answer.meaningless { border-color: #b3541e; background: #fdf5f0; }
.answer.meaningless .said { color: var(--soft); }
.answer.meaningless .note { color: #8a3d12; font-weight: 600; }
.note { font-size: .85rem; }
.views { display: grid; grid-template-columns: repeat(auto-fill, minmax(14.5rem, 1fr)); gap: 1.2rem; align-items: start; }
figure { margin: 0; break-inside: avoid; }
figure.whole { grid-column: span 2; grid-row: span 2; }
@media (max-width: 36rem) { figure.whole { grid-column: auto; grid-row: auto; } }
figure img, figure svg { display: block; width: 100%; height: auto; border: 1px solid var(--line); }
figure.zoom img { border: 4px solid var(--step); }
figcaption { margin-top: .4rem; font-size: .87rem; line-height: 1.4; overflow-wrap: anywhere; }
figcaption b { display: inline-block; min-width: 1.5em; margin-right: .4rem; text-align: center; border-radius: 3px;
  background: var(--step); color: #111; }
figcaption span { display: block; font-size: .8rem; font-variant-numeric: tabular-nums; }
.use { margin-top: 1.4rem; break-inside: avoid; }
.use p { margin: 0 0 .4rem; overflow-wrap: anywhere; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 1.2rem; align-items: start; margin-bottom: .4rem; }
details { margin-top: 1.2rem; font-size: .9rem; }
summary { cursor: pointer; color: var(--soft); }
details ol { margin: .5rem 0 0; padding-left: 1.6rem; }
details li { white-space: pre-line; overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: .82rem; }
@page { size: A4; margin: 15mm; }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  article { break-inside: avoid; margin-bottom: 1.5rem; padding-bottom: 1rem; }
  .views { grid-template-columns: repeat(3, 1fr); gap: .8rem; }
  details:not([open]) { display: none; }
}
"""


def write_html(exchanges: Sequence[Exchange], path: Path) -> Path:
    """Writes questions and answers. Raises SceneError where there is nothing to report, or the file can't be written."""
    text = html(exchanges)
    try:
        with beside(path) as new:
            new.write_text(text, encoding="utf-8")
    except OSError as error:
        message = tr("{path} can't be written: {reason}.").format(path=path, reason=error.strerror or error)
        raise SceneError(message, tr("Check that the disk has space and that the folder can be written to.")) from error
    return path


def html(exchanges: Sequence[Exchange]) -> str:
    """The page. All texts of users, files and models are escaped, and the page's policy forbids scripts."""
    finished = over(exchanges)
    title = tr("ZoomEarth report")
    subtitle = tr("{count} questions, {date}").format(count=len(finished), date=datetime.now().strftime("%Y-%m-%d %H:%M"))
    articles = "\n".join(_article(number, exchange) for number, exchange in enumerate(finished, 1))
    return f"""<!DOCTYPE html>
<html lang="{escape(tr("en"))}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="generator" content="ZoomEarth {__version__}">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<header><h1>{escape(title)}</h1><p>{escape(subtitle)}</p></header>
{articles}
<footer>{escape(caveat())}</footer>
</body>
</html>
"""


def over(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """The exchanges that have ended. Raises SceneError where none has."""
    finished = [exchange for exchange in exchanges if exchange.status is not Status.RUNNING]
    if not finished:
        raise SceneError(tr("There is nothing to report yet."), tr("Ask a question first."))
    return finished


def caveat() -> str:
    """A warning about the answers in a report."""
    return tr("The answers come from a model and can be wrong. The boxes show where the model looked. The pictures show what it saw.")


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


def utc(exchange: Exchange) -> str:
    return exchange.time.replace("T", " ").replace("Z", " UTC")


def answered(exchange: Exchange) -> str:
    """The answer, or why there is none."""
    if exchange.answer is not None:
        return exchange.answer
    if exchange.status is Status.FAILED:
        return tr("Failed: {reason}").format(reason=reason(exchange))
    return ending(exchange) or tr("There is no answer.")


def note(exchange: Exchange) -> str:
    """How far to trust the answer."""
    parts = [meaningless()] if exchange.meaningless else []
    if exchange.answer is not None:
        parts.append(ending(exchange))
    if exchange.confidence is not None:
        parts.append(
            tr("Model's own confidence: {value} of 1. Use it to compare answers: it is not a probability.").format(
                value=f"{exchange.confidence:.2f}"
            )
        )
    return " ".join(filter(None, parts))


def title_of(view: PicturedView) -> str:
    return view.label or (tr("Overview") if view.roi is None else tr("Zoom"))


def pictured(exchange: Exchange, view: PicturedView) -> list[PicturedView]:
    """The view, and as another one what the second raster of a comparison has there; each by its raster's name then."""
    if not view.other or len(exchange.names) != 2:
        return [view]
    labels = [f"{title_of(view)}: {name}" for name in exchange.names]
    return [view if view.roi is None else replace(view, label=labels[0]), replace(view, label=labels[1], picture=view.other)]


def measures(view: PicturedView) -> str:
    """The window, or the part of it that was enlarged, in source pixels, and the reduction at which it was shown."""
    left, top, right, bottom = (f"{side:,}" for side in view.part)
    window = tr("columns {left} to {right}, rows {top} to {bottom}").format(left=left, right=right, top=top, bottom=bottom)
    return f"{window}; {reduction(view.scale)}"


def reasoning(view: PicturedView) -> str:
    """The model's reasoning about a view, without tags and boxes."""
    return thought(view.thoughts).strip()


def _article(number: int, exchange: Exchange) -> str:
    about = "".join(f"<span>{escape(fact)}</span>" for fact in facts(exchange))
    remark = note(exchange)
    kind = " none" if exchange.answer is None else " meaningless" if exchange.meaningless else ""
    answer = f"""<div class="answer{kind}"><p class="said">{escape(answered(exchange))}</p>
{f'<p class="note">{escape(remark)}</p>' if remark else ""}</div>"""
    views = "\n".join(
        _whole(exchange) if shown is exchange.views[0] else _zoom(shown) for view in exchange.views for shown in pictured(exchange, view)
    )
    return f"""<article>
<h2><span>{number}</span>{escape(heading(exchange))}</h2>
<p class="facts">{about}</p>
{answer if exchange.question else ""}
<div class="views">
{views}
</div>
{"".join(map(_use, exchange.uses))}
{_thoughts(exchange)}
</article>"""


def _whole(exchange: Exchange) -> str:
    """The global view with the boxes of the zooms, as SVG in source pixels."""
    first = exchange.views[0]
    left, top, right, bottom = first.window
    width, height = right - left, bottom - top
    size = max(width, height) / 26  # of the numbers' font
    marks = "".join(_mark(view, left, top, size) for view in exchange.zooms)
    return f"""<figure class="whole"><svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title_of(first))}">
<image width="{width}" height="{height}" preserveAspectRatio="none" href="{_data(first)}"/>{marks}</svg>
<figcaption>{escape(title_of(first))}<span>{escape(measures(first))}</span></figcaption></figure>"""


def _mark(view: PicturedView, left: float, top: float, size: float) -> str:
    """A box with its number: above odd boxes and below even ones, because nested boxes share corners."""
    x0, y0, x1, y1 = view.roi or view.window
    x, y, width, height = x0 - left, y0 - top, x1 - x0, y1 - y0
    color = color_of(view.step)
    frame = f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="none" vector-effect="non-scaling-stroke"'
    at = max(0, y - size * 1.2) if view.step % 2 else y + height
    number = f'<text x="{x + size / 2:g}" y="{at + size * 0.95:g}" font-size="{size:g}" font-weight="700" text-anchor="middle" fill="#111">'
    return (
        f'{frame} stroke="{CASING}" stroke-width="4.5"/>{frame} stroke="{color}" stroke-width="2.2"/>'
        f'<rect x="{x:g}" y="{at:g}" width="{size:g}" height="{size * 1.2:g}" fill="{color}"/>'
        f"{number}{view.step}</text>"
    )


def _zoom(view: PicturedView) -> str:
    color = color_of(view.step)
    return f"""<figure class="zoom" style="--step: {color}"><img src="{_data(view)}" alt="{escape(title_of(view))}">
<figcaption><b>{view.step}</b>{escape(title_of(view))}<span>{escape(measures(view))}</span></figcaption></figure>"""


def _use(use: UsedTool) -> str:
    """What a tool has made: both pictures, with how it was done."""
    pictures = ((tr("before"), use.before), (tr("after"), use.after))
    figures = "\n".join(
        f'<figure><img src="{_png(picture)}" alt="{escape(words)}"><figcaption>{escape(words)}</figcaption></figure>'
        for words, picture in pictures
        if picture
    )
    notes = "<br>".join(map(escape, use_notes(use)))
    title = f"<b>{escape(tool_title(use))}</b> {escape(use.made.label or use.place)}"
    return f'<section class="use"><p>{title}</p><div class="pair">{figures}</div><p class="note">{notes}</p></section>'


def _thoughts(exchange: Exchange) -> str:
    thoughts = [escape(text) for text in map(reasoning, exchange.views) if text]
    if not thoughts:
        return ""
    items = "".join(f"<li>{text}</li>" for text in thoughts)
    return f"<details><summary>{escape(tr('Reasoning of the model'))}</summary><ol>{items}</ol></details>"


def _data(view: PicturedView) -> str:
    return _png(view.picture)


def _png(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode("ascii")
