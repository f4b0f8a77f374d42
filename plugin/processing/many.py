"""Asks many questions for an algorithm, several at a time, as batches of the backend.

with ManyAsker(python, load, feedback) as asker:
    for row in asker.ask_all(rows, total): ...           # yields the rows in their order, each after its end

After a crash the process is started again, and continues with the other rows. Each row that was being asked is asked once more,
alone; a row that crashes the process again fails.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Dict, Generator, Iterable, Iterator, Optional, Sequence, Tuple, TypeVar, Union, cast

from ...core.events import Cancelled, Failed, Last, Progress, RowEnded, RowStarted
from ...core.requests import Ask, Batch, Id
from ...core.typed import to_json
from ...core.wire import MAX_LINE, encode
from ..child.backend_process import State
from .asker import Asker
from .questions import Row

ROWS = 1000  # largest number in a batch
LETTERS = MAX_LINE // 2  # of a batch; a single row may have more: an outline with the largest number of corners has 10 MB
CRASHES = 3  # without a row that ended between them; after that the other rows are not asked

R = TypeVar("R", bound=Row)
Open = Dict[Id, Tuple[Row, Ask]]  # rows that have not ended, and their requests, by their ids


class ManyAsker(Asker):
    """`ask_all` instead of `ask`; the feedback's progress is the share of the rows that have ended."""

    _total = 1
    _over = 0
    _crashes = 0  # since a row ended

    def ask_all(self, rows: Iterable[R], total: int) -> Iterator[R]:
        """Yields each row after its end; an error is part of its exchange. After a cancellation, rows that were never asked are left out.

        rows: read one by one when they are needed; a row may have ended already. total: their number.
        """
        self._total = max(1, total)
        for batch in self._batches(rows):
            unwritten = deque(row for row, _ in batch)
            for _ in self._ask_batch({request.id: (row, request) for row, request in batch if request}):
                while unwritten and unwritten[0].over:
                    yield unwritten.popleft()
            yield from (row for row in unwritten if row.over)

    def _batches(self, rows: Iterable[R]) -> Iterator[list[tuple[R, Optional[Ask]]]]:
        """The rows, with requests where they have not ended. The next batch deletes the snapshots of this one."""
        batch: list[tuple[R, Optional[Ask]]] = []
        letters = 0
        for row in rows:
            if self._feedback.isCanceled():
                break
            if not self._snapshots.has_room(row):
                yield batch
                batch, letters = [], 0
                self._snapshots.forget(but=row)
            request = self._request(row)
            more = len(encode(to_json(request))) if request else 0
            if len(batch) == ROWS or letters + more > LETTERS:
                yield batch
                batch, letters = [], 0
                self._snapshots.forget(but=row)
            if request is None:
                self._show_row(row)
            batch.append((row, request))
            letters += more
        yield batch

    def _ask_batch(self, left: Open) -> Iterator[None]:
        """Yields whenever a row has ended."""
        alone: deque[Id] = deque()  # rows that were being asked when the process crashed
        while left and not self._feedback.isCanceled():
            again = bool(alone)
            ids = [alone.popleft()] if again else list(left)
            under_way: list[Id] = []
            last = yield from self._send(left, ids, under_way)
            if isinstance(last, Failed):
                self._show_log(last.log)  # once, and not for each row
                last = replace(last, log=())
            if isinstance(last, Failed) and self._is_final(last, under_way):
                self._end(left, left, last)
            elif isinstance(last, Failed) and again:
                self._end(left, under_way, last)
            elif isinstance(last, Failed):
                alone.extend(under_way)
            elif isinstance(last, Cancelled):
                self._end(left, under_way, last)

    def _send(self, left: Open, ids: Sequence[Id], under_way: list[Id]) -> Generator[None, None, Last]:
        """Asks these rows as one batch. Returns its last event."""
        loading = self.backend.submit(self._load)  # does nothing if the model is loaded; loads it again after a crash
        job = self.backend.submit(Batch(tuple(left[id][1] for id in ids)))
        for event in self.backend.follow(loading, job, cancelled=self._feedback.isCanceled):
            if isinstance(event, Progress):
                self._show_stage(event)
            elif isinstance(event, RowStarted):
                under_way.append(event.row)
            elif isinstance(event, RowEnded) and event.last.id is not None:
                self._crashes = 0
                under_way.remove(event.last.id)
                self._end(left, [event.last.id], event)
                yield
        return cast(Last, job.result)

    def _end(self, left: Open, ids: Iterable[Id], event: Union[RowEnded, Failed, Cancelled]) -> None:
        for id in list(ids):
            row, _ = left.pop(id)
            row.exchange.hear(event)
            self._show_row(row)

    def _is_final(self, failed: Failed, under_way: Sequence[Id]) -> bool:
        """Whether a batch failed for all of its rows. Otherwise the process has crashed, and can be started again."""
        state = self.backend.state
        if state is State.UP:  # the batch was refused, for example because the model can't be loaded
            return True
        self._crashes += 1
        if self._crashes >= CRASHES or (state is State.BROKEN and not under_way):
            return True
        self._feedback.pushWarning(failed.message)
        self.backend.revive()
        return False

    def _show_row(self, row: Row) -> None:
        exchange = row.exchange
        self._over += 1
        self._feedback.pushInfo(f"{self._over}/{self._total} {row.raster.name}: {row.question}")
        for seen in exchange.views:
            self._show_zoom(seen)
            self._show_thought(seen)
        self._show_end(exchange)
        self._feedback.setProgress(100 * self._over / self._total)
