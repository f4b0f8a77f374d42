"""The first pages of a PDF: title, totals of what was asked often with a map coloured by answer, and the table of all answers."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

from qgis.PyQt.QtGui import QColor, QImageReader

from ...core.errors import SceneError
from ..exchanges.answer_colors import NO_COLOR, color_of_answer
from ..exchanges.endings import heading
from ..exchanges.exchange import Exchange
from ..i18n import tr
from . import words
from .maps import Maps, raster_of
from .page import BOTTOM, GAP, INK, LEFT, SOFT, WIDTH, Pages, height_of
from .words import Contents

LOGO = 45.0, 22.0  # mm: the largest width and height
COLUMNS = ((8.0, 8.5), (62.0, 8.5), (46.0, 8.0), (36.0, 9.0), (28.0, 7.5))  # of the table: width in mm and size of the font; see `_table`
ANSWER = 3  # the column that is bold
MAP = 88.0  # mm: the side of the map of a run
BARS = 12  # answers in a chart


class Front:
    def __init__(self, pages: Pages, maps: Maps, contents: Contents) -> None:
        self._pages, self._maps, self._contents = pages, maps, contents

    def fill(self, exchanges: Sequence[Exchange]) -> None:
        """Writes the title, and what the contents ask for. Raises SceneError where the logo can't be read."""
        self._title(len(exchanges))
        if self._contents.summary:
            for question, listed in words.runs(exchanges).items():
                self._run(question, listed)
        if self._contents.table:
            self._table(exchanges)

    def _title(self, count: int) -> None:
        pages, top = self._pages, self._pages.y
        wide = WIDTH
        if self._contents.logo:
            self._logo(top)
            wide -= LOGO[0] + GAP
        pages.text(self._contents.heading, 22, bold=True, width=wide)
        for line in (*self._contents.lines, tr("Questions: {}").format(count)):
            pages.text(line, 10, SOFT, width=wide)
        pages.y = max(pages.y, top + LOGO[1] * bool(self._contents.logo)) + 3
        pages.block(LEFT, pages.y, WIDTH, 0.6, INK)
        pages.y += 5

    def _logo(self, y: float) -> None:
        path = self._contents.logo
        reader = QImageReader(path)
        if not reader.canRead():
            message = tr("The logo {path} can't be read: {reason}.").format(path=path, reason=reader.errorString())
            raise SceneError(message, tr("Choose another picture, or none."))
        self._pages.logo(Path(path), LEFT + WIDTH - LOGO[0], y, *LOGO)

    def _run(self, question: str, exchanges: Sequence[Exchange]) -> None:
        """The totals of one question as bars, beside the map of its places."""
        pages, raster = self._pages, raster_of(exchanges[0])
        counts = words.totals(exchanges)
        title = tr("{question} ({count} places)").format(question=question, count=len(exchanges))
        same = [exchange for exchange in exchanges if exchange.raster == exchanges[0].raster]
        width = WIDTH - (MAP + GAP) * bool(raster)
        if pages.y + height_of(title, 13, WIDTH, bold=True) + MAP + GAP > BOTTOM:
            pages.turn()
        pages.text(title, 13, bold=True)
        top = pages.y + 2
        if raster:
            self._maps.answers(same, raster, LEFT + width + GAP, top, MAP, MAP)
        pages.y = top
        colors = color_of_answer([exchange.verdict for exchange in exchanges])
        for answer, count in counts[:BARS]:
            y = pages.y
            pages.text(words.brief(answer), 8.5, bold=True, width=width * 0.45)
            end = pages.y
            longest = width * 0.42
            pages.block(LEFT + width * 0.47, y + 0.5, max(0.5, longest * count / counts[0][1]), 3.2, QColor(colors.get(answer, NO_COLOR)))
            pages.y = y
            pages.text(str(count), 8.5, SOFT, x=LEFT + width * 0.9, width=width * 0.1)
            pages.y = max(end, pages.y) + 1
        if len(counts) > BARS:
            pages.text(tr("and {count} other answers").format(count=len(counts) - BARS), 8, SOFT, width=width)
        pages.y = max(pages.y, top + MAP * bool(raster)) + GAP

    def _table(self, exchanges: Sequence[Exchange]) -> None:
        header = ["", tr("Question"), tr("Place"), tr("Answer"), tr("Remark")]
        self._line(header, SOFT, header)
        for number, exchange in enumerate(exchanges, 1):
            answer = words.brief(words.answered(exchange)) if exchange.question else ""
            self._line([str(number), words.brief(heading(exchange)), words.place(exchange), answer, words.remark(exchange)], INK, header)
        self._pages.y += GAP

    def _line(self, cells: Sequence[str], color: QColor, header: Sequence[str]) -> None:
        """A row of the table; the header is repeated on a new page."""
        pages = self._pages
        row = [(cell, width, size, at == ANSWER) for at, (cell, (width, size)) in enumerate(zip(cells, COLUMNS))]
        high = max(height_of(cell, size, width - 3, bold=bold) for cell, width, size, bold in row)
        if pages.y + high + 2 > BOTTOM:
            pages.turn()
            if cells is not header:
                self._line(header, SOFT, header)
        top, x = pages.y, LEFT
        for cell, width, size, bold in row:
            pages.y = top
            pages.text(cell, size, color, bold=bold, x=x, width=width - 3)
            x += width
        pages.block(LEFT, top + high + 0.6, WIDTH, 0.15, SOFT)
        pages.y = top + high + 1.6
