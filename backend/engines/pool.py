"""Several servers that host one model: each request goes to the least busy of those that reply.

A server that can't be reached is left out, and tried again after a while; one that asks to be left alone (429, Retry-After) is. Nothing of
this costs an answer while one server replies.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...core.errors import EngineError
from ...core.profile import Profile
from ...core.talk import Talk
from . import OnRead, OnText, OnTry, Reply, never, patient, silent, unseen
from .network import Unavailable
from .remote import PARALLEL, RemoteEngine

LOG = logging.getLogger(__name__)
TRIES = 5  # of one request, whatever servers are asked; those that were busy do not count
REST = 1.0  # seconds that a server is left out at first; doubled while it does not reply
LONGEST_REST = 60.0
WAIT = 0.2  # seconds between two looks at `cancelled`, and at servers that have rested
GIVE_UP = 120.0  # seconds without any server before questions fail at once
BUSY = (429,)
UP = (408, 429, 500, 501, 505)  # statuses of a server that is there, whatever becomes of one request


@dataclass
class Member:
    """A server. under_way: requests now; rests_until: on the monotonic clock; down_since: when it ceased to reply; None: it replies."""

    engine: RemoteEngine
    under_way: int = 0
    asked: int = 0
    rests_until: float = 0.0
    failures: int = 0
    down_since: float | None = None


class Pool:
    """engines: of one profile, each of which tries once. cap: requests that one server is sent at a time."""

    def __init__(self, engines: Sequence[RemoteEngine], profile: Profile, cap: int = PARALLEL) -> None:
        self.cap = cap
        self._members = [Member(engine) for engine in engines]
        self._changed = threading.Condition()
        self.profile = profile

    @property
    def device(self) -> str:
        """The servers' addresses."""
        return ", ".join(member.engine.device for member in self._members)

    @property
    def tolerated(self) -> list[str]:
        """See RemoteEngine."""
        return list(dict.fromkeys(sentence for member in self._members for sentence in member.engine.tolerated))

    def reply(
        self,
        talks: Sequence[Talk],
        *,
        limit: int = 512,
        on_text: OnText = silent,
        on_try: OnTry = patient,
        on_read: OnRead = unseen,
        cancelled: Callable[[], bool] = never,
        together: int | None = None,
    ) -> list[Reply]:
        """One talk after another: many are asked at a time by calls on several threads. Raises EngineError."""
        return [self._one(index, talk, limit, on_text, on_try, cancelled) for index, talk in enumerate(talks)]

    def close(self) -> None:
        for member in self._members:
            member.engine.close()

    def _one(self, index: int, talk: Talk, limit: int, on_text: OnText, on_try: OnTry, cancelled: Callable[[], bool]) -> Reply:
        tried, last = 0, None
        while True:
            member = self._taken(last, cancelled)
            if member is None:
                return Reply("", cancelled=True)
            try:
                replies = member.engine.reply([talk], limit=limit, on_text=lambda _, text: on_text(index, text), cancelled=cancelled)
            except Unavailable as error:
                self._missed(member, error)
                tried += error.status not in BUSY
                if tried >= TRIES:
                    raise
                on_try(min(tried + 1, TRIES), TRIES, error.message)
                last = member
                if error.status in UP and error.status not in BUSY:  # the server is there, and failed at this request
                    self._pause(REST / 4 * 2**tried, cancelled)
            except BaseException:
                self._left(member)
                raise
            else:
                self._replied(member)
                return replies[0]

    def _pause(self, seconds: float, cancelled: Callable[[], bool]) -> None:
        until = time.monotonic() + seconds
        while not cancelled() and (left := until - time.monotonic()) > 0:
            time.sleep(min(WAIT, left))

    def _taken(self, last: Member | None, cancelled: Callable[[], bool]) -> Member | None:
        """The least busy server that may be asked, rather not the last one; waits for it. None: cancelled. Raises EngineError."""
        with self._changed:
            while not cancelled():
                now = time.monotonic()
                free = [member for member in self._members if member.rests_until <= now and member.under_way < self._room(member)]
                if free:
                    member = min(free, key=lambda each: (each is last, each.under_way, each.asked))
                    member.under_way += 1
                    member.asked += 1
                    return member
                down = [member.down_since for member in self._members]
                if None not in down and now - max(filter(None, down)) > GIVE_UP and not any(member.under_way for member in self._members):
                    raise EngineError(
                        f"None of the {len(down)} servers replies for {GIVE_UP:g} s: {self.device}.",
                        "Start them again; the same command continues from here.",
                    )
                self._changed.wait(WAIT)
        return None

    def _room(self, member: Member) -> int:
        """Requests it may have at a time: one that did not reply is tried with one request first."""
        return self.cap if member.down_since is None else 1

    def _missed(self, member: Member, error: Unavailable) -> None:
        with self._changed:
            member.under_way -= 1
            now = time.monotonic()
            member.failures += now >= member.rests_until  # many requests that were refused together are one refusal
            rest = error.wait if error.wait is not None else min(LONGEST_REST, REST * 2 ** min(max(member.failures - 1, 0), 10))
            if error.status not in UP and member.down_since is None:
                LOG.warning("%s is left out for now: %s", member.engine.device, error.message)
                member.down_since = now
            if error.status in BUSY or error.status not in UP:
                member.rests_until = max(member.rests_until, now + rest)
            self._changed.notify_all()

    def _replied(self, member: Member) -> None:
        with self._changed:
            if member.down_since is not None:
                LOG.warning("%s replies again", member.engine.device)
                member.rests_until = 0.0
            member.failures, member.down_since = 0, None
        self._left(member)

    def _left(self, member: Member) -> None:
        with self._changed:
            member.under_way -= 1
            self._changed.notify_all()
