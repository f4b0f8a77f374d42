"""A server over a network: waiting that a cancellation ends, and the faults of a connection, told apart once."""

from __future__ import annotations

import asyncio
import email.utils
import socket
import ssl
import time
from typing import Any, Awaitable, Callable, Iterator, TypeVar

import certifi
import httpx

from ...core.errors import Cancelled, EngineError

T = TypeVar("T")
TICK = 0.05  # seconds between two looks at `cancelled`


class Again(Exception):
    """Worth another try. wait: seconds the server asked for."""

    def __init__(self, why: str, hint: str = "", wait: float | None = None) -> None:
        super().__init__(why)
        self.why, self.hint, self.wait = why, hint, wait


async def over_network(work: Awaitable[T], host: str, connect: float, stall: float, cancelled: Callable[[], bool]) -> T:
    """Awaits `work` of httpx. connect: seconds it takes to connect at the most; stall: seconds for all of it.

    Raises Again for what may pass, EngineError for what stays, Cancelled.
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
            raise EngineError(f"{host}: no such host.", hint) from error
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
        return chunk
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
