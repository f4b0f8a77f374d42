"""What the backend is to do, in order, and what has been called off: filled by the reading thread, emptied by the main one."""

from __future__ import annotations

import os
import queue
import threading
from typing import Any

from ...core.errors import BackendError
from ...core.protocol import Cancel, Id, Job, Load, Stop, id_of, read
from .events import Outbox

GRACE = 5.0  # seconds that work under way has to end after `stop`


class Jobs:
    """What is to be done, in order, and what has been called off."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._queue: queue.SimpleQueue[Job | BackendError | None] = queue.SimpleQueue()  # an error: of a load that can't be read
        self._lock = threading.Lock()
        self._used: set[Id] = set()
        self._waiting: set[Id] = set()
        self._running: Id | None = None
        self._called_off = False  # the running one
        self._stopping = False

    def take(self, data: dict[str, Any]) -> None:
        """A message has come (on the reading thread). What can't be read is answered at once; nothing here raises."""
        try:
            message = read(data)
        except BackendError as error:
            number = id_of(data) if data.get("op") != "cancel" else None
            return self._refuse(None if number in self._used else number, error, data.get("op") == "load")
        if isinstance(message, Stop):
            self._stop()
        elif isinstance(message, Cancel):
            self._cancel(message.id)
        elif message.id in self._used:
            twice = BackendError(f"The id {message.id!r} was used before.", "Each id is used once.")
            self._refuse(None, twice, isinstance(message, Load))
        else:
            self._used.add(message.id)
            with self._lock:
                self._waiting.add(message.id)
            self._queue.put(message)
            if self._stopping:
                self._cancel(message.id)

    def next(self) -> Job | BackendError | None:
        """The next job that has not been called off, or the error of a load that was refused; None where the process is to end."""
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

    def _refuse(self, number: Id | None, error: BackendError, load: bool) -> None:
        if number is not None:
            self._used.add(number)
        self._outbox.send(event="failed", id=number, **error.to_dict())
        if load:
            self._queue.put(error)

    def _cancel(self, number: Id) -> None:
        with self._lock:
            waited = number in self._waiting
            self._waiting.discard(number)
            self._called_off = self._called_off or number == self._running
        if waited:
            self._outbox.send(event="cancelled", id=number)

    def _stop(self) -> None:
        self._stopping = True
        for number in list(self._waiting):
            self._cancel(number)
        self._called_off = True
        self._queue.put(None)
        killer = threading.Timer(GRACE, os._exit, (0,))
        killer.daemon = True
        killer.start()
