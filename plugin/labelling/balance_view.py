"""How even the questions are: answers of each category and level, what a blind guess is worth, and what to ask next."""

from __future__ import annotations

import html
from collections import Counter
from typing import NamedTuple, Optional

from qgis.PyQt.QtCore import QLocale, Qt
from qgis.PyQt.QtGui import QResizeEvent, QShowEvent
from qgis.PyQt.QtWidgets import QAbstractItemView, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

from ...core.labels.agreement import Agreement, agreements
from ...core.labels.balance import OTHER, Balance, Line, ask_next, balance, lacking
from ...core.labels.file import LabelFile
from ...core.labels.flags import flags_of_all
from ...core.labels.rows import LEVELS
from ..i18n import tr
from ..panel.widgets import named, paragraph, tip
from .store import LabelStore
from .words import agreement_words, flag_words, level_words, percent

NAMES = 0.5  # of the table's width: the most that names take


class Report(NamedTuple):
    """flags: how many questions each flag has, of `all` questions. agreement: of each pair of annotators."""

    balance: Balance
    ask_next: dict[str, list[str]]
    flags: dict[str, int]
    all: int
    agreement: list[Agreement]


def report(labels: LabelFile) -> Report:
    """Reads all questions: with 20,000 it takes about a second."""
    questions = labels.questions()
    found = flags_of_all(questions, labels.boxes(), labels.images())
    counts = Counter(flag.name for each in found.values() for flag in each)
    return Report(
        balance(questions), {level: ask_next(questions, level) for level in LEVELS}, dict(counts), len(questions), agreements(labels)
    )


class BalanceView(QWidget):
    """Counts anew when it is opened, and when the file changes while it is open."""

    def __init__(self, store: LabelStore, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._store = store
        self._counting = False
        self.table = named(QTableWidget(), "zoomearth_label_balance", tr("Answers of each level and category"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        columns = self._columns()
        self.table.setColumnCount(len(columns))
        self.table.setHorizontalHeaderLabels([title for title, _ in columns])
        for at, (_, about) in enumerate(columns):
            self.table.horizontalHeaderItem(at).setToolTip(tip(about))
        self.advice = paragraph()
        self.advice.setObjectName("zoomearth_label_advice")
        self.advice.setTextFormat(Qt.TextFormat.RichText)
        column = QVBoxLayout(self)
        column.addWidget(self.table, 1)
        column.addWidget(self.advice)
        store.changed.connect(self._count)
        store.opened.connect(self._count)
        store.failed.connect(self._failed)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._count()

    def show_report(self, counted: Report) -> None:
        found = counted.balance
        lines = [found.all, *found.levels, *found.categories]
        names = [tr("all"), *(level_words(line.name) for line in found.levels), *(line.name for line in found.categories)]
        self.table.setRowCount(len(lines))
        for row, (name, line) in enumerate(zip(names, lines)):
            for at, text in enumerate((name, *_figures(line))):
                item = QTableWidgetItem(text)
                item.setToolTip(tip(text))
                if at not in (0, 4):
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                font = item.font()
                font.setBold(row <= len(found.levels))
                item.setFont(font)
                self.table.setItem(row, at, item)
        self.table.resizeColumnsToContents()
        self._fit_names()
        self.advice.setText("<br>".join(map(html.escape, self._advice(counted))))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_names()

    def _fit_names(self) -> None:
        """In a narrow dock the names of the groups leave room for figures."""
        wanted = self.table.sizeHintForColumn(0)
        self.table.setColumnWidth(0, max(60, min(wanted, round(self.table.viewport().width() * NAMES))))

    def _count(self) -> None:
        if self.isVisible() and self._store.path and not self._counting:
            self._counting = True
            self._store.do(report, self._counted)

    def _failed(self) -> None:
        """What was counted may be what failed: the next change counts again."""
        self._counting = False

    def _counted(self, counted: Report) -> None:
        self._counting = False
        self.show_report(counted)

    def _columns(self) -> list[tuple[str, str]]:
        return [
            (tr("Group"), tr("All questions that were not rejected, each level, and each category")),
            (tr("Questions"), tr("How many there are")),
            (tr("Answers"), tr("How many different answers they have")),
            (tr("Yes:no"), tr("How many are answered by yes, and by no")),
            (tr("Top answer"), tr("The commonest answer")),
            (tr("Share"), tr("The share of the commonest answer")),
            (tr("Entropy"), tr("Of the answers, in bits: 0 where all are the same")),
            (tr("Blind"), tr("What is right by guessing the commonest answer of the category and the question's first two words")),
        ]

    def _advice(self, counted: Report) -> list[str]:
        """What to ask next, and what stands out."""
        lines = [
            tr("Ask next, {level}: {categories}").format(level=level_words(level), categories=", ".join(names))
            for level, names in counted.ask_next.items()
        ]
        for line in counted.balance.categories:
            rare = lacking(line)
            if rare == OTHER:
                words = tr("{category}: ask questions with another answer than “{top}” ({share} have it).")
                lines.append(words.format(category=line.name, top=line.top, share=percent(line.top_share)))
            elif rare:
                words = tr("{category}: ask questions whose answer is “{rare}” ({yes} yes, {no} no).")
                lines.append(words.format(category=line.name, rare=rare, yes=line.yes, no=line.no))
        flagged = [f"{flag_words(name)} {percent(count / counted.all)}" for name, count in counted.flags.items()]
        if flagged:
            lines.append(tr("Flagged: {flags}").format(flags=", ".join(flagged)))
        words = tr("{first} and {second}: {count} decided by both, {figures}, differences to settle: {open}")
        for each in counted.agreement:
            figures = agreement_words(each)
            facts = {"first": each.first, "second": each.second, "count": each.questions, "open": each.open}
            lines.append(words.format(**facts, figures=figures))
        return lines


def _figures(line: Line) -> tuple[str, ...]:
    entropy = QLocale().toString(line.entropy, "f", 1)
    counts = str(line.questions), str(line.answers), f"{line.yes}:{line.no}"
    return (*counts, line.top, percent(line.top_share), entropy, percent(line.blind))
