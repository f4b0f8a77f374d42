"""Thread-safe job queue with cancellation: the reading thread produces, the main thread consumes."""

from __future__ import annotations

import os
import queue
import threading
from typing import Any

from ...core.errors import BackendError
from ...core.events import Cancelled, Failed
from ...core.protocol import id_of, read_request
from ...core.requests import Cancel, Id, Job, Load, Stop
from .events import Outbox

GRACE = 5.0  # seconds that work under way has to end after `stop`


class Jobs:
    """Jobs in the order of their arrival, and which of them have been cancelled."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._queue: queue.SimpleQueue[Job | BackendError | None] = queue.SimpleQueue()  # an error: that of a refused load
        self._lock = threading.Lock()
        self._used: set[Id] = set()
        self._waiting: set[Id] = set()
        self._running: Id | None = None
        self._called_off = False  # the running one
        self._stopping = False

    def take(self, data: dict[str, Any]) -> None:
        """Takes a request, on the reading thread. One that can't be read is answered at once; nothing here raises."""
        try:
            request = read_request(data)
        except BackendError as error:
            id = id_of(data) if data.get("op") != "cancel" else None
            return self._refuse(None if id in self._used else id, error, data.get("op") == "load")
        if isinstance(request, Stop):
            self._stop()
        elif isinstance(request, Cancel):
            self._cancel(request.id)
        elif request.id in self._used:
            twice = BackendError(f"The id {request.id!r} was used before.", "Each id is used once.")
            self._refuse(None, twice, isinstance(request, Load))
        else:
            self._used.add(request.id)
            with self._lock:
                self._waiting.add(request.id)
            self._queue.put(request)
            if self._stopping:
                self._cancel(request.id)

    def next(self) -> Job | BackendError | None:
        """The next job that has not been cancelled, or the error of a load that was refused; None when the process is to end."""
        while (job := self._queue.get()) is not None:
            if isinstance(job, BackendError):
                return job
            with self._lock:
                if job.id in self._waiting:
                    self._waiting.discard(job.id)
                    self._running, self._called_off = job.id, False
                    return job
        return None

    def called_off(self) -> bool:
        """Whether the running job is to end."""
        return self._called_off

    def over(self) -> None:
        with self._lock:
            self._running = None

    def _refuse(self, id: Id | None, error: BackendError, load: bool) -> None:
        if id is not None:
            self._used.add(id)
        self._outbox.send(Failed.of(error, id))
        if load:
            self._queue.put(error)

    def _cancel(self, id: Id) -> None:
        with self._lock:
            waited = id in self._waiting
            self._waiting.discard(id)
            self._called_off = self._called_off or id == self._running
        if waited:
            self._outbox.send(Cancelled(id))

    def _stop(self) -> None:
        self._stopping = True
        for id in list(self._waiting):
            self._cancel(id)
        self._called_off = True
        self._queue.put(None)
        killer = threading.Timer(GRACE, os._exit, (0,))
        killer.daemon = True
        killer.start()
