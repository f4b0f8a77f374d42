"""One run: its rows, which a file of its own keeps, and what it does. No widgets.

run.go_on(); run.pause(); run.cancel(); run.retry()
run.changed.connect(...)        # its state or its counts, a few times a second
run.rows_changed.connect(...)   # (rows): these have other contents now
run.replaced.connect(...)       # all rows were read from the file

The backend appends each answer to a file beside (JSON lines) before it tells of it, so that a kill of QGIS loses nothing; the rows are
written to the GeoPackage on a thread. A run goes on with the rows that have no end in either of the two.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Any, Iterable, Mapping, Optional

from qgis.core import QgsRasterLayer
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ...core.errors import ZoomEarthError
from ...core.events import Event
from ..exchanges.exchange import Exchange, Status, UsedTool
from ..exchanges.project_results import PATIENCE
from ..exchanges.results_file import ResultsFile
from ..exchanges.session import Session
from ..exchanges.writer import Writer
from ..i18n import tr
from ..qt_later import later
from .asking import Asking
from .rows import CANCELLED, FAILED, WAITING, Counts, kind, read_lines, read_rows, reset, summary, take_line

AGAIN = 2000  # ms between two tries to read
SHOWN = 4.0  # seconds between two looks of the map at the file while it fills
MOMENT = 200  # ms between two signals of changed counts


class Phase(Enum):
    """What a run does: its file is read, it waits for the user, it asks, it ends what it is asking, or its project was closed."""

    READING = "reading"
    RESTING = "resting"
    ASKING = "asking"
    STOPPING = "stopping"
    CLOSED = "closed"


class Run(QObject):
    """exchange: that of the card, with `use`, whose file is that of the rows. trouble: why it stopped by itself, "" where it did not."""

    changed = pyqtSignal()
    rows_changed = pyqtSignal(list)
    replaced = pyqtSignal()
    rested = pyqtSignal()
    _read = pyqtSignal(object)

    def __init__(self, session: Session, exchange: Exchange, use: UsedTool, rows: Iterable[Exchange], parent: QObject) -> None:
        """rows: of a new run; empty: those in its file are read."""
        super().__init__(parent)
        self._session, self.exchange, self.use = session, exchange, use
        self.rows: list[Exchange] = list(rows)
        self.phase, self.trouble = Phase.RESTING, ""
        self._place()
        self._asking = Asking(session, lambda: self.raster, use.made.metrics, self)
        self._asking.over.connect(self._over)
        self._asking.found.connect(self._found)
        self._asking.ended.connect(self._rest)
        self._asking.stage_changed.connect(self._announce)
        self._shown = 0.0
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(MOMENT)
        self._soon.timeout.connect(self.changed)
        self._read.connect(self._take)
        if self.rows:
            for row in self.rows:
                self.writer.keep(row)
        else:
            self.read()

    @property
    def path(self) -> Path:
        """The GeoPackage of the rows."""
        return self.writer.file.path

    @property
    def answers(self) -> Path:
        """The file to which the backend appends the answers."""
        return self.path.with_name(self.path.name + ".answers.jsonl")

    @property
    def raster(self) -> Optional[QgsRasterLayer]:
        """The layer that it is about; None where it is not in the project."""
        return self._session.results.raster_layer(self.exchange)

    @property
    def counts(self) -> Counts:
        return Counts.of(self.rows)

    @property
    def asking(self) -> bool:
        return self.phase in (Phase.ASKING, Phase.STOPPING)

    @property
    def seconds_left(self) -> Optional[float]:
        """None while that can't be told."""
        return self._asking.seconds_left if self.phase is Phase.ASKING else None

    @property
    def stage(self) -> str:
        """See `Asking`."""
        return self._asking.stage

    def go_on(self) -> None:
        """Asks the rows that wait or were cancelled."""
        if self.phase is not Phase.RESTING:
            return
        if not self.rows:
            self.read()
            return
        self.trouble = ""
        for row in self.rows:
            if kind(row) == CANCELLED:
                self._reset(row)
        self.phase = Phase.ASKING
        self._asking.begin([row for row in self.rows if kind(row) == WAITING], self.answers)
        self.changed.emit()

    def pause(self) -> None:
        """Asks no more; the rows that are being asked are asked again when it goes on."""
        if self.phase is Phase.ASKING:
            self.phase = Phase.STOPPING
            self._asking.stop()
            self.changed.emit()

    def cancel(self) -> None:
        """Asks no more, and ends the rows that wait as cancelled. What was answered stays."""
        for row in self.rows:
            if kind(row) == WAITING:
                row.status = Status.CANCELLED
                self.keep(row)
        self.pause()
        self.rows_changed.emit(self.rows)
        self._summarize()

    def retry(self) -> None:
        """Asks the rows that failed once more."""
        for row in self.rows:
            if kind(row) == FAILED:
                self._reset(row)
        self.go_on()

    def keep(self, row: Exchange) -> None:
        """Writes a row that has changed, and announces it."""
        self.writer.keep(row)
        self.rows_changed.emit([row])
        self._announce()

    def read(self) -> None:
        """Reads the rows on a thread; `replaced` is emitted afterwards."""
        self.phase = Phase.READING
        threading.Thread(target=self._read_rows, args=(self.path, self.answers), daemon=True).start()

    def finish(self) -> None:
        """Waits until the rows are written."""
        self.writer.finish(PATIENCE)

    def follow(self) -> None:
        """The results have moved, and this run's file with them."""
        before = self.writer
        self._place()
        for row in before.unwritten:
            self.writer.keep(row)
        before.detach()

    def close(self) -> None:
        """Its project is closed: it asks no more, and what comes still stays in the file of answers."""
        self.phase = Phase.CLOSED
        self._asking.close()
        self.writer.detach()

    def _place(self) -> None:
        folder = self._session.results.made.begin_folder()
        self.writer = Writer(ResultsFile(folder / self.use.made.out), parent=self)
        self.writer.ended.connect(self._written)

    def _reset(self, row: Exchange) -> None:
        reset(row)
        self.keep(row)

    def _read_rows(self, path: Path, answers: Path) -> None:
        """Runs on a thread."""
        read: Any
        try:
            read = read_rows(path), read_lines(answers)
        except ZoomEarthError as error:
            read = error
        with suppress(RuntimeError):  # QGIS has closed
            self._read.emit(read)

    def _take(self, read: Any) -> None:
        if self.phase is Phase.CLOSED:
            return
        self.phase = Phase.RESTING
        if isinstance(read, ZoomEarthError):  # another program, or the QGIS before this one, holds the file
            self.trouble = f"{read.message} {read.hint}"
            later(self, self._read_again, AGAIN)
        elif not read[0]:
            self.trouble = tr("The rows of this run are missing: {path}.").format(path=self.path)
        else:
            self.trouble = ""
            self.rows, lines = read
            self._recover(lines)
        self.replaced.emit()
        self.changed.emit()

    def _read_again(self) -> None:
        if self.phase is Phase.RESTING and not self.rows:
            self.read()

    def _recover(self, lines: Mapping[str, Mapping[str, Any]]) -> None:
        """Takes what the backend had written when QGIS was killed."""
        for row in self.rows:
            if row.id in lines and take_line(row, lines[row.id]):
                self.writer.keep(row)
        self._summarize()

    def _over(self, row: Exchange, event: Event) -> None:
        row.hear(event)
        self.keep(row)
        if row.meaningless and not self.exchange.meaningless:
            self._summarize()

    def _found(self, row: Exchange, line: Mapping[str, Any]) -> None:
        take_line(row, line)
        self.keep(row)

    def _rest(self, trouble: str) -> None:
        self.phase, self.trouble = Phase.RESTING, trouble or self.trouble
        self._summarize()
        self.changed.emit()
        self.rested.emit()

    def _summarize(self) -> None:
        """Writes into the card's exchange how far the run is."""
        words = summary(self.counts)
        if words != self.exchange.answer and self._has_card:
            self.exchange.answer, self.exchange.stopped, self.exchange.status = words, "answered", Status.DONE
            self.exchange.model = next((row.model for row in reversed(self.rows) if row.model), "")
            self.exchange.meaningless = any(row.meaningless for row in self.rows)
            self._session.update(self.exchange)

    @property
    def _has_card(self) -> bool:
        """The user may have removed it."""
        return any(each is self.exchange for each in self._session.exchanges)

    def _announce(self) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def _written(self, attempt: Any) -> None:
        """Shows on the map what is in the file now."""
        if self.phase is Phase.CLOSED or not self._has_card:
            return
        if attempt.error:
            self.trouble = f"{attempt.error.message} {attempt.error.hint}"
            self._announce()
        elif attempt.written and (time.monotonic() - self._shown > SHOWN or not self.writer.writing):
            self._shown = time.monotonic()
            self._session.results.show_use(self.exchange, self.use)
            self._session.results.reload_use(self.use)
            self._session.results.color_use(self.use, (row.verdict for row in self.rows))
