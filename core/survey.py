"""The loop of a survey: every view of a scene or region in batches, what was marked in each, and the things that come of it. No I/O.

    flow = survey(size, plan, policy, region)
    step = next(flow)                                # show each of step.wanted to the model
    step = flow.send([Reading(...), ...])            # one for each; step.features and step.records can be written
    ...                                              # StopIteration.value is the Survey

A driver sends None in place of a reading to stop: what was not looked at is recorded as unseen, and what was found so far is settled.

A survey looks at each view of the resolution that was asked for; a `guided` one goes from a view of everything down to it: a coarse view is
asked where such things could be, and only these places are looked at more closely. A view whose list is not complete is asked again in
four parts. How the marks become features is told in `pieces.py`.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Generator, Iterator, Optional, Sequence

from .geometry import Box, Size, View
from .look import Policy, shown_size
from .marks import Mark, Reading, State
from .pieces import Feature, Piece, Pieces, grown
from .plan import Plan
from .region import Region
from .tiling import Cell, Level, quarters, runs

LEAST_SIDE = 56  # source pixels, of a part of a view that was split


@dataclass(frozen=True)
class Wanted:
    """A view that is to be shown. id: the same in every run of the same survey. cell: its own part of the scene. places: ask where such
    things could be, not for the things. depth: how often it was split."""

    id: str
    view: View
    cell: Box
    places: bool = False
    depth: int = 0


@dataclass(frozen=True)
class Record:
    """What has become of a view, or of `views` neighbours that nobody looked at. scale: source pixels per shown pixel."""

    id: str
    state: State
    cell: Box
    scale: float
    marks: int = 0
    why: str = ""
    views: int = 1


@dataclass(frozen=True)
class Step:
    """wanted: views whose readings are sent next; none at the end. features, records: what is certain since the step before.
    count: features so far. views: done, and in all as far as is known."""

    wanted: tuple[Wanted, ...]
    features: tuple[Feature, ...]
    records: tuple[Record, ...]
    count: int
    views: tuple[int, int]


@dataclass(frozen=True)
class Survey:
    """count: of the features that are no candidates. coverage: 0 to 1, the part of the area of which a complete list is known, from views
    of the resolution that was asked for, or because it is empty. views: how many by state; asked: those that the model was shown."""

    count: int
    candidates: int
    coverage: float
    views: dict[State, int] = field(default_factory=dict)
    asked: int = 0


Flow = Generator[Step, Sequence[Optional[Reading]], Survey]


def survey(size: Size, plan: Plan, policy: Policy, region: Region | None = None, together: int = 64) -> Flow:
    """size: of the raster. together: views of a step, at the most. Raises ValueError where the region lies outside the raster."""
    whole = Box(0, 0, *size)
    region = region or Region(whole)
    area = region.window.intersect(whole)
    if not region.touches(area):
        raise ValueError(f"the region {tuple(region.box)} lies outside the raster of {size[0]} x {size[1]} pixels")
    return _Survey(area, plan, policy, region).run(together)


class _Survey:
    """The state of a survey: the level, its cells that are left, and the pieces that are not settled."""

    def __init__(self, area: Box, plan: Plan, policy: Policy, region: Region) -> None:
        self.area, self.plan, self.policy, self.region = area, plan, policy, region
        self.levels = plan.levels(area, policy)
        self.guided = plan.way == "guided"
        self.number = len(self.levels) - 1  # of the level: from coarse to fine, which is 0; then -1
        self.selected: frozenset[Cell] | None = None  # its cells that are looked at; None: all
        self.waiting: Iterator[Cell] = iter(())  # those that were not in a step yet, in rows
        self.position = self.following = 0  # of the level's cells in rows: those before are read; those behind were in no step
        self.splits: deque[Wanted] = deque()  # parts of views, which are asked first
        self.asking: list[Wanted] = []
        self.coarser: dict[str, list[Piece]] = {}  # by the id of a part of a view: what the whole view had there
        self.chosen: set[Cell] = set()  # of the next finer level
        self.parents: list[Box] = []  # the cells for which `chosen` says where to look
        self.pieces = Pieces(plan.thing)
        self.records: list[Record] = []
        self.views: Counter[State] = Counter()
        self.count = self.candidates = self.asked = 0
        self.covered = self.known = 0.0  # source pixels
        self.before = self.taken = 0  # cells of the levels before, and of this one, that were in a step
        self.stopped = False

    @property
    def level(self) -> Level:
        return self.levels[self.number]

    @property
    def places(self) -> bool:
        """The level is asked where to look."""
        return self.guided and self.number > 0

    def run(self, together: int) -> Flow:
        while self.number >= 0:
            self.waiting = iter(sorted(self.selected)) if self.selected is not None else self._cells(self.level, *_all(self.level))
            self.position = self.following = 0
            while batch := self._batch(together):
                readings = yield self._step(batch)
                for wanted, reading in zip(batch, readings):
                    self._take(wanted, reading)
                self.position = self.following
            self._leave()
            self.before, self.taken = self.before + self.taken, 0
            if self.places:
                self._rule_out()
                self.selected, self.chosen, self.parents = frozenset(self.chosen), set(), []
            self.number -= 1
        yield self._step([])
        coverage = self.covered / self.known if self.known else 1.0
        return Survey(self.count, self.candidates, coverage, dict(self.views), self.asked)

    def _batch(self, together: int) -> list[Wanted]:
        """The views of the next step, as far as the budget allows; parts of views that were split come first."""
        if self.stopped:
            return []
        room = together if self.plan.budget is None else min(together, self.plan.budget - self.asked)
        batch = [self.splits.popleft() for _ in range(min(room, len(self.splits)))]
        for row, column in islice(self.waiting, room - len(batch)):
            batch.append(self._of_cell((row, column)))
            self.following = row * self.level.columns + column + 1
            self.taken += 1
        return batch

    def _of_cell(self, cell: Cell) -> Wanted:
        name = f"{self.number}/{cell[0]}/{cell[1]}"
        return Wanted(name, self._view(self.level.window(cell)), self.level.cell(cell), self.places)

    def _view(self, window: Box) -> View:
        return View(window, shown_size(window, self.policy), self.region.rings)

    def _cells(self, level: Level, rows: range, columns: range) -> Iterator[Cell]:
        """Those of these rows and columns that have a part inside the region."""
        for row in rows:
            yield from self._row(level, row, columns)

    def _row(self, level: Level, row: int, columns: range) -> Iterator[Cell]:
        """In halves, so that much that lies outside takes little time."""
        if not self.region.rings:
            yield from ((row, column) for column in columns)
        elif columns and self._touches(_around(level.cell((row, columns[0])), level.cell((row, columns[-1])))):
            if len(columns) == 1:
                yield row, columns[0]
            else:
                half = len(columns) // 2
                yield from self._row(level, row, columns[:half])
                yield from self._row(level, row, columns[half:])

    def _touches(self, box: Box) -> bool:
        return not self.region.rings or self.region.touches(box)

    def _step(self, batch: list[Wanted]) -> Step:
        self.asking = batch
        features = self.pieces.settle(self._pending)
        self.count += sum(not each.candidate for each in features)
        self.candidates += sum(each.candidate for each in features)
        records, self.records = tuple(self.records), []
        return Step(tuple(batch), tuple(features), records, self.count, self._progress())

    def _progress(self) -> tuple[int, int]:
        done = self.before + self.taken - sum(not each.depth for each in self.asking)
        if self.number < 0:
            return done, done
        if self.guided:
            return done, self.before + (self.level.size if self.selected is None else len(self.selected))
        return done, sum(level.size for level in self.levels)

    def _pending(self, box: Box) -> bool:
        """Whether a view to come may show a part of the box."""
        if self.number:
            return self.number > 0
        if any(each.view.window.intersect(box).area for each in (*self.splits, *(each for each in self.asking if each.depth))):
            return True
        rows, columns = self.level.touching(box)
        if not rows or not columns or rows[-1] * self.level.columns + columns[-1] < self.position:
            return False
        if self.selected is None:
            return True
        return any(
            (row, column) in self.selected and row * self.level.columns + column >= self.position for row in rows for column in columns
        )

    def _take(self, wanted: Wanted, reading: Reading | None) -> None:
        coarser = self.coarser.pop(wanted.id, [])
        if reading is None:
            self.stopped = True
            self._keep(coarser)
            return self._unseen(wanted.id, wanted.cell, wanted.view.scale, "the survey was stopped")
        self.asked += reading.state is not State.EMPTY
        if wanted.places:
            return self._take_places(wanted, reading)
        pieces = [self._piece(wanted, mark) for mark in reading.marks if self._touches(mark.box)]
        state, why = self._judged(reading)
        if state is State.SATURATED and self._split(wanted, pieces):
            state = State.SPLIT
        if state in (State.DONE, State.SATURATED):
            self._keep(pieces)
        elif state is State.FAILED:
            self._keep(coarser)
        self._record(wanted.id, state, wanted.cell, wanted.view.scale, len(reading.marks), why, counts=self.number == 0)

    def _judged(self, reading: Reading) -> tuple[State, str]:
        """A list that is at its limit is not complete. A coarser level is there for large things, and its lists need not be."""
        if reading.state is State.DONE and len(reading.marks) >= self.plan.most and not self.number:
            return State.SATURATED, f"{len(reading.marks)} marks"
        if reading.state is State.SATURATED and self.number:
            return State.DONE, reading.why
        return reading.state, reading.why

    def _take_places(self, wanted: Wanted, reading: Reading) -> None:
        """Chooses the cells of the next finer level: all of a view whose list is not complete."""
        finer = self.levels[self.number - 1]
        if reading.state in (State.DONE, State.SATURATED):
            self.parents.append(wanted.cell)
            margin = max(self.plan.thing or 0.0, 2 * wanted.view.scale)
            boxes = [grown(mark.box, margin) for mark in reading.marks]
            for box in [wanted.cell] if reading.state is State.SATURATED else boxes:
                self.chosen.update(self._cells(finer, *finer.owning(box)))
        elif reading.state is State.FAILED:
            self._known(wanted.cell, False)
        empty = reading.state is State.EMPTY
        self._record(wanted.id, reading.state, wanted.cell, wanted.view.scale, len(reading.marks), reading.why, counts=empty)

    def _piece(self, wanted: Wanted, mark: Mark) -> Piece:
        return Piece(mark.box, mark.label, mark.score, wanted.id, wanted.view.window, wanted.view.scale, self.area)

    def _keep(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            self.pieces.add(piece)

    def _split(self, wanted: Wanted, pieces: list[Piece]) -> bool:
        """Plans the four parts of a view; False where it is not split."""
        window = wanted.view.window
        finest = min(window.width, window.height)
        if wanted.depth >= self.plan.splits or finest < 2 * LEAST_SIDE:
            return False
        x, y = window.center
        for number, part in enumerate(quarters(window, self.plan.overlap(finest))):
            own = wanted.cell.intersect(
                Box(
                    window.left if part.left == window.left else x,
                    window.top if part.top == window.top else y,
                    window.right if part.right == window.right else x,
                    window.bottom if part.bottom == window.bottom else y,
                )
            )
            if own.area:
                name = f"{wanted.id}.{number}"
                self.coarser[name] = [piece for piece in pieces if own.contains(*piece.box.center)]
                self.splits.append(Wanted(name, self._view(part), own, False, wanted.depth + 1))
        self._keep([piece for piece in pieces if not wanted.cell.contains(*piece.box.center)])  # other views show these places too
        return True

    def _leave(self) -> None:
        """Records what is left of a level: the budget is spent, or the survey was stopped."""
        why = "the survey was stopped" if self.stopped else "the budget was spent"
        while self.splits:
            part = self.splits.popleft()
            self._keep(self.coarser.pop(part.id, []))
            self._unseen(part.id, part.cell, part.view.scale, why)
        self._leave_cells(self.level, self.waiting, why)
        self.position = self.following = self.level.size

    def _rule_out(self) -> None:
        """Records the places where a coarser view showed nothing, each once; one on the border of such a view is one of them."""
        finer = self.levels[self.number - 1]
        ruled = {cell for parent in self.parents for cell in self._cells(finer, *finer.owning(parent))} - self.chosen
        self._leave_cells(finer, iter(sorted(ruled)), "a coarser view showed no such place")

    def _leave_cells(self, level: Level, cells: Iterator[Cell], why: str) -> None:
        scale = View(level.window((0, 0)), shown_size(level.window((0, 0)), self.policy)).scale
        for (row, column), count in runs(cells):
            box = _around(level.cell((row, column)), level.cell((row, column + count - 1)))
            self._unseen(f"{self.levels.index(level)}/{row}/{column}", box, scale, why)

    def _unseen(self, name: str, cell: Box, scale: float, why: str) -> None:
        """In views of the finest level. Of a coarser one of an exhaustive survey, nothing: the finest shows the same places."""
        if self.number == 0 or self.guided:
            rows, columns = self.levels[0].centred(cell)
            self._record(name, State.UNSEEN, cell, scale, 0, why, views=max(1, len(rows) * len(columns)))

    def _record(self, name: str, state: State, cell: Box, scale: float, marks: int, why: str, counts: bool = True, views: int = 1) -> None:
        self.records.append(Record(name, state, cell, scale, marks, why, views))
        self.views[state] += views
        if counts and state is not State.SPLIT:
            self._known(cell, state in (State.DONE, State.EMPTY))

    def _known(self, cell: Box, covered: bool) -> None:
        self.known += cell.area
        self.covered += cell.area if covered else 0.0


def _all(level: Level) -> tuple[range, range]:
    return range(level.rows), range(level.columns)


def _around(first: Box, last: Box) -> Box:
    return Box(first.left, first.top, last.right, last.bottom)
