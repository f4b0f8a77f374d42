"""Which rows a worker is given next, and what becomes of those whose worker has died. No I/O."""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Any

from ..core.requests import RunSurvey
from .rows import Wanted

LIVES = 4  # a row whose worker has died so often is given up
ALONE = 2  # of them, the last: a row in company may be innocent, and one death alone may be chance
SHARD = 8  # rows at a time: so many about one raster; for a worker with a model of its own so many times what it is asked at once


class Work:
    """The rows that are not over. own_model: a worker asks its own model, `at_once` rows in lockstep; else a server, each row by itself.

    suspects: rows with no more than ALONE lives left, each to be given to an idle worker, alone.
    """

    def __init__(self, rows: Iterable[Wanted], own_model: bool, at_once: int) -> None:
        self._own_model, self._at_once = own_model, at_once
        self._shards, self._again = self._sharded(rows), deque[list[Wanted]]()
        self._first: list[Wanted] | None = next(self._shards, None)
        self._deaths: Counter[Any] = Counter()
        self.suspects: deque[Wanted] = deque()

    def left(self) -> bool:
        return bool(self._first or self._again or self.suspects)

    def next(self) -> list[Wanted] | None:
        """The rows of the next call; None where only suspects are left."""
        if self._again:
            return self._again.popleft()
        rows, self._first = self._first, next(self._shards, None)
        return rows

    def died(self, rows: list[Wanted]) -> list[Wanted]:
        """These had no result when their worker died. Returns those that have no life left."""
        by_deaths: dict[int, list[Wanted]] = {}
        for row in rows:
            self._deaths[row.id] += 1
            by_deaths.setdefault(self._deaths[row.id], []).append(row)
        fatal = by_deaths.pop(LIVES, [])
        for deaths, others in by_deaths.items():
            if deaths >= LIVES - ALONE:
                self.suspects.extend(others)
            else:
                self._again.extend(self._sharded(others))
        return fatal

    def _together(self, row: Wanted) -> object:
        """Rows with the same may be in one call; a survey takes a call of its own."""
        return row.id if isinstance(row, RunSurvey) else None if self._own_model else row.source

    def _sharded(self, rows: Iterable[Wanted]) -> Iterator[list[Wanted]]:
        """The rows of a call each: as many as keep a model busy, or those in succession that are about one raster."""
        for _, group in itertools.groupby(rows, key=self._together):
            while shard := list(itertools.islice(group, SHARD * self._at_once if self._own_model else SHARD)):
                yield shard
