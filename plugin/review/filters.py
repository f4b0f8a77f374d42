"""What of a run is shown in its table: a text, an answer, only what is not checked; with the counts."""

from __future__ import annotations

from typing import Optional

from qgis.gui import QgsFilterLineEdit
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QWidget

from ..i18n import tr
from ..panel.widgets import named
from ..runs.rows import Counts


class Filters(QWidget):
    """`changed`: the text, the answer ("" for all), and whether only rows are wanted that nobody has decided."""

    changed = pyqtSignal(str, str, bool)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.text = named(QgsFilterLineEdit(), "zoomearth_filter_text", tr("Filter the rows by a text"))
        self.text.setShowSearchIcon(True)
        self.text.setPlaceholderText(tr("Filter"))
        self.answer = named(QComboBox(), "zoomearth_filter_answer", tr("Only rows with this answer"))
        self.answer.setMinimumContentsLength(12)
        self.open = named(QCheckBox(tr("Only &unchecked")), "zoomearth_filter_open", tr("Only rows that are not checked or unsure"))
        self.counts = QLabel()
        self.counts.setObjectName("zoomearth_answer_counts")
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 4, 4, 0)
        for widget in (self.text, self.answer, self.open, self.counts):
            row.addWidget(widget)
        row.setStretch(0, 1)
        self.text.textChanged.connect(self._change)
        self.answer.currentIndexChanged.connect(self._change)
        self.open.toggled.connect(self._change)

    def show_counts(self, counts: Counts, total: int) -> None:
        self.counts.setText(tr("{checked} of {total} checked").format(checked=counts.checked, total=total))
        chosen = self.answer.currentData() or ""
        self.answer.blockSignals(True)
        self.answer.clear()
        self.answer.addItem(tr("All answers"), "")
        for answer, count in counts.answers.items():
            self.answer.addItem(f"{answer} ({count})", answer)
        at = self.answer.findData(chosen)
        self.answer.setCurrentIndex(max(0, at))
        self.answer.blockSignals(False)
        if at < 0:
            self._change()

    def _change(self) -> None:
        self.changed.emit(self.text.text(), self.answer.currentData() or "", self.open.isChecked())
