"""A card of the transcript: the question, the model's reasoning (folded), the pictures that the model saw, and the answer."""

from __future__ import annotations

import html
from typing import Optional

from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QIcon, QPainter, QPixmap, QResizeEvent
from qgis.PyQt.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ...core.events import Event, Saw
from ...core.reasoning import thought
from ..exchanges.endings import compared_with, ending, heading, meaningless
from ..exchanges.exchange import RUN, Exchange, PicturedView, Status, UsedTool
from ..i18n import reduction, tr
from ..runs.run import Run
from .canvas import CASING, color_of
from .card_menu import card_menu_button
from .comparison import Comparison
from .judgement import Judgement
from .run_box import RunBox
from .tool_menu import tool_menu_button
from .use_box import UseBox
from .widgets import named, tip

THUMB = 104  # pixels of a thumbnail's longer side, before the screen's own scaling
CAPTION = 144  # pixels: the largest width of the text below a thumbnail, so that a long label does not displace the others
TRUSTED = "QLabel { border: 0; border-left: 3px solid palette(highlight); padding: 2px 8px; }"  # style of an answer
DOUBTED = "QLabel { border: 0; border-left: 3px solid #b3541e; padding: 2px 8px; font-weight: normal; }"  # style of a meaningless answer
WARNING = "QLabel { border: 1px solid #b3541e; border-radius: 3px; padding: 4px 8px; background: #fdf5f0; color: #8a3d12; }"


class Card(QFrame):
    """Shows an exchange, and updates itself while the exchange is answered."""

    view_clicked = pyqtSignal(object, object)  # Exchange, PicturedView
    delete_clicked = pyqtSignal(object)
    chosen = pyqtSignal(object, str)  # Exchange, and what the user wants: see `card_menu`
    tool_chosen = pyqtSignal(object, object, str)  # Exchange, PicturedView, the tool's name
    use_clicked = pyqtSignal(object, object)  # Exchange, UsedTool: the user wants to see it on the map
    use_removed = pyqtSignal(object, object)
    use_checked = pyqtSignal(object, object)  # Exchange, UsedTool: the user wants to check what a survey has found
    run_clicked = pyqtSignal(object, str)  # as `RunBox.clicked`
    judged = pyqtSignal(object, str, object)  # Exchange, the right answer, the right box or None
    box_wanted = pyqtSignal(object)  # Exchange: the user is to drag the right box
    view_kept = pyqtSignal(object, object)  # Exchange, PicturedView: as a box to label

    def __init__(self, exchange: Exchange, run: Optional[Run] = None, parent: Optional[QWidget] = None) -> None:
        """run: of an exchange that is one; its box shows what is said of the answer otherwise."""
        super().__init__(parent)
        self.run_box = RunBox(run) if run else None
        self.exchange = exchange
        self.setObjectName(f"zoomearth_exchange_{exchange.id}")
        self.setAccessibleName(tr("Question: {question}").format(question=exchange.question) if exchange.question else heading(exchange))
        self.mark(False)
        self._question = _label("zoomearth_exchange_question", bold=True)
        self._where = _label("zoomearth_exchange_where", small=True)
        self._delete = _button("zoomearth_exchange_delete", tr("Delete this question (you can undo this)"), "✕")
        self._delete.clicked.connect(lambda: self.delete_clicked.emit(self.exchange))
        self._menu = card_menu_button(exchange, lambda what: self.chosen.emit(self.exchange, what))
        self._fold = _button("zoomearth_exchange_fold", tr("Show or hide what the model wrote before its answer"), tr("Reasoning"))
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.setCheckable(True)
        self._fold.toggled.connect(self._folded)
        self._thoughts = _label("zoomearth_exchange_reasoning", small=True)
        self._views: list[QWidget] = []
        self._thumbs = QGridLayout()
        self._thumbs.setSpacing(4)
        self._pair = QVBoxLayout()  # of the view that was shown or clicked last
        self._answer = _label("zoomearth_exchange_answer", bold=True)
        font = self._answer.font()
        font.setPointSizeF(font.pointSizeF() * 1.25)
        self._answer.setFont(font)
        self._meaningless = _label("zoomearth_exchange_meaningless", small=True)
        self._meaningless.setStyleSheet(WARNING)
        self._meaningless.setText(html.escape(meaningless()))
        self._note = _label("zoomearth_exchange_note", small=True)
        self._log = _label("zoomearth_exchange_log", small=True)
        self._log.setVisible(False)
        self.comparison: Optional[Comparison] = None
        self.judgement = Judgement()
        self.judgement.judged.connect(lambda answer, box: self.judged.emit(self.exchange, answer, box))
        self.judgement.box_wanted.connect(lambda: self.box_wanted.emit(self.exchange))
        self.uses: list[UseBox] = []
        self._uses = QVBoxLayout()
        self._lay_out()
        for view in exchange.views:
            self._add_view(view)
        self.refresh()

    def hear(self, event: Event) -> None:
        """Shows an event that the exchange has applied already."""
        if isinstance(event, Saw):
            self._add_view(self.exchange.views[-1])
        self.refresh()

    def refresh(self) -> None:
        """Shows the current state of the exchange."""
        exchange = self.exchange
        self._question.setText(html.escape(heading(exchange)))
        self._where.setText(
            html.escape(" · ".join(filter(None, (exchange.layer, compared_with(exchange), exchange.scope, exchange.seen_as))))
        )
        thoughts = [text for view in exchange.views if (text := thought(view.thoughts).strip())]
        thoughts += [exchange.why] if exchange.why and exchange.answer is None else []
        self._thoughts.setText("<br>".join(html.escape(text) for text in thoughts))
        running = exchange.status is Status.RUNNING
        self._fold.setVisible(bool(thoughts))
        self._folded(self._fold.isChecked())
        self._delete.setEnabled(not running)
        self._answer.setVisible(exchange.answer is not None and not self.run_box)
        self._answer.setText(html.escape(_said(exchange)))
        self._answer.setStyleSheet(DOUBTED if exchange.meaningless else TRUSTED)
        self._answer.setAccessibleName(_spoken(exchange))
        self._meaningless.setVisible(exchange.meaningless)
        if self.comparison:
            self.comparison.set_names(exchange.names)
        self._note.setText(self._notes())
        self._note.setToolTip("" if exchange.confidence is None else tip(_about_confidence()))
        self._note.setVisible(not running and bool(exchange.question) and not self.run_box)
        self._log.setText("<br>".join(html.escape(line) for line in exchange.log))
        self._log.setVisible(bool(exchange.log))
        self.judgement.ask(exchange.answer)
        self.judgement.setVisible(exchange.learnable)
        self._show_uses()

    def _show_uses(self) -> None:
        """Makes a box for each new use of a tool, and deletes those of uses that are gone."""
        uses = [use for use in self.exchange.uses if use.made.tool != RUN]
        for box in self.uses:
            if box.use not in uses:
                box.hide()
                box.deleteLater()
        existing = {box.use.id: box for box in self.uses if box.use in uses}
        self.uses = [existing.get(use.id) or self._use_box(use) for use in uses]
        for at, box in enumerate(self.uses):
            self._uses.insertWidget(at, box)

    def _use_box(self, use: UsedTool) -> UseBox:
        box = UseBox(use, bool(self.exchange.question))
        box.check_clicked.connect(lambda: self.use_checked.emit(self.exchange, use))
        box.show_clicked.connect(lambda: self.use_clicked.emit(self.exchange, use))
        box.remove_clicked.connect(lambda: self.use_removed.emit(self.exchange, use))
        return box

    def mark(self, marked: bool) -> None:
        """Marks the card of the exchange whose box was clicked on the map."""
        self.marked = marked
        line = "2px solid palette(highlight)" if marked else "1px solid palette(mid)"
        self.setStyleSheet(f"Card {{ border: {line}; border-radius: 4px; }}")

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._question, 1)
        head.addWidget(self._menu, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._delete, 0, Qt.AlignmentFlag.AlignTop)
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 6, 8, 8)
        box.setSpacing(4)
        box.addLayout(head)
        box.addWidget(self._where)
        box.addWidget(self._fold)
        box.addWidget(self._thoughts)
        box.addLayout(self._thumbs)
        box.addLayout(self._pair)
        for widget in (self._answer, self._meaningless, self._note, self.judgement, self._log):
            box.addWidget(widget)
        box.addLayout(self._uses)
        if self.run_box:
            self.run_box.clicked.connect(self.run_clicked)
            box.addWidget(self.run_box)

    def _folded(self, opened: bool) -> None:
        """Shows or hides the reasoning; it is shown while the model runs."""
        shown = opened or self.exchange.status is Status.RUNNING
        self._thoughts.setVisible(shown and bool(self._thoughts.text()))
        self._fold.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)

    def _add_view(self, view: PicturedView) -> None:
        number = len(self._views)
        name = view.label or (tr("Overview") if view.roi is None else tr("Zoom"))
        button = _button(f"zoomearth_exchange_view_{number}", self._tooltip(view, name), "")
        text = f"{view.step}  {name}" if view.step else name
        short = button.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, CAPTION)
        button.setText(short.replace("&", "&&"))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIcon(_thumbnail(view, self.devicePixelRatioF()))
        button.setIconSize(QSize(THUMB, THUMB))
        button.clicked.connect(lambda: self.view_clicked.emit(self.exchange, view))
        button.clicked.connect(lambda: self._compare(view))
        self._compare(view)

        def choose(tool: str) -> None:
            self.tool_chosen.emit(self.exchange, view, tool)

        tools = tool_menu_button(f"zoomearth_exchange_tools_{number}", tr("Tools for {place}").format(place=name), choose, bool(view.label))
        if view.roi is not None:
            tools.menu().addSeparator()
            keep = tools.menu().addAction(tr("Label this place"))
            keep.setObjectName(f"zoomearth_exchange_keep_{number}")
            keep.triggered.connect(lambda: self.view_kept.emit(self.exchange, view))
        button.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        button.customContextMenuRequested.connect(lambda at: tools.menu().popup(button.mapToGlobal(at)))
        cell = QWidget()
        tools.setText(tr("Tools"))
        tools.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        column = QVBoxLayout(cell)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(button)
        column.addWidget(tools, 0, Qt.AlignmentFlag.AlignHCenter)
        self._views.append(cell)
        self._arrange()

    def _compare(self, view: PicturedView) -> None:
        """Shows both pictures of a comparison, under a line that the user moves."""
        if not view.other:
            return
        if self.comparison is None:
            self.comparison = Comparison(view.picture, view.other, self.exchange.names)
            self._pair.addWidget(self.comparison)
        self.comparison.show_pictures(view.picture, view.other)

    def _arrange(self) -> None:
        """Arranges the pictures in as many columns as the card has room for."""
        widest = max((cell.sizeHint().width() for cell in self._views), default=1)
        columns = max(1, self._inner_width() // (widest + self._thumbs.spacing()))
        for number, cell in enumerate(self._views):
            self._thumbs.addWidget(cell, number // columns, number % columns, Qt.AlignmentFlag.AlignLeft)
        for column in range(self._thumbs.columnCount()):
            self._thumbs.setColumnStretch(column, int(column == columns))
        self._thumbs.setColumnStretch(columns, 1)

    def _inner_width(self) -> int:
        margins = self.layout().contentsMargins()
        return self.width() - margins.left() - margins.right()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _tooltip(self, view: PicturedView, name: str) -> str:
        left, top, right, bottom = view.part
        text = tr("{name}: pixels {left}, {top} to {right}, {bottom}; {scale}. Click to show this place on the map.")
        return text.format(name=name, left=left, top=top, right=right, bottom=bottom, scale=reduction(view.scale))

    def _notes(self) -> str:
        exchange = self.exchange
        if exchange.message:
            return f"<b>{html.escape(exchange.message)}</b><br>{html.escape(exchange.hint)}"
        notes = [ending(exchange)]
        if exchange.confidence is not None:
            notes.append(tr("confidence {value} of 1 (not a probability)").format(value=f"{exchange.confidence:.2f}"))
        if exchange.status is Status.DONE:
            notes.append(tr("{seconds} s").format(seconds=f"{exchange.seconds:.1f}"))
        dialect = tr("prompt format {dialect}").format(dialect=exchange.dialect) if exchange.dialect else ""
        lines = [" · ".join(filter(None, [*notes, exchange.model, dialect])), *exchange.notes]
        if exchange.checked is not None:
            by = tr("Checked by {name}, {date}.").format(name=exchange.checked_by or "?", date=(exchange.checked_at or "?")[:10])
            lines.append(f"{by} {exchange.note}" if exchange.note else by)
        return "<br>".join(map(html.escape, lines))


def _about_confidence() -> str:
    return tr(
        "Confidence is computed from the probabilities of the words in the answer. A higher value is more often right, but 0.65 "
        "does not mean that 65 % of such answers are right."
    )


def _said(exchange: Exchange) -> str:
    """The answer; where a person says something else, that with the model's beside it."""
    if not exchange.contradicted:
        return exchange.verdict or ""
    return tr("{checked} (checked; the model: {answer})").format(checked=exchange.checked, answer=exchange.answer)


def _spoken(exchange: Exchange) -> str:
    """The answer as a screen reader reads it."""
    answer = tr("Answer: {answer}").format(answer=_said(exchange))
    return f"{answer} {meaningless()}" if exchange.meaningless else answer


def _label(name: str, bold: bool = False, small: bool = False) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    font = label.font()
    font.setBold(bold)
    if small:
        font.setPointSizeF(font.pointSizeF() * 0.92)
    label.setFont(font)
    return label


def _button(name: str, tip: str, text: str) -> QToolButton:
    button = named(QToolButton(), name, tip)
    button.setText(text)
    button.setAutoRaise(True)
    return button


def _thumbnail(view: PicturedView, ratio: float) -> QIcon:
    """The picture that the model saw, with a frame in the colour of its box on the map."""
    pixmap = QPixmap()
    pixmap.loadFromData(view.picture)
    side = round(THUMB * ratio)
    smooth = Qt.TransformationMode.SmoothTransformation
    pixmap = pixmap.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, smooth) if not pixmap.isNull() else QPixmap(side, side)
    if view.step:
        painter = QPainter(pixmap)
        for width, color in ((7, CASING), (4, color_of(view.step))):
            pen = painter.pen()
            pen.setColor(QColor(color))
            pen.setWidthF(width * ratio)
            painter.setPen(pen)
            painter.drawRect(pixmap.rect())
        painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return QIcon(pixmap)
