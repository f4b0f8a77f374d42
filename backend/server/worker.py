"""The backend process of the QGIS plugin: JSON lines on stdin and stdout, the log on stderr (fields: `core/protocol.py`).

    -> {"op": "ask", "id": 1, "scene": "city.tif", "question": "How many ships are there?"}
    <- {"event": "saw", "id": 1, ...}    {"event": "text", "id": 1, "delta": "..."}    {"event": "done", "id": 1, "result": {...}}

For each id there is exactly one of `done`, `failed`, `cancelled`, and it comes last. What is asked after a load that failed fails as that
load did: no other model answers for the one that was asked for. Jobs run in order on the main thread; a second thread reads, so that a
cancel is heard while torch computes, and ends the process where the parent is gone. Nothing heavy is imported before a job needs it.
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
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Iterable, cast

from ... import __version__
from ...core.address import hidden
from ...core.errors import BackendError, Cancelled, ModelError, ZoomEarthError
from ...core.geometry import Box
from ...core.look import Stopped
from ...core.profile import Profile
from ...core.protocol import Ask, Describe, Id, Job, Load
from ...core.settings import Settings
from ...core.wire import PROTOCOL, LineReader, claim_stdio
from .events import Outbox, Story
from .queue import Jobs

if TYPE_CHECKING:
    from ..answer import Event
    from ..engines import Engine
    from ..scene.scene import Scene


def main() -> int:
    """Serves until `stop` or the end of stdin. Takes no arguments: everything is said over the wire."""
    wire_in, wire_out = claim_stdio()
    faulthandler.enable()  # a crash in C leaves its trace in the log
    logging.basicConfig(level=logging.INFO)
    logging.getLogger().handlers[0].setFormatter(_Discreet())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is meant for the parent, whose end is this one's too
    outbox = Outbox(wire_out)
    outbox.send(event="ready", protocol=PROTOCOL, version=__version__, pid=os.getpid())
    jobs = Jobs(outbox)
    threading.Thread(target=_listen, args=(wire_in, jobs), daemon=True).start()
    worker = Worker(jobs, outbox)
    while job := jobs.next():
        worker.run(job)
    return 0


class _Discreet(logging.Formatter):
    """httpx logs every address that it asks, with its query."""

    def format(self, record: logging.LogRecord) -> str:
        return hidden(super().format(record))


def _listen(wire_in: BinaryIO, jobs: Jobs) -> None:
    lines = LineReader()
    try:
        while data := wire_in.read(1 << 16):
            for message in lines.feed(data):
                jobs.take(message)
    except BaseException:
        traceback.print_exc()
        os._exit(1)  # deaf, it would be of no use
    os._exit(0)  # the parent is gone or has closed us: at once, whatever torch is doing


class Worker:
    """Runs jobs on the main thread; keeps the engine, and the last scene, between them."""

    def __init__(self, jobs: Jobs, outbox: Outbox) -> None:
        self.jobs, self.outbox = jobs, outbox
        self.engine: Engine | None = None
        self.loaded: tuple[Any, ...] = ()
        self.refused: BaseException | None = None  # why the last load failed
        self.scene: Scene | None = None
        self.scene_key: tuple[Any, ...] = ()
        self.story = Story(outbox, "")

    def run(self, job: Job | BackendError) -> None:
        """Whatever happens, the job ends with one event and the process lives on."""
        if isinstance(job, BackendError):
            self.refused = job  # which has been said
            return
        self.story = Story(self.outbox, job.id)
        try:
            last: dict[str, Any] = {"event": "done", "id": job.id, "result": self._result(job)}
        except Cancelled:
            last = {"event": "cancelled", "id": job.id}
        except ZoomEarthError as error:
            last = {"event": "failed", "id": job.id, **error.to_dict()}
        except (Exception, SystemExit) as error:
            print(hidden(traceback.format_exc()), file=sys.stderr)
            said = {
                "code": "internal",
                "message": hidden(f"{type(error).__name__}: {error}"),
                "hint": "The log has the details: please report it.",
            }
            last = {"event": "failed", "id": job.id, **said}
        self.story.flush()
        self.jobs.over()
        self.outbox.send(**last)

    def _result(self, job: Job) -> dict[str, Any]:
        if isinstance(job, Ask):
            return self._ask(job)
        if isinstance(job, Describe):
            return self._open(job).describe()
        self.refused = None
        try:
            return self._load(job)
        except (Exception, SystemExit) as error:
            self.refused = None if isinstance(error, Cancelled) else error
            raise

    def _load(self, job: Load) -> dict[str, Any]:
        key = (replace(job, id=0), _files(job))
        if self.engine is None or key != self.loaded or job.engine == "scripted":  # a script begins anew
            if self.engine:
                self.engine.close()  # before the next one: both may not fit in memory
            self.engine = None
            self.story.progress("loading", 0, 0)
            self.engine, self.loaded = _engine(job), key
        if self.jobs.called_off():
            raise Cancelled
        profile = self.engine.profile
        about = {"engine": job.engine, "model": profile.name, "dialect": profile.dialect.name, "prompt_hash": profile.prompt_hash}
        return {**about, "policy": asdict(profile.policy), "device": self.engine.device}

    def _ask(self, job: Ask) -> dict[str, Any]:
        from ..answer import Question, answer, report
        from ..scene.region import of_outline, of_pixels

        if self.refused:
            raise self.refused.with_traceback(None)
        scene = self._open(job)
        if self.engine is None:
            self._load(_default_load(job.id))
        engine = cast("Engine", self.engine)
        overrides = (job.policy or {}) | ({} if job.max_zooms is None else {"max_zooms": job.max_zooms})
        try:
            policy = replace(engine.profile.policy, **overrides)
        except ValueError as error:
            raise BackendError(f"The policy of ask can't be used: {error}.") from error
        region = of_pixels(scene, Box(*job.region)) if job.region else of_outline(scene, job.outline) if job.outline else None
        answered = answer(engine, Question(scene, job.question, region, policy), self._tell, self.jobs.called_off)
        if answered.outcome.stopped is Stopped.CANCELLED:
            raise Cancelled
        return report(answered, engine.profile.name)

    def _open(self, job: Ask | Describe) -> Scene:
        """The scene, open already where the last job was about it and its files, a VRT's sources among them, are the same."""
        from ..scene.scene import Scene

        key = (job.scene, str(job.bands), str(job.stretch), job.force_remote_scan)
        if self.scene is None or (*key, _states(self.scene.files)) != self.scene_key:
            if self.scene:
                self.scene.close()
            self.scene = None
            self.scene = Scene.open(
                job.scene,
                bands=job.bands,
                stretch=[(low, high) for low, high in job.stretch] if job.stretch else None,
                force_remote_scan=job.force_remote_scan,
                on_progress=lambda stage, done, total: self.story.progress(stage, done, total),
                cancelled=self.jobs.called_off,
            )
            self.scene_key = (*key, _states(self.scene.files))
        return self.scene

    def _tell(self, event: Event) -> None:
        from ..answer import Saw, Tried

        if isinstance(event, Saw):
            self.story.saw(event, cast("Scene", self.scene))
        elif isinstance(event, Tried):
            self.story.progress("trying again", event.number, event.tries)
        else:
            self.story.text(event.delta)


def _states(files: Iterable[str]) -> list[str | None]:
    """What changes with a file, or with the archive around it; None for one that is not on this disk, or can't be looked at."""
    from ..scene.scan import fingerprint

    states: list[str | None] = []
    for file in files:
        try:
            states.append(fingerprint([file], ""))
        except OSError:
            states.append(None)
    return states


def _files(job: Load) -> list[str | None]:
    """What changes with the files a load reads: a folder may hold another model by now, a prompt file another prompt."""
    from ..models import store as models

    asked_as = Settings(job.model, job.url if job.engine == "remote" else "").asked_as
    files = [str(Path(job.prompt_file).expanduser())] if job.prompt_file else []
    with contextlib.suppress(ModelError, OSError):  # it need not be here where a server runs it; else _engine says what is wrong
        files += sorted(map(str, models.find(asked_as).iterdir()))
    return _states(files)


def _engine(job: Load) -> Engine:
    from ..engines.open import open_engine
    from ..models import store as models

    if job.engine == "scripted":
        from ..engines.scripted import ScriptedEngine

        if not job.replies:
            raise BackendError("A scripted engine needs replies.", "replies is a list of strings, one at least.")
        spoken = Profile.from_dict({"name": "scripted", "dialect": "zoomearth"})
        return ScriptedEngine(models.profile_for(job.model) if job.model else spoken, job.replies, job.pace)
    if job.engine == "remote" and not job.url:
        raise BackendError("A remote engine needs its server's url.", "It looks like http://localhost:8000/v1.")
    url = job.url if job.engine == "remote" else ""
    try:
        settings = Settings(job.model, url, job.remote_model, job.device, job.dtype, job.quantize, job.prompt_file)
    except ValueError as error:
        raise BackendError(f"load can't be used: {error}.") from error
    return open_engine(settings, job.key)


def _default_load(number: Id) -> Load:
    """What an ask without a load means: the environment's settings, else the demo model here."""
    try:
        settings = Settings.of_environment()
    except ValueError as error:
        raise BackendError(f"In the environment, {error}.") from error
    return Load(
        id=number,
        engine="remote" if settings.remote else "local",
        model=settings.model,
        device=settings.device,
        dtype=settings.dtype,
        quantize=settings.quantize,
        prompt_file=settings.prompt_file,
        url=settings.remote,
        remote_model=settings.remote_model,
    )
