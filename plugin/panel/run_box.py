"""A run in a card: how far it is, how long it will take, and buttons to pause it, to go on, to ask failed rows again, and for its table."""

from __future__ import annotations

import html
from typing import Optional

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from ..i18n import tr
from ..runs.rows import FAILED, WAITING, Counts, answer_counts
from ..runs.run import Phase, Run
from .widgets import ElidedButton, named

MINUTE, HOUR = 60, 3600


class RunBox(QFrame):
    """`clicked`: the run, and one of "go on", "retry" and "table"; the rest it does itself."""

    clicked = pyqtSignal(object, str)

    def __init__(self, run: Run, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.run = run
        self.setObjectName(f"zoomearth_run_{run.use.id}")
        self.progress = QProgressBar()
        self.progress.setObjectName("zoomearth_run_progress")
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(8)
        self.state = _line("zoomearth_run_state")
        self.answers = _line("zoomearth_run_answers")
        self.trouble = _line("zoomearth_run_trouble")
        self.pause = named(ElidedButton(tr("&Pause")), "zoomearth_run_pause", tr("Stop asking for now; what was answered stays"))
        self.pause.clicked.connect(run.pause)
        self.go_on = named(ElidedButton(tr("&Continue")), "zoomearth_run_continue", tr("Ask the rows that have not been asked"))
        self.go_on.clicked.connect(lambda: self.clicked.emit(run, "go on"))
        self.cancel = named(ElidedButton(tr("Cancel")), "zoomearth_run_cancel", tr("End the run; what was answered stays"))
        self.cancel.clicked.connect(run.cancel)
        self.retry = named(ElidedButton(), "zoomearth_run_retry", tr("Ask the rows that failed once more"))
        self.retry.clicked.connect(lambda: self.clicked.emit(run, "retry"))
        self.table = named(ElidedButton(tr("&Table")), "zoomearth_run_table", tr("Open the table of the answers, to check them"))
        self.table.clicked.connect(lambda: self.clicked.emit(run, "table"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(3)
        for widget in (self.state, self.progress, self.answers, self.trouble):
            column.addWidget(widget)
        for buttons in ((self.table, self.pause, self.go_on, self.cancel), (self.retry,)):
            row = QHBoxLayout()
            row.setSpacing(3)
            for button in buttons:
                row.addWidget(button)
            row.addStretch(1)
            column.addLayout(row)
        run.changed.connect(self.show_state)
        self.show_state()

    def show_state(self) -> None:
        run, counts = self.run, self.run.counts
        text = _words(run, counts)
        self.state.setText(html.escape(text))
        self.setAccessibleName(text)
        self.progress.setAccessibleName(text)
        self.progress.setMaximum(max(1, counts.total) if run.phase is not Phase.READING else 0)
        self.progress.setValue(counts.over)
        answers = answer_counts(counts)
        self.answers.setText(html.escape(answers))
        self.answers.setVisible(bool(answers))
        self.trouble.setText(html.escape(run.trouble))
        self.trouble.setVisible(bool(run.trouble))
        resting = run.phase is Phase.RESTING
        self.pause.setVisible(run.asking)
        self.pause.setEnabled(run.phase is Phase.ASKING)
        self.cancel.setVisible(run.asking or (resting and bool(counts.kinds.get(WAITING))))
        self.go_on.setVisible(resting and (counts.open > 0 or not run.rows))
        self.retry.setVisible(resting and counts.failed > 0)
        self.retry.setText(tr("{count} failed: &retry").format(count=counts.failed))
        self.table.setEnabled(bool(run.rows))


def _words(run: Run, counts: Counts) -> str:
    """41 of 300, 6 min left, 2 failed."""
    if run.phase is Phase.READING:
        return tr("Reading the rows…")
    parts = [tr("{done} of {total}").format(done=counts.over, total=counts.total)]
    left = run.seconds_left
    if run.phase is Phase.STOPPING:
        parts.append(tr("stopping"))
    elif run.asking:
        parts.append(_stage(run.stage) if left is None else time_left(left))
    elif counts.kinds.get(WAITING):
        parts.append(tr("paused"))
    elif counts.open:
        parts.append(tr("cancelled"))
    if counts.failed:
        parts.append(tr("{count} failed").format(count=counts.kinds[FAILED]))
    if counts.checked:
        parts.append(tr("{count} checked").format(count=counts.checked))
    return ", ".join(parts)


def _stage(stage: str) -> str:
    return {"loading": tr("loading the model"), "opening": tr("opening the raster")}.get(stage, tr("in progress"))


def time_left(seconds: float) -> str:
    """As a person says it: "40 s left", "6 min left", "2 h 10 min left"."""
    if seconds < MINUTE:
        return tr("{seconds} s left").format(seconds=max(1, round(seconds)))
    if seconds < HOUR:
        return tr("{minutes} min left").format(minutes=round(seconds / MINUTE))
    minutes = round(seconds / MINUTE)
    return tr("{hours} h {minutes} min left").format(hours=minutes // 60, minutes=minutes % 60)


def _line(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label
