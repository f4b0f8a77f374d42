"""The transcript: a card for each exchange, oldest first; earlier cards are made on demand."""

from __future__ import annotations

from typing import Callable, Optional

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QPushButton, QScrollArea, QVBoxLayout, QWidget

from ...core.events import Event
from ...core.geometry import Box
from ..exchanges.endings import heading, meaningless
from ..exchanges.exchange import Exchange
from ..i18n import tr
from ..qt_later import later
from ..runs.run import Run
from .card import Card
from .first_sight import FirstSight
from .widgets import ScrolledColumn

PAGE = 20  # cards that are made together; a hundred would block QGIS for a noticeable time
NEAR = 8  # pixels: a scroll position this near to the end counts as the end


class Transcript(QScrollArea):
    """A scrolling list of cards."""

    view_clicked = pyqtSignal(object, object)
    delete_clicked = pyqtSignal(object)
    chosen = pyqtSignal(object, str)
    tool_chosen = pyqtSignal(object, object, str)  # as those of a card
    use_clicked = pyqtSignal(object, object)
    use_removed = pyqtSignal(object, object)
    use_checked = pyqtSignal(object, object)
    run_clicked = pyqtSignal(object, str)  # as that of a RunBox
    judged = pyqtSignal(object, str, object)
    box_wanted = pyqtSignal(object)
    view_kept = pyqtSignal(object, object)

    def __init__(self, run_of: Callable[[Exchange], Optional[Run]], parent: Optional[QWidget] = None) -> None:
        """run_of: the run of an exchange; None where it is none."""
        super().__init__(parent)
        self._run_of = run_of
        self.setObjectName("zoomearth_transcript")
        self.setAccessibleName(tr("Questions and answers"))
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = ScrolledColumn()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(2, 2, 2, 2)
        self.first_sight = FirstSight()
        self._earlier_button = QPushButton(tr("Show earlier questions"))
        self._earlier_button.setObjectName("zoomearth_earlier")
        self._earlier_button.clicked.connect(self._show_earlier)
        self._column.addWidget(self.first_sight)
        self._column.addWidget(self._earlier_button)
        self._column.addStretch(1)
        self.setWidget(inside)
        self._at_end = True
        self.verticalScrollBar().rangeChanged.connect(self._grown)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.cards: list[Card] = []
        self._earlier: list[Exchange] = []
        self._judged: dict[str, tuple[str, bool]] = {}
        self._refresh()

    def show_all(self, exchanges: list[Exchange]) -> None:
        """Replaces all cards by cards of these exchanges."""
        for card in self.cards:
            card.deleteLater()
        self.cards = []
        self._earlier = exchanges[:-PAGE]
        for exchange in exchanges[-PAGE:]:
            self._insert(len(self.cards), exchange)
        self._refresh()
        self._scroll_to_end()

    def add(self, exchange: Exchange) -> None:
        self._insert(len(self.cards), exchange)
        self._refresh()
        self._scroll_to_end()

    def remove(self, exchange: Exchange) -> None:
        self._earlier = [other for other in self._earlier if other is not exchange]
        if card := self.card(exchange.id):
            self.cards.remove(card)
            card.deleteLater()
        self._refresh()

    def hear(self, exchange: Exchange, event: Event) -> None:
        """Shows an event that the exchange has applied already."""
        if card := self.card(exchange.id):
            card.hear(event)

    def refresh_card(self, exchange: Exchange) -> None:
        """Shows what has changed about an exchange that has ended."""
        if card := self.card(exchange.id):
            card.refresh()

    def say_judged(self, id: str, text: str, kept: bool = False) -> None:
        """A sentence about the judgement of an exchange's answer. kept: it is stored."""
        if card := self.card(id):
            (card.judgement.end if kept else card.judgement.say)(text)

    def show_judged(self, known: dict[str, tuple[str, bool]]) -> None:
        """What was said of answers: by the id of an exchange a sentence, and whether the answer was right; also of cards to come."""
        self._judged = known
        for card in self.cards:
            card.judgement.show_known(known.get(card.exchange.id))

    def take_box(self, id: str, box: Box) -> None:
        """The right box for the exchange."""
        if card := self.card(id):
            card.judgement.take_box(box)

    def card(self, id: str) -> Optional[Card]:
        return next((card for card in self.cards if card.exchange.id == id), None)

    def select(self, id: str) -> None:
        """Scrolls to the card of an exchange and marks it."""
        while self._earlier and self.card(id) is None:
            self._show_earlier()
        for card in self.cards:
            card.mark(card.exchange.id == id)
        if marked := self.card(id):
            later(self, lambda: self.ensureWidgetVisible(marked))

    def text(self) -> str:
        """The shown questions and answers as plain text."""
        return "\n".join(_text(card.exchange) for card in self.cards)

    def _show_earlier(self) -> None:
        page, self._earlier = self._earlier[-PAGE:], self._earlier[:-PAGE]
        for at, exchange in enumerate(page):
            self._insert(at, exchange)
        self._refresh()

    def _insert(self, at: int, exchange: Exchange) -> None:
        card = Card(exchange, self._run_of(exchange))
        card.view_clicked.connect(self.view_clicked)
        card.delete_clicked.connect(self.delete_clicked)
        card.chosen.connect(self.chosen)
        card.tool_chosen.connect(self.tool_chosen)
        card.use_clicked.connect(self.use_clicked)
        card.use_removed.connect(self.use_removed)
        card.use_checked.connect(self.use_checked)
        card.run_clicked.connect(self.run_clicked)
        card.judged.connect(self.judged)
        card.box_wanted.connect(self.box_wanted)
        card.view_kept.connect(self.view_kept)
        card.judgement.show_known(self._judged.get(exchange.id))
        self.cards.insert(at, card)
        self._column.insertWidget(2 + at, card)

    def _refresh(self) -> None:
        self.first_sight.setVisible(not self.cards)
        self._earlier_button.setVisible(bool(self._earlier))

    def _scroll_to_end(self) -> None:
        self._at_end = True
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def _scrolled(self, value: int) -> None:
        self._at_end = value >= self.verticalScrollBar().maximum() - NEAR

    def _grown(self, low: int, high: int) -> None:
        """Scrolls to a new card, unless the user has scrolled up."""
        if self._at_end:
            self.verticalScrollBar().setValue(high)


def _text(exchange: Exchange) -> str:
    lines = [heading(exchange), exchange.answer or exchange.message]
    return "\n".join([*lines, meaningless()] if exchange.meaningless else lines)
