"""Rows asked on a Ray cluster: workers read the rasters; the model is on servers, or each worker has one of its own.

The driver alone writes results, so that nothing is written twice, and hands out rows only as fast as they end, so that memory stays flat.
Nothing of a run is stored in Ray: whatever dies, rows without a result are asked again.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.errors import BackendError, ZoomEarthError, as_ours
from ..core.profile import Profile
from ..core.requests import AT_ONCE, Ask, RunSurvey
from ..core.settings import Settings
from .batch import asked, line, question_of, run
from .engines import Engine, never
from .engines.open import open_engine
from .handout import LIVES, Work
from .records import revision_of
from .rows import Wanted
from .scene.signing import signer
from .surveyed import surveyed

OPENINGS = 3  # of every worker in a row that may fail
TICK = 0.5  # seconds between two looks at `cancelled`
LATE = 30.0  # seconds without a worker before that is said
STORE = 128 << 20  # bytes of Ray's object store on this machine: results are small
Open = Callable[[Settings, "str | None", "int | None"], Engine]


def model_of(settings: Settings, key: str | None, cap: int | None) -> Engine:
    return open_engine(settings, key, cap=cap)


@dataclass(frozen=True)
class Opening:
    """What a worker needs. cap: requests at a time to each server; at_once: questions at a time; sign: see `signing.signer`."""

    settings: Settings
    key: str | None
    cap: int
    at_once: int
    sign: str = ""
    open: Open = model_of


class Worker:
    """Runs as an actor. What goes wrong in it is returned, because an exception of ours may not survive the way."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._engine: Engine | None = None

    def open(self, profile: Profile | None = None) -> tuple[Profile, str | None] | dict[str, Any]:
        """Opens the model, and has it asked in the way of `profile`, if given. Returns its profile and the revision of its weights, or the
        error."""
        try:
            settings = self._opening.settings
            if self._engine is None:
                self._engine = self._opening.open(settings, self._opening.key, self._opening.cap)
                signer(self._opening.sign)
            self._engine.profile = profile or self._engine.profile
            return self._engine.profile, revision_of(settings)
        except Exception as error:
            return as_ours(error).to_dict()

    def ask(self, rows: list[Wanted]) -> list[dict[str, Any]]:
        """The lines of the rows, as they end; the files of those that are surveyed have absolute paths."""
        engine, opening = self._engine, self._opening
        if engine is None:
            raise RuntimeError("a worker opens its engine before it asks")
        concurrent = bool(opening.settings.remote)  # then this is called on several threads
        sign, questions = signer(opening.sign), [row for row in rows if isinstance(row, Ask)]
        surveys = [row for row in rows if isinstance(row, RunSurvey)]
        finished = run(engine, questions, question_of, 1 if concurrent else opening.at_once, concurrent, sign=sign)
        lines = [line(asked(each.row), each.answered, each.error, engine.profile.name) for each in finished]
        return [*lines, *surveyed(engine, surveys, Path(), opening.settings, AT_ONCE, sign=sign)]


@dataclass
class _Actor:
    """A worker as the driver knows it. opening: the call that opens its model; calls: the rows of each call under way."""

    handle: Any
    opening: Any
    ready: bool = False
    calls: dict[Any, list[Wanted]] = field(default_factory=dict)
    alone: bool = False  # it has the one row that others have died of


class Cluster:
    """A Ray cluster with workers.

    with Cluster("ray", settings, key, at_once=32) as cluster:
        profile, revision = cluster.open()
        for line in cluster.ask(rows, profile): ...

    at: "ray" for a cluster on this machine that ends with the program; "ray://HOST:PORT" for the client port of another one; "ray://auto"
    for the cluster that this machine belongs to. at_once: questions at a time, for each server, or in each worker with a model of its own.
    Raises BackendError where Ray is missing or the cluster can't be reached.
    """

    def __init__(
        self,
        at: str,
        settings: Settings,
        key: str | None = None,
        at_once: int = AT_ONCE,
        sign: str = "",
        open: Open = model_of,
        on_note: Callable[[str], None] = lambda note: None,
    ) -> None:
        self._ray, self._ours = _connected(at)
        self._on_note = on_note
        nodes = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        cpus, gpus = (sum(int(node.get(kind, 0)) for node in nodes) for kind in ("CPU", "GPU"))
        if settings.remote:
            self.workers = max(1, min(cpus, at_once))
            cap = at_once // self.workers  # all workers together keep to the servers' cap
            self._resources: dict[str, Any] = {"num_cpus": 1, "max_concurrency": cap * len(settings.addresses) + 1}
            self._opening = Opening(settings, key, cap, cap * len(settings.addresses), sign, open)
            self._calls = self._opening.at_once
        else:
            on_gpu = gpus and settings.device in ("auto", "cuda")
            self.workers = gpus if on_gpu else max(1, len(nodes))
            cores = max(1, min(int(node.get("CPU", 1)) for node in nodes))
            own = {"num_gpus": 1, "num_cpus": 1} if on_gpu else {"num_cpus": cores}
            self._resources = {**own, "scheduling_strategy": "SPREAD"}
            self._opening = Opening(settings, key, at_once, at_once, sign, open)
            self._calls = 2  # one is asked, one waits
        self._actors: list[_Actor] = []
        self._profile: Profile | None = None
        self._lost_openings = 0

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the workers, and the cluster if it is ours."""
        for actor in self._actors:
            self._kill(actor)
        self._actors = []
        if self._ours:
            self._ray.shutdown()

    def open(self, cancelled: Callable[[], bool] = never) -> tuple[Profile, str | None] | None:
        """Starts the first worker. Returns how its model is asked, and the revision of its weights; None: cancelled. Raises ModelError,
        EngineError, BackendError."""
        first = self._start()
        since = time.monotonic()
        while not cancelled():
            if self._ray.wait([first.opening], timeout=TICK)[0]:
                try:
                    return self._opened(first)
                except self._ray.exceptions.RayError as error:
                    raise self._not_starting(error) from error
            since = self._say_late(since)
        return None

    def ask(self, rows: Sequence[Wanted], profile: Profile, cancelled: Callable[[], bool] = never) -> Iterator[dict[str, Any]]:
        """The line of each row, as it ends. profile: how the model is asked. Raises BackendError where no worker can be started."""
        self._profile = profile
        for actor in self._actors:  # the first is open, and learns how it is asked
            actor.ready, actor.opening = False, actor.handle.open.remote(profile)
        work = Work(rows, not self._opening.settings.remote, self._opening.at_once)
        since = time.monotonic()
        while not cancelled() and (work.left() or any(actor.calls for actor in self._actors)):
            while len(self._actors) < min(self.workers, len(rows)):
                self._start()
            for actor in self._actors:
                self._feed(actor, work)
            waited = [ref for actor in self._actors for ref in (*actor.calls, *([] if actor.ready else [actor.opening]))]
            for ref in self._ray.wait(waited, num_returns=1, timeout=TICK)[0] if waited else ():
                yield from self._taken(ref, work)
            since = time.monotonic() if any(actor.ready for actor in self._actors) else self._say_late(since)

    def _feed(self, actor: _Actor, work: Work) -> None:
        """Gives a worker what it can take. A row that workers have died of is given to an idle one, and nothing beside it."""
        if not actor.ready or actor.alone:
            return
        if work.suspects:
            if not actor.calls:
                rows = [work.suspects.popleft()]
                actor.calls[actor.handle.ask.remote(rows)] = rows
                actor.alone = True
            return
        while len(actor.calls) < self._calls and (shard := work.next()):
            actor.calls[actor.handle.ask.remote(shard)] = shard

    def _taken(self, ref: Any, work: Work) -> Iterator[dict[str, Any]]:
        """What comes of a call that is over."""
        actor = next((each for each in self._actors if ref in each.calls or ref == each.opening), None)
        if actor is None:  # of a worker that died meanwhile
            return
        if ref == actor.opening:
            try:
                self._opened(actor)
            except self._ray.exceptions.RayError as error:
                self._replace(actor)
                self._lost_openings += 1
                if self._lost_openings >= OPENINGS * self.workers:
                    raise self._not_starting(error) from error
            return
        rows = actor.calls.pop(ref)
        actor.alone = False
        try:
            yield from self._ray.get(ref)
        except self._ray.exceptions.RayTaskError as error:  # an error of our code
            yield from (self._failed(row, as_ours(error.cause)) for row in rows)
        except self._ray.exceptions.RayError:
            for other in list(actor.calls):
                if self._ray.wait([other], timeout=0)[0]:
                    try:
                        lines = self._ray.get(other)
                    except self._ray.exceptions.RayError:
                        continue
                    del actor.calls[other]
                    yield from lines
            lost = [*rows, *itertools.chain.from_iterable(actor.calls.values())]
            self._on_note(f"a worker has died; rows of its that had no answer yet: {len(lost)}")
            self._replace(actor)
            yield from (self._failed(row, _fatal()) for row in work.died(lost))

    def _failed(self, row: Wanted, error: ZoomEarthError) -> dict[str, Any]:
        return line(asked(row), None, error, self._profile.name if self._profile else "")

    def _start(self) -> _Actor:
        """A worker; where the cluster has no room for it, it starts later."""
        kind = self._ray.remote(**self._resources, max_restarts=0, max_task_retries=0)(Worker)
        handle = kind.remote(self._opening)
        actor = _Actor(handle, handle.open.remote(self._profile))
        self._actors.append(actor)
        return actor

    def _replace(self, actor: _Actor) -> None:
        self._actors.remove(actor)
        self._kill(actor)

    def _kill(self, actor: _Actor) -> None:
        with contextlib.suppress(Exception):  # it is dead, or the connection is
            self._ray.kill(actor.handle)

    def _opened(self, actor: _Actor) -> tuple[Profile, str | None]:
        opened = self._ray.get(actor.opening)
        if isinstance(opened, dict):
            raise ZoomEarthError.of(opened)
        actor.ready, self._lost_openings = True, 0
        return opened[0], opened[1]

    def _not_starting(self, error: Exception) -> BackendError:
        *_, reason = filter(None, (line.strip() for line in str(error).splitlines()))
        hint = "Install zoomearth[backend,ray] on its nodes, the same version as here, and look into Ray's logs."
        return BackendError(f"No worker of the cluster starts: {reason.rstrip('.')}.", hint)

    def _say_late(self, since: float) -> float:
        if time.monotonic() - since < LATE:
            return since
        self._on_note(f"no worker of the cluster has started yet: it needs {self._needs()} that nobody uses")
        return time.monotonic() + 9 * LATE

    def _needs(self) -> str:
        kinds = {"num_cpus": "processor cores", "num_gpus": "graphics cards"}
        return " and ".join(f"{self._resources[kind]} {name}" for kind, name in kinds.items() if kind in self._resources)


def _fatal() -> BackendError:
    return BackendError(
        f"The worker that asked this row died, {LIVES} times.", "Look into Ray's logs: a damaged raster, or too little memory?"
    )


def _connected(at: str) -> tuple[Any, bool]:
    """Ray, and whether the connection is ours. Raises BackendError."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent to anyone
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # Ray's next default, without the warning of this one
    try:
        import ray
    except ImportError as error:
        raise BackendError("--on ray needs the package ray.", "Install it: pip install 'zoomearth[ray]'") from error
    if ray.is_initialized():
        return ray, False
    place = at.partition("://")[2]
    try:
        if not place:
            ray.init("local", include_dashboard=False, log_to_driver=False, logging_level="error", object_store_memory=STORE)
        else:
            ray.init(address="auto" if place == "auto" else at, log_to_driver=False, logging_level="error")
    except Exception as error:  # ConnectionError, ValueError, RuntimeError, ...
        reason = " ".join(str(error).split())[:200].rstrip(".")
        hint = "Is it running, with the same versions of Python and Ray? A cluster that wants a token wants RAY_AUTH_MODE=token set here."
        raise BackendError(f"The Ray cluster at {at} can't be used: {reason}.", hint) from error
    return ray, True
