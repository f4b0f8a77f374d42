"""The backend process of the QGIS plugin: the messages of `core/protocol.py` on stdin and stdout, the log on stderr.

For each id there is exactly one of `done`, `failed`, `cancelled`, and it comes last. A question after a load that failed fails as that load
did: no other model answers for the one that was wanted. Jobs run in order on the main thread; a second thread reads requests, so that a
cancel is received while torch computes, and ends the process when the parent is gone. Nothing heavy is imported before a job needs it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import signal
import sys
import threading
import traceback
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Callable, Iterator, Sequence, cast

from ... import __version__
from ...core.address import hidden
from ...core.calibration import Calibration
from ...core.errors import BackendError, Cancelled, ModelError, ZoomEarthError
from ...core.events import Cancelled as CancelledEvent
from ...core.events import (
    Counts,
    Described,
    Done,
    Failed,
    Last,
    Loaded,
    Proposed,
    ProposeResult,
    Ready,
    Result,
    RowEnded,
    RowStarted,
    Surveyed,
    SurveyResult,
    ToolResult,
)
from ...core.look import Stopped
from ...core.protocol import VERSION
from ...core.requests import NEW, Ask, Batch, Describe, Id, Job, Load, Propose, RunSurvey, RunTool, Test
from ...core.roi_table import ZOOM_OUT
from ...core.settings import Settings
from ...core.source import SceneSource, Seen
from ...core.wire import LineReader, claim_stdio
from .events import Outbox, Story, as_base64
from .queue import Jobs

if TYPE_CHECKING:
    from ...core.profile import Profile
    from ...core.survey import Step
    from ..answer import Event
    from ..batch import Finished
    from ..engines import Engine
    from ..records import Journal
    from ..scene.scene import Scene
    from .kept import Kept


def main() -> int:
    """Serves until `stop` or the end of stdin."""
    wire_in, wire_out = claim_stdio()
    faulthandler.enable()  # a crash in C leaves its trace in the log
    logging.basicConfig(level=logging.INFO)
    logging.getLogger().handlers[0].setFormatter(_Discreet())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is meant for the parent, which ends this process with itself
    outbox = Outbox(wire_out)
    outbox.send(Ready(VERSION, __version__, os.getpid()))
    jobs = Jobs(outbox)
    threading.Thread(target=_listen, args=(wire_in, jobs), daemon=True).start()
    worker = Worker(jobs, outbox)
    while job := jobs.next():
        worker.run(job)
    return 0


class _Discreet(logging.Formatter):
    """Hides keys in addresses: httpx logs each with its query."""

    def format(self, record: logging.LogRecord) -> str:
        return hidden(super().format(record))


def _listen(wire_in: BinaryIO, jobs: Jobs) -> None:
    lines = LineReader()
    try:
        while data := wire_in.read(1 << 16):
            for request in lines.feed(data):
                jobs.take(request)
    except BaseException:
        traceback.print_exc()
        os._exit(1)  # a process that reads no requests is of no use
    os._exit(0)  # the parent is gone or has closed us: at once, whatever torch is doing


class Worker:
    """Runs jobs on the main thread; keeps the engine, and the last scene, between them."""

    def __init__(self, jobs: Jobs, outbox: Outbox) -> None:
        self.jobs, self.outbox = jobs, outbox
        self.engine: Engine | None = None
        self.loaded: tuple[Load, list[str | None]] | None = None  # what the engine was made of
        self.refused: BaseException | None = None  # why the last load failed
        self.kept: tuple[Kept, Kept] | None = None  # the rasters of the last job, and of the last comparison
        self.story = Story(outbox, NEW)

    def run(self, job: Job | BackendError) -> None:
        """Whatever happens, the job ends with one event and the process lives on."""
        if isinstance(job, BackendError):
            self.refused = job  # `Jobs` has sent its failure
            return
        self.story = Story(self.outbox, job.id)
        try:
            last: Last = Done(job.id, self._result(job))
        except Cancelled:
            last = CancelledEvent(job.id)
        except ZoomEarthError as error:
            last = Failed.of(error, job.id)
        except (Exception, SystemExit) as error:
            print(hidden(traceback.format_exc()), file=sys.stderr)
            message = hidden(f"{type(error).__name__}: {error}")
            last = Failed(job.id, "internal", message, "The log has the details: please report it.")
        self.story.flush()
        self.jobs.over()
        self.outbox.send(last)

    def _result(self, job: Job) -> Result | Counts | ToolResult | SurveyResult | ProposeResult | Loaded | Described | Calibration:
        if isinstance(job, Ask):
            return self._ask(job)
        if isinstance(job, Batch):
            return self._batch(job)
        if isinstance(job, RunTool):
            return self._run_tool(job)
        if isinstance(job, RunSurvey):
            return self._survey(job)
        if isinstance(job, Propose):
            return self._propose(job)
        if isinstance(job, Describe):
            return Described(self._open(job.source).describe())
        if isinstance(job, Test):
            return self._test(job)
        self.refused = None
        try:
            return self._load(job)
        except (Exception, SystemExit) as error:
            self.refused = None if isinstance(error, Cancelled) else error
            raise

    def _load(self, job: Load) -> Loaded:
        key = (replace(job, id=NEW), _files(job.settings))
        if self.engine is None or key != self.loaded or job.replies:  # a script begins anew
            if self.engine:
                self.engine.close()  # before the next one: both may not fit in memory
            self.engine = None
            self.story.progress("loading", 0, 0)
            self.engine, self.loaded = _opened(job, self._on_test, self.jobs.called_off), key
        if self.jobs.called_off():
            raise Cancelled
        profile = self.engine.profile
        kind = "scripted" if job.replies else "remote" if job.settings.remote else "local"
        return Loaded(kind, profile.name, profile.dialect.described, profile.prompt_hash, profile.policy, self.engine.device)

    def _test(self, job: Test) -> Calibration:
        """The engine of the last load makes room, and is made again for the next question."""
        from ..engines.open import calibrate_model

        if self.engine:
            self.engine.close()
            self.engine = None
        self.story.progress("loading", 0, 0)
        return calibrate_model(job.settings, job.key, self._on_test, self.jobs.called_off)[0]

    def _on_test(self, done: int, total: int) -> None:
        self.story.progress("testing", done, total)

    def _engine(self) -> Engine:
        """The engine of the last load; raises what that one raised."""
        if self.refused:
            raise self.refused.with_traceback(None)
        if self.engine is None:
            self._load(self.loaded[0] if self.loaded else _default_load())
        return cast("Engine", self.engine)

    def _ask(self, job: Ask) -> Result:
        from ..answer import answer
        from ..batch import question_of
        from ..engines import notes_of
        from ..opened import beside
        from ..report import report

        engine = self._engine()
        question = question_of(job, self._open(job.source), engine.profile.policy)
        if job.compare:
            question = beside(question, self._open(job.compare.source, 1), job.compare)
        answered = answer(engine, question, self._send, self.jobs.called_off)
        if answered.outcome.stopped is Stopped.CANCELLED:
            raise Cancelled
        return report(answered, engine.profile.name, notes_of(engine))

    def _batch(self, job: Batch) -> Counts:
        from ..batch import asked, line, question_of, run
        from ..engines import notes_of

        def rows() -> Iterator[Ask]:
            for row in job.rows:
                self.outbox.send(RowStarted(job.id, row.id))
                yield row

        engine = self._engine()
        load = cast(Load, self.loaded and self.loaded[0])
        concurrent = bool(load.settings.remote) and not load.replies
        counts: Counter[str] = Counter()
        self.story.progress("thinking", 0, len(job.rows))
        with _journal(job.out, engine.profile, load.settings) if job.out else contextlib.nullcontext() as journal:
            for finished in run(engine, rows(), question_of, job.at_once, concurrent, self.jobs.called_off, self.story.progress):
                answered = finished.answered
                if journal:
                    journal.add(line(asked(finished.row), answered, finished.error, engine.profile.name))
                self.outbox.send(_row_ended(job.id, finished, engine.profile.name, notes_of(engine)))
                counts["failed" if answered is None else "unanswered" if answered.outcome.answer is None else "answered"] += 1
                self.story.progress("thinking", sum(counts.values()), len(job.rows))
        if sum(counts.values()) < len(job.rows):
            raise Cancelled
        return Counts(counts["answered"], counts["unanswered"], counts["failed"])

    def _run_tool(self, job: RunTool) -> ToolResult:
        from ...core.geometry import Box
        from ...core.region import Region
        from ..scene.region import resolve
        from ..tools.pictures import before_and_after
        from ..tools.run import use

        scene = self._open(job.source)
        region = resolve(scene, job.where) or Region(Box(0, 0, *scene.size))
        (made,) = use(scene, [(region, job.use)], job.out, self.story.progress, self.jobs.called_off)
        if job.pictures:
            with contextlib.suppress(Cancelled):  # the file is written: the work is done
                return ToolResult(made, *map(as_base64, before_and_after(scene, region, made, job.pictures)))
        return ToolResult(made)

    def _survey(self, job: RunSurvey) -> SurveyResult:
        from ..surveys.run import carry_out, check, check_for

        notes: list[str] = []

        def on_step(step: Step) -> None:
            self.outbox.send(Surveyed(job.id, step.count, *step.views, tuple(notes)))

        check(job)
        scene = self._open(job.source)
        check_for(job, scene)
        engine = self._engine()
        load = self.loaded[0] if self.loaded else _default_load()
        result = carry_out(engine, scene, job, load.settings, on_step, notes.extend, self.jobs.called_off)
        if self.jobs.called_off():
            raise Cancelled
        return result

    def _propose(self, job: Propose) -> ProposeResult:
        from ..labels import propose, think

        engine = self._engine()
        load = cast(Load, self.loaded and self.loaded[0])
        concurrent = bool(load.settings.remote) and not load.replies

        def on_step(done: int, total: int, candidates: int) -> None:
            self.outbox.send(Proposed(job.id, done, total, candidates))

        def on_check(done: int) -> None:
            self.story.progress("checking", done, 0)

        server = propose.hosts(load.settings) if concurrent else ""
        if job.thoughts:
            result = think.carry_out(engine, job, server, concurrent, on_step, self.jobs.called_off)
        else:
            result = propose.carry_out(engine, job, server, concurrent, on_step, on_check, self.jobs.called_off)
        if self.jobs.called_off():
            raise Cancelled
        return result

    @property
    def scene(self) -> Scene | None:
        """The raster of the last job."""
        return self.kept[0].scene if self.kept else None

    def _open(self, source: SceneSource, number: int = 0) -> Scene:
        """number: 1 for the second raster of a comparison."""
        from .kept import Kept

        self.kept = self.kept or (Kept(), Kept())
        return self.kept[number].open(source, lambda stage, done, total: self.story.progress(stage, done, total), self.jobs.called_off)

    def _send(self, event: Event) -> None:
        from ..answer import Read, Said, Saw, Tried, Used

        if isinstance(event, Saw):
            self.story.saw(event, cast("Scene", self.scene))
        elif isinstance(event, Tried):
            self.story.progress("trying again", event.number, event.tries)
        elif isinstance(event, Read):
            self.story.read(event.part)
        elif isinstance(event, Used):
            self.story.called(event.use)
        elif isinstance(event, Said):
            self.story.text(event.delta)
        else:
            self.story.progress(event.stage, event.done, event.total)


def _journal(out: str, profile: Profile, settings: Settings) -> Journal[Any]:
    """The file of results of a batch; lines that it has are kept."""
    from ..records import Journal, revision_of, spec

    hint = "Choose the model with which this run began, or begin another run."
    return Journal(Path(out), spec(profile, settings, revision_of(settings)), "id", lambda row: None, dict, hint)


def _row_ended(id: Id, finished: Finished[Ask], model: str, notes: Sequence[str]) -> RowEnded:
    from ..report import report

    if finished.answered is None:
        return RowEnded(id, Failed.of(cast(ZoomEarthError, finished.error), finished.row.id))
    answered = finished.answered
    grid = answered.question.scene.grid
    shown = (replace(each, label=ZOOM_OUT) if each.again else each for each in answered.outcome.views)  # as `Saw` has it
    views, replies = tuple(Seen.of(each, grid) for each in shown), tuple(reply.text for reply in answered.replies)
    return RowEnded(id, Done(finished.row.id, report(answered, model, notes)), views, replies)


def _files(settings: Settings) -> list[str | None]:
    """What changes with the files a load reads: a folder may hold another model by now, a prompt file another prompt."""
    from ..models import store as models
    from .kept import states

    files = [str(Path(settings.prompt_file).expanduser())] if settings.prompt_file else []
    with contextlib.suppress(ModelError, OSError):  # a model on a server need not be here; if one here is missing, _opened raises
        files += sorted(map(str, models.find(settings.weights).iterdir())) if not settings.remote else []
    return states(files)


def _opened(job: Load, on_test: Callable[[int, int], None], cancelled: Callable[[], bool]) -> Engine:
    from ..engines.open import open_engine
    from ..models import store as models

    if not job.replies:
        return open_engine(job.settings, job.key, on_test, cancelled)
    from ...core.profile import Profile
    from ..engines.scripted import ScriptedEngine

    model = job.settings.model
    profile = models.profile_for(model) if model else Profile.from_dict({"name": "scripted", "dialect": "zoomearth"})
    return ScriptedEngine(profile, job.replies, job.pace)


def _default_load() -> Load:
    """For an ask without a load: the environment's settings, else the demo model on this machine."""
    try:
        return Load(Settings.of_environment())
    except ValueError as error:
        raise BackendError(f"In the environment, {error}.") from error
