"""The conversation as a PDF, made with QGIS's print layouts: a title page with all answers, then the evidence of each one."""

from __future__ import annotations

from pathlib import Path
from typing import Optional, Sequence

from qgis.core import Qgis, QgsLayoutExporter
from qgis.PyQt.QtGui import QColor, QImage

from ...core.atomic import beside
from ...core.errors import SceneError
from ..exchanges.endings import heading, tool_title, use_notes
from ..exchanges.exchange import Exchange, PicturedView, UsedTool
from ..i18n import tr
from ..panel.canvas import color_of
from . import words
from .front import Front
from .maps import Maps, crop, proportions, raster_of
from .page import BOTTOM, GAP, INK, LEFT, SOFT, TOP, WIDTH, Pages, height_of
from .words import Contents

COLUMNS = (2, 3)  # maps and pictures in a row: two where there are no more, and the page has room for that
SHARE = 0.55  # of a new page: an answer that fits into it leaves room for another one
STRIPE = 1.4  # mm: of the zoom's colour, above its picture
MARGINS = 12  # mm: at the left and right of an answer's text
SMALL = 60.0  # mm: the width of the only map or picture of an answer, beside it
Cell = Optional[PicturedView]  # what stands in a row: a picture; None: the map
ANSWERED = QColor("#f2f6fa"), QColor("#0b4f8a")  # background and text of an answer
UNANSWERED = QColor("#fdf5f0"), QColor("#8a3d12")  # background and text where there is none, or a meaningless one


def write_pdf(exchanges: Sequence[Exchange], path: Path, contents: Optional[Contents] = None) -> Path:
    """Writes a report of the exchanges that have ended. Raises SceneError where there is none, or a file can't be read or written."""
    report = _Report(words.over(exchanges), contents or Contents())
    settings = QgsLayoutExporter.PdfExportSettings()
    settings.dpi = 200
    settings.textRenderFormat = Qgis.TextRenderFormat.AlwaysText  # so that the text can be searched and copied
    settings.appendGeoreference = False  # a PDF has one georeference, the report several maps
    hint = tr("Check that the disk has space and that the folder can be written to.")
    try:
        with beside(path) as new:
            result = QgsLayoutExporter(report.pages.layout).exportToPdf(str(new), settings)
            complete = b"%%EOF" in new.read_bytes()[-1024:]  # Qt reports no error where the disk is full
            if result != QgsLayoutExporter.ExportResult.Success or not complete:
                raise SceneError(tr("{path} can't be written.").format(path=path), hint)
    except OSError as error:
        raise SceneError(tr("{path} can't be written: {reason}.").format(path=path, reason=error.strerror or error), hint) from error
    return path


class _Report:
    """The pages of a report: answers follow one another, and one begins a new page where the rest of its page has no room for it."""

    def __init__(self, exchanges: Sequence[Exchange], contents: Contents) -> None:
        self.pages = Pages([f"{contents.heading}  ·  {contents.date}", words.caveat()])
        self._maps = Maps(self.pages)
        parts = words.parts(exchanges, contents)
        self.pages.turn()
        Front(self.pages, self._maps, contents).fill(exchanges)
        for part, (title, listed) in enumerate(parts):
            named = part > 0 or len(parts) > 1 or contents.contested_only
            for at, (number, exchange) in enumerate(listed):
                self._exchange(number, exchange, title if named and not at else "")
        self.pages.number()

    def _exchange(self, number: int, exchange: Exchange, part: str) -> None:
        """part: the heading of a part that begins with this exchange."""
        name, facts = f"{number}   {heading(exchange)}", "  ·  ".join(words.facts(exchange))
        cells = self._cells(exchange)
        head = height_of(name, 13, WIDTH, bold=True) + height_of(facts, 8, WIDTH) + 6 + 12 * bool(part)
        beside = bool(exchange.question) and len(cells) == 1
        if beside:
            columns = 1
            self._room(head + self._beside_height(exchange, cells[0]))
        else:
            columns = self._begin(exchange, cells, head + self._answer_height(exchange, WIDTH) + GAP)
        if part:
            self.pages.text(part, 17, bold=True)
            self.pages.y += 3
        self.pages.block(LEFT, self.pages.y, WIDTH, 0.3, SOFT)
        self.pages.y += 2
        self.pages.text(name, 13, bold=True)
        self.pages.text(facts, 8, SOFT)
        self.pages.y += 2
        if beside:
            self._beside(exchange, cells[0])
        else:
            if exchange.question:
                self._answer(exchange, WIDTH)
            for row in _rows(cells, columns):
                self._row(exchange, row, columns)
        for use in exchange.uses:
            self._use(use)
        self.pages.y += 2

    def _begin(self, exchange: Exchange, cells: Sequence[Cell], high: float) -> int:
        """Turns the page where that is better; returns how many maps and pictures stand in a row. high: of what is above them, in mm."""
        columns = self._columns(exchange, cells, BOTTOM - self.pages.y - high)
        begun = [cells[: COLUMNS[-1]]] if cells else []
        if not columns and self.pages.y + high + sum(self._row_height(exchange, row, COLUMNS[-1]) for row in begun) <= BOTTOM:
            return COLUMNS[-1]  # it begins here, and goes on over the page
        if not columns and self.pages.y > TOP:
            self.pages.turn()
        page = BOTTOM - TOP
        return columns or self._columns(exchange, cells, SHARE * page - high) or self._columns(exchange, cells, page - high) or COLUMNS[-1]

    def _beside(self, exchange: Exchange, cell: Cell) -> None:
        """The answer, and the only map or picture at its right."""
        top, high, wide = self.pages.y, self._beside_height(exchange, cell), WIDTH - SMALL - GAP
        self._answer(exchange, wide)
        cropped = self._picture(exchange, cell, LEFT + wide + GAP, top, SMALL)
        for text, size, color, bold in _lines(exchange, cell, cropped):
            self.pages.text(text, size, color, bold=bold, width=wide)
        self.pages.y = top + high

    def _beside_height(self, exchange: Exchange, cell: Cell) -> float:
        wide = WIDTH - SMALL - GAP
        text = sum(height_of(text, size, wide, bold=bold) for text, size, _, bold in _lines(exchange, cell, True))
        return max(self._answer_height(exchange, wide) + GAP + text, _height(exchange, cell, SMALL)) + GAP

    def _cells(self, exchange: Exchange) -> list[Cell]:
        """What is shown of an exchange: None for its map, and the pictures of its zooms; its first picture where there is no map."""
        first = exchange.views[:1]
        shown = [each for view in (*first, *exchange.zooms) for each in words.pictured(exchange, view) if each.picture]
        mapped = (first or exchange.verdict is not None) and exchange.place and raster_of(exchange)
        return [None, *(view for view in shown if view not in first)] if mapped else list(shown)

    def _columns(self, exchange: Exchange, cells: Sequence[Cell], room: float) -> int:
        """How many maps and pictures in a row make all of them fit into the room (in mm); 0 where none does."""
        heights = {
            columns: sum(self._row_height(exchange, row, columns) for row in _rows(cells, columns))
            for columns in COLUMNS
            if columns == COLUMNS[-1] or len(cells) <= columns
        }
        return next((columns for columns, height in heights.items() if height <= room), 0)

    def _row(self, exchange: Exchange, cells: Sequence[Cell], columns: int) -> None:
        """Maps and pictures side by side, the words below; of one alone, the words stand beside it."""
        high, side = self._row_height(exchange, cells, columns), _side(columns)
        self._room(high)
        top, tall = self.pages.y, max(_height(exchange, cell, side) for cell in cells)
        for column, cell in enumerate(cells):
            x, alone = LEFT + column * (side + GAP), len(cells) == 1
            cropped = self._picture(exchange, cell, x, top, side)
            self.pages.y = top if alone else top + tall + 1
            for text, size, color, bold in _lines(exchange, cell, cropped):
                self.pages.text(text, size, color, bold=bold, x=x + side + GAP if alone else x, width=side)
        self.pages.y = top + high

    def _picture(self, exchange: Exchange, cell: Cell, x: float, y: float, side: float) -> bool:
        """Places a map or a picture; returns whether it has more pixels than the model saw."""
        own, raster = _height(exchange, cell, side), raster_of(exchange)
        if cell is None:
            if raster:
                self._maps.boxes(exchange, raster, x, y, side, own)
            return False
        sharp = crop(exchange, cell)
        self.pages.block(x, y, side, STRIPE, QColor(color_of(cell.step)) if cell.roi else SOFT)
        self.pages.picture(sharp or cell.picture, x, y + STRIPE, side, own - STRIPE)
        return bool(sharp)

    def _row_height(self, exchange: Exchange, cells: Sequence[Cell], columns: int) -> float:
        side = _side(columns)
        captions = [_lines(exchange, cell, True) for cell in cells]
        under = max(sum(height_of(text, size, side, bold=bold) for text, size, _, bold in lines) for lines in captions)
        return max(_height(exchange, cell, side) for cell in cells) + GAP + (under + 1 if len(cells) > 1 else 0)

    def _answer(self, exchange: Exchange, width: float) -> None:
        """The answer in a tinted box with a bar at its left."""
        answer, remark, high = words.answered(exchange), _remark(exchange), self._answer_height(exchange, width)
        inner = width - MARGINS
        background, color = UNANSWERED if exchange.verdict is None or exchange.meaningless else ANSWERED
        self._room(high)
        self.pages.block(LEFT, self.pages.y, width, high, background)
        self.pages.block(LEFT, self.pages.y, 1.6, high, color)
        end = self.pages.y + high + GAP
        self.pages.y += 3
        self.pages.text(answer, 13, SOFT if exchange.meaningless else color, bold=True, x=LEFT + 6, width=inner)
        if remark:
            size = 9.5 if exchange.meaningless else 8
            self.pages.text(remark, size, color if exchange.meaningless else SOFT, bold=exchange.meaningless, x=LEFT + 6, width=inner)
        self.pages.y = end

    def _answer_height(self, exchange: Exchange, width: float) -> float:
        remark, size, inner = _remark(exchange), 9.5 if exchange.meaningless else 8, width - MARGINS
        below = height_of(remark, size, inner, bold=exchange.meaningless) if remark else 0
        return height_of(words.answered(exchange), 13, inner, bold=True) + below + 6

    def _use(self, use: UsedTool) -> None:
        """What a tool has made: both pictures side by side, with how it was done."""
        title, notes = f"{tool_title(use)}   {use.made.label or use.place}", "\n".join(use_notes(use))
        pictures = [(tr("before"), use.before), (tr("after"), use.after)] if use.before and use.after else []
        side = (WIDTH - GAP) / 2
        size = QImage.fromData(use.before).size()
        tall = min(side, side * size.height() / max(1, size.width())) if pictures else 0
        self._room(height_of(title, 11, WIDTH, bold=True) + tall + height_of(notes, 7.5, WIDTH) + 10)
        self.pages.text(title, 11, bold=True)
        top = self.pages.y + 1
        for column, (name, picture) in enumerate(pictures):
            x = LEFT + column * (side + GAP)
            self.pages.picture(picture, x, top, side, tall)
            self.pages.y = top + tall + 0.5
            self.pages.text(name, 7.5, SOFT, x=x, width=side)
        self.pages.text(notes, 7.5, SOFT)
        self.pages.y += GAP

    def _room(self, height: float) -> None:
        """Begins a page where the current one has less room than this, in mm."""
        if self.pages.y + height > BOTTOM:
            self.pages.turn()


def _rows(cells: Sequence[Cell], columns: int) -> list[Sequence[Cell]]:
    return [cells[at : at + columns] for at in range(0, len(cells), columns)]


def _side(columns: int) -> float:
    """The width of a map or picture, in mm."""
    return (WIDTH - GAP * (columns - 1)) / columns


def _height(exchange: Exchange, cell: Cell, side: float) -> float:
    """Of a map or picture of that width, in mm."""
    return side * proportions(exchange) if cell is None else side * min(1.0, cell.shown[1] / cell.shown[0]) + STRIPE


def _lines(exchange: Exchange, cell: Cell, cropped: bool) -> list[tuple[str, float, QColor, bool]]:
    """The caption: texts with the size of the font, the colour, and whether it is bold. cropped: see `words.measures`."""
    if cell is None:
        name, about = tr("Map"), words.position(exchange)
    else:
        name = f"{cell.step}   {words.title_of(cell)}" if cell.roi else words.title_of(cell)
        about = "\n".join(filter(None, (words.measures(cell, cropped), words.position(exchange, cell))))
    return [(name, 9, INK, True), (about, 7.5, SOFT, False)]


def _remark(exchange: Exchange) -> str:
    return " ".join(filter(None, (words.note(exchange), words.doubts(exchange))))
