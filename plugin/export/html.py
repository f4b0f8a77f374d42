"""The conversation as one HTML file: it contains the pictures and no script, for a screen, a mail or a printer."""

from __future__ import annotations

import base64
import mimetypes
from html import escape
from pathlib import Path
from typing import Optional, Sequence

from ... import __version__
from ...core.atomic import beside
from ...core.errors import SceneError
from ...core.paths import RESOURCES
from ..exchanges.answer_colors import NO_COLOR, color_of_answer
from ..exchanges.endings import heading, tool_title, use_notes
from ..exchanges.exchange import Exchange, PicturedView, UsedTool
from ..i18n import tr
from ..panel.canvas import CASING, color_of
from . import words
from .maps import crop, picture, raster_of
from .words import Contents

MAP = 560  # pixels: the side of the map of a run
STYLE = RESOURCES / "styles" / "report.css"


def write_html(exchanges: Sequence[Exchange], path: Path, contents: Optional[Contents] = None) -> Path:
    """Writes questions and answers. Raises SceneError where there is nothing to report, or a file can't be read or written."""
    text = html(exchanges, contents)
    try:
        with beside(path) as new:
            new.write_text(text, encoding="utf-8")
    except OSError as error:
        message = tr("{path} can't be written: {reason}.").format(path=path, reason=error.strerror or error)
        raise SceneError(message, tr("Check that the disk has space and that the folder can be written to.")) from error
    return path


def html(exchanges: Sequence[Exchange], contents: Optional[Contents] = None) -> str:
    """The page. All texts of users, files and models are escaped, and the page's policy forbids scripts."""
    return _Page(words.over(exchanges), contents or Contents()).text()


class _Page:
    def __init__(self, exchanges: Sequence[Exchange], contents: Contents) -> None:
        self._exchanges, self._contents = exchanges, contents
        self._overviews: dict[bytes, int] = {}  # pictures that were shown without boxes, and the number of their question

    def text(self) -> str:
        title = escape(self._contents.heading)
        count = tr("Questions: {}").format(len(self._exchanges))
        lines = "".join(f"<p>{escape(line)}</p>" for line in (*self._contents.lines, count))
        parts = words.parts(self._exchanges, self._contents)
        apart = len(parts) > 1 or self._contents.contested_only
        body = "\n".join(
            (f'<h2 class="part">{escape(name)}</h2>\n' if apart else "") + "\n".join(self._article(*each) for each in listed)
            for name, listed in parts
        )
        return f"""<!DOCTYPE html>
<html lang="{escape(tr("en"))}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="generator" content="ZoomEarth {__version__}">
<title>{title}</title>
<style>{STYLE.read_text(encoding="utf-8")}</style>
</head>
<body>
<header>{_logo(self._contents.logo)}<h1>{title}</h1>{lines}</header>
{self._totals() if self._contents.summary else ""}
{self._table({number for _, listed in parts for number, _ in listed}) if self._contents.table else ""}
{body}
<footer>{escape(words.caveat())}</footer>
</body>
</html>
"""

    def _totals(self) -> str:
        return "\n".join(_totals(question, listed) for question, listed in words.runs(self._exchanges).items())

    def _table(self, linked: set[int]) -> str:
        """All questions. linked: the numbers of those that have an article."""
        rows = "\n".join(_row(number, exchange, number in linked) for number, exchange in enumerate(self._exchanges, 1))
        names = "".join(f"<th>{escape(name)}</th>" for name in ("", tr("Question"), tr("Place"), tr("Answer"), tr("Remark")))
        return f'<table class="all"><thead><tr>{names}</tr></thead><tbody>\n{rows}\n</tbody></table>'

    def _article(self, number: int, exchange: Exchange) -> str:
        facts = [*words.facts(exchange), words.position(exchange)]
        about = "".join(f"<span>{escape(fact)}</span>" for fact in facts if fact)
        remark = " ".join(filter(None, (words.note(exchange), words.doubts(exchange))))
        kind = " none" if exchange.verdict is None else " meaningless" if exchange.meaningless else ""
        answer = f"""<div class="answer{kind}"><p class="said">{escape(words.answered(exchange))}</p>
{f'<p class="note">{escape(remark)}</p>' if remark else ""}</div>"""
        shown = [each for view in exchange.views for each in words.pictured(exchange, view) if each.picture]
        views = "\n".join(self._whole(number, exchange) if view is exchange.views[0] else _zoom(exchange, view) for view in shown)
        return f"""<article id="q{number}">
<h2><span>{number}</span>{escape(heading(exchange))}</h2>
<p class="facts">{about}</p>
{answer if exchange.question else ""}
<div class="views">
{views}
</div>
{"".join(map(_use, exchange.uses))}
{_thoughts(exchange) if self._contents.reasoning else ""}
</article>"""

    def _whole(self, number: int, exchange: Exchange) -> str:
        """The global view with the boxes of the zooms, as SVG in source pixels; a reference where it was shown without boxes before."""
        first = exchange.views[0]
        title = escape(words.title_of(first))
        seen = self._overviews.setdefault(first.picture, number) if not exchange.zooms else number
        if seen != number:
            reference = tr("Overview: as in question {number}").format(number=seen)
            return f'<p class="note"><a href="#q{seen}">{escape(reference)}</a></p>'
        left, top, right, bottom = first.window
        width, height = right - left, bottom - top
        size = max(width, height) / 26  # of the numbers' font
        sharp = crop(exchange, first)
        marks = "".join(_mark(view, left, top, size) for view in exchange.zooms)
        return f"""<figure class="whole" style="max-width: {width if sharp else first.shown[0]}px">
<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}">
<image width="{width}" height="{height}" preserveAspectRatio="none" href="{_data(first, sharp)}"/>{marks}</svg>
<figcaption>{title}<span>{escape(words.measures(first, bool(sharp)))}</span></figcaption></figure>"""


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


def _zoom(exchange: Exchange, view: PicturedView) -> str:
    color, title, sharp = color_of(view.step), escape(words.title_of(view)), crop(exchange, view)
    places = "".join(f"<span>{escape(text)}</span>" for text in (words.measures(view, bool(sharp)), words.position(exchange, view)) if text)
    return f"""<figure class="zoom" style="--step: {color}; max-width: {view.shown[0] + 8}px"><img src="{_data(view, sharp)}" alt="{title}">
<figcaption><b>{view.step}</b>{title}{places}</figcaption></figure>"""


def _use(use: UsedTool) -> str:
    """What a tool has made: both pictures, with how it was done."""
    pictures = ((tr("before"), use.before), (tr("after"), use.after))
    figures = "\n".join(
        f'<figure><img src="{_png(picture)}" alt="{escape(name)}"><figcaption>{escape(name)}</figcaption></figure>'
        for name, picture in pictures
        if picture
    )
    notes = "<br>".join(map(escape, use_notes(use)))
    title = f"<b>{escape(tool_title(use))}</b> {escape(use.made.label or use.place)}"
    return f'<section class="use"><p>{title}</p><div class="pair">{figures}</div><p class="note">{notes}</p></section>'


def _thoughts(exchange: Exchange) -> str:
    thoughts = [escape(text) for text in map(words.reasoning, exchange.views) if text]
    if not thoughts:
        return ""
    items = "".join(f"<li>{text}</li>" for text in thoughts)
    return f"<details><summary>{escape(tr('Reasoning of the model'))}</summary><ol>{items}</ol></details>"


def _data(view: PicturedView, sharp: bytes) -> str:
    """sharp: its crop, a JPEG; empty where there is none."""
    return "data:image/jpeg;base64," + base64.b64encode(sharp).decode("ascii") if sharp else _png(view.picture)


def _png(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode("ascii")


def _logo(path: str) -> str:
    """The picture of the title page. Raises SceneError where it can't be read."""
    if not path:
        return ""
    try:
        picture = base64.b64encode(Path(path).read_bytes()).decode("ascii")
    except OSError as error:
        message = tr("The logo {path} can't be read: {reason}.").format(path=path, reason=error.strerror or error)
        raise SceneError(message, tr("Choose another picture, or none.")) from error
    return f'<img src="data:{mimetypes.guess_type(path)[0] or "image/png"};base64,{picture}" alt="">'


def _totals(question: str, exchanges: Sequence[Exchange]) -> str:
    """How often each answer was given to one question, as bars."""
    counts, raster = words.totals(exchanges), raster_of(exchanges[0])
    colors = color_of_answer([exchange.verdict for exchange in exchanges])
    rows = []
    for answer, count in counts:
        bar = f"width: {100 * count / counts[0][1]:.1f}%; background: {colors.get(answer, NO_COLOR)}"
        cells = f'<td class="said">{escape(answer)}</td><td class="count">{count}</td>'
        rows.append(f'<tr>{cells}<td class="wide"><span class="bar" style="{bar}"></span></td></tr>')
    title = tr("{question} ({count} places)").format(question=question, count=len(exchanges))
    same = [exchange for exchange in exchanges if exchange.raster == exchanges[0].raster]
    map = f'<img src="{_png(picture(same, raster, MAP))}" alt="{escape(tr("Map"))}">' if raster else ""
    return f'<h2>{escape(title)}</h2><div class="run"><table class="totals"><tbody>{"".join(rows)}</tbody></table>{map}</div>'


def _row(number: int, exchange: Exchange, linked: bool) -> str:
    doubted = " doubted" if words.doubts(exchange) else ""
    question = escape(words.brief(heading(exchange)))
    if linked:
        question = f'<a href="#q{number}">{question}</a>'
    cells = (
        f"<td>{number}</td>",
        f"<td>{question}</td>",
        f"<td>{escape(words.place(exchange))}</td>",
        f'<td class="said{doubted}">{escape(words.brief(words.answered(exchange))) if exchange.question else ""}</td>',
        f"<td>{escape(words.remark(exchange))}</td>",
    )
    return f"<tr>{''.join(cells)}</tr>"
