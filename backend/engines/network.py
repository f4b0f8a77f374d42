"""A server over a network: waiting that a cancellation ends, and the faults of a connection, told apart once."""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import queue
import socket
import ssl
import threading
import time
import weakref
from typing import Any, Awaitable, Callable, Coroutine, Iterator, TypeVar

import certifi
import httpx

from ...core.errors import Cancelled, EngineError

T = TypeVar("T")
Post = Callable[[Callable[[], None]], None]
TICK = 0.05  # seconds between two looks at `cancelled`


class Again(Exception):
    """Worth another try. wait: seconds the server asked for; status: of its answer, where it gave one."""

    def __init__(self, why: str, hint: str = "", wait: float | None = None, status: int | None = None) -> None:
        super().__init__(why)
        self.why, self.hint, self.wait, self.status = why, hint, wait, status


class Unavailable(EngineError):
    """The server gives no reply now; it may later, and another server may at once. wait, status: see `Again`."""

    def __init__(self, message: str, hint: str = "", wait: float | None = None, status: int | None = None) -> None:
        super().__init__(message, hint)
        self.wait, self.status = wait, status


class Background:
    """An event loop on a thread of its own: what is opened in one `run` is there for the next, from any thread.

    opened: what is closed at the end, which is `close`, or the moment when nobody holds this any more.
    """

    def __init__(self) -> None:
        self.opened = contextlib.AsyncExitStack()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=_serve, args=(self._loop, self.opened), name="network", daemon=True)
        self._stop = weakref.finalize(self, self._loop.call_soon_threadsafe, self._loop.stop)
        self._thread.start()

    def run(self, work: Callable[[Post], Coroutine[Any, Any, T]]) -> T:
        """The result of what `work` returns. It is given `post`, which has a function called on the caller's thread, in order and before
        this returns."""
        calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        future = asyncio.run_coroutine_threadsafe(work(calls.put), self._loop)
        future.add_done_callback(lambda _: calls.put(None))
        try:
            while True:
                try:
                    call = calls.get(timeout=TICK)  # on Windows, Ctrl-C does not end a wait
                except queue.Empty:
                    continue
                if call is None:
                    return future.result()
                call()
        finally:
            future.cancel()  # where a call raised an error, or Ctrl-C was pressed

    def close(self) -> None:
        """Cancels what is running, and waits until all is closed."""
        self._stop()
        self._thread.join()


def _serve(loop: asyncio.AbstractEventLoop, opened: contextlib.AsyncExitStack) -> None:
    loop.run_forever()
    loop.run_until_complete(_end(opened))
    loop.close()


async def _end(opened: contextlib.AsyncExitStack) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await opened.aclose()
    await asyncio.get_running_loop().shutdown_default_executor()


async def over_network(work: Awaitable[T], host: str, connect: float, stall: float, cancelled: Callable[[], bool]) -> T:
    """Awaits `work` of httpx. connect: seconds it takes to connect at the most; stall: seconds for all of it.

    Raises Again for what may pass, EngineError for what stays (Unavailable where there is no such host), Cancelled.
    """
    try:
        return await watched(work, cancelled, stall)
    except asyncio.TimeoutError:
        raise Again(f"no byte came for {stall:g} s", "The server may be overloaded, or still loading the model.") from None
    except httpx.ConnectTimeout as error:
        raise Again(f"no connection within {connect:g} s", "Check the address, firewall and proxy.") from error
    except httpx.ConnectError as error:
        if any(isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN for cause in _causes(error)):
            hint = "Check the address, and whether this machine is online (and its proxy, where it has one)."
            raise Unavailable(f"{host}: no such host.", hint) from error
        if "CERTIFICATE" in str(error).upper():
            hint = "Have its certificate trusted on this machine (SSL_CERT_FILE names a file of such certificates)."
            raise EngineError(f"{host} shows a certificate that is not trusted here.", hint) from error
        raise Again("no connection", "Is the server running, and is the address right?") from error
    except httpx.RequestError as error:
        raise Again("the connection was lost" if isinstance(error, httpx.NetworkError) else "the reply broke off") from error


async def watched(work: Awaitable[T], cancelled: Callable[[], bool], limit: float = float("inf")) -> T:
    """Awaits `work`, up to `limit` seconds; a cancellation ends it within a TICK. Raises Cancelled, asyncio.TimeoutError."""
    task = asyncio.ensure_future(work)
    until = time.monotonic() + limit
    try:
        while True:
            if cancelled():
                raise Cancelled
            await asyncio.wait({task}, timeout=TICK)
            if task.done():
                return task.result()
            if time.monotonic() > until:
                raise asyncio.TimeoutError
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def next_chunk(chunks: Any) -> bytes | None:
    """None at the end."""
    async for chunk in chunks:
        received: bytes | None = chunk
        return received
    return None


def trusted() -> ssl.SSLContext:
    """The system's certificates, a company's own among them, and those that come with httpx."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__


def seconds(after: str | None) -> float | None:
    """A Retry-After header: seconds, or a date."""
    if not after:
        return None
    if after.strip().isdecimal():
        return float(after)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(after).timestamp() - time.time())
    except (OverflowError, TypeError, ValueError):
        return None
