"""Asks an OpenAI-compatible server (vLLM, SGLang, llama.cpp, Ollama, LM Studio, `transformers serve`): the weights run there, the raster
stays here, and only views travel.

Every reply is streamed, so that closing the connection stops the server: when the reply is complete, and when a person cancels. All waiting
is asynchronous and looked after every `TICK`: a cancellation does not wait for a byte.
"""

from __future__ import annotations

import asyncio
import email.utils
import random
import re
import ssl
import time
from typing import Any, Awaitable, Callable, Sequence, TypeVar

import certifi
import httpx

from ...core.config import KEY_VARIABLE
from ...core.dialect import Talk
from ...core.errors import Cancelled, EngineError
from ...core.profile import Profile
from . import OnText, Reply, never, silent
from .chat import Form, Reading, error_text

T = TypeVar("T")
JITTER = random.SystemRandom()  # so that many who were refused together do not come back together
TICK = 0.05  # seconds between two looks at `cancelled`
PARALLEL = 32  # requests at a time: the server batches
PATIENCE = 60.0  # seconds: a server that asks to be left alone for longer gets no other try
NOT_API = "Give the address of the server's API: it often ends in /v1."
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class _Again(Exception):
    """Worth another try. wait: seconds the server asked for."""

    def __init__(self, why: str, hint: str = "", wait: float | None = None) -> None:
        super().__init__(why)
        self.why, self.hint, self.wait = why, hint, wait


class RemoteEngine:
    """url: with or without /v1, or a whole .../chat/completions. model: its name on the server; "" takes the only one there is.

    key: sent as a bearer token, never shown. timeout: seconds to connect. stall: seconds without a byte before a reply counts as lost.
    retries: tries after the first, for what may pass: refused and dropped connections, stalls, 408, 429 and 5xx.
    """

    def __init__(
        self,
        url: str,
        model: str = "",
        *,
        profile: Profile,
        key: str | None = None,
        timeout: float = 10.0,
        stall: float = 300.0,
        retries: int = 4,
        backoff: float = 0.5,
    ) -> None:
        self.profile = profile
        self.model = model
        self.url, login = _address(url)
        self._form = Form()
        self._key = (key or "").strip()
        self._patience = {"stall": stall, "connect": timeout}
        self._retries, self._backoff = retries, backoff
        if not self._key.isascii():
            raise EngineError("The server's key holds letters that no key has.", f"Copy it again, into {KEY_VARIABLE}.")
        secure = self.url.startswith("https:")
        self._options: dict[str, Any] = {
            "headers": {"Authorization": f"Bearer {self._key}"} if self._key else {},
            "auth": login,
            "timeout": httpx.Timeout(None, connect=timeout),
            "limits": httpx.Limits(max_connections=None),
            "verify": _trusted() if secure else False,
            "trust_env": httpx.URL(self.url).host not in LOOPBACK,  # a proxy set for the internet can't reach this machine's own server
        }

    @property
    def tolerated(self) -> list[str]:
        """What was put up with, or said in another way, so far: plain sentences, each once."""
        return list(self._form.tolerated)

    @property
    def device(self) -> str:
        """The server's address: the model runs there."""
        return self.url

    def reply(
        self,
        talks: Sequence[Talk],
        *,
        limit: int = 512,
        on_text: OnText = silent,
        cancelled: Callable[[], bool] = never,
        together: int | None = None,
    ) -> list[Reply]:
        """All talks at once. Raises EngineError; may be called from several threads."""
        return asyncio.run(self._all(talks, limit, on_text, cancelled, together or PARALLEL))

    def close(self) -> None:
        """Nothing is kept open between replies."""

    async def _all(self, talks: Sequence[Talk], limit: int, on_text: OnText, cancelled: Callable[[], bool], together: int) -> list[Reply]:
        gate = asyncio.Semaphore(together)
        async with httpx.AsyncClient(**self._options) as client:

            async def one(index: int, talk: Talk) -> Reply:
                async with gate:
                    told = _Teller(lambda delta: on_text(index, delta))
                    return await self._one(client, talk, limit, told, cancelled)

            tasks = [asyncio.ensure_future(one(index, talk)) for index, talk in enumerate(talks)]
            try:
                return list(await asyncio.gather(*tasks))
            finally:
                for task in tasks:  # one that failed ends the others
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, client: httpx.AsyncClient, talk: Talk, limit: int, tell: _Teller, cancelled: Callable[[], bool]) -> Reply:
        """Tries until there is a reply; a stream that was lost is begun anew (the talk is the same, so mostly the text is too)."""
        tried = 0
        reading = Reading(talk, self._form, tell)
        try:
            while True:
                reading = Reading(talk, self._form, tell)
                try:
                    if await self._read(client, reading, limit, cancelled):
                        return reading.reply()
                except _Again as again:
                    tried += 1
                    if tried > self._retries or (again.wait or 0) > PATIENCE:
                        often = f" ({tried} tries)" if tried > 1 else ""
                        raise self._error(f"{self.url}: {again.why}{often}.", again.hint) from again
                    wait = again.wait if again.wait is not None else min(30.0, self._backoff * 2 ** (tried - 1)) * JITTER.uniform(0.5, 1.5)
                    await _watched(asyncio.sleep(wait), cancelled)
        except Cancelled:
            return reading.reply(cancelled=True)

    async def _read(self, client: httpx.AsyncClient, reading: Reading, limit: int, cancelled: Callable[[], bool]) -> bool:
        """One request, read to its end. False: the server wants it put in another form, in which it may be asked at once."""
        stall = self._patience["stall"]
        self.model = self.model or (await self._models(client, cancelled) or [""])[0]
        body = self._form.request(self.model, reading.talk, limit)
        request = client.build_request("POST", self.url + "/chat/completions", json=body)
        response = await self._over_network(client.send(request, stream=True), cancelled, stall)
        try:
            kind = response.headers.get("content-type", "")
            if response.status_code != 200:
                said = self._hidden(error_text(await self._over_network(response.aread(), cancelled, stall)))
                if response.status_code not in (401, 403, 404, 408, 429) and self._form.adapt(response.status_code, said, body):
                    return False
                raise await self._refusal(client, response, said, cancelled)
            self._form.accepted()
            if "html" in kind:
                raise self._error(f"{self.url} answers with a web page.", NOT_API)
            if "json" in kind:
                reading.whole(await self._over_network(response.aread(), cancelled, stall))
            chunks = response.aiter_bytes()
            while not (reading.closed or reading.failed or reading.broken or reading.ended):
                reading.feed(await self._over_network(_next(chunks), cancelled, stall))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise self._error(f"{self.url} does not speak the chat completions protocol: {error!r}.", NOT_API) from error
        finally:
            await response.aclose()
        self._check(reading, response)
        return True

    def _check(self, reading: Reading, response: httpx.Response) -> None:
        """Raises _Again where the stream broke off, EngineError where the server gave up for good."""
        if reading.failed and not reading.closed:
            said = self._hidden(str(reading.failed.get("message") or reading.failed))
            code = str(reading.failed.get("code"))
            if code.isdigit() and 400 <= int(code) < 500 and code not in ("408", "429"):
                raise self._error(f"{self.url} gave up amid a reply: {said}.")
            raise _Again(f"the server failed amid a reply: {said}", "See the server's own log.")
        if reading.broken:
            raise _Again("the reply came damaged, or broke off")
        if reading.closed or reading.finish:
            return
        framed = "transfer-encoding" in response.headers or "content-length" in response.headers
        if not framed or not reading.text:
            raise _Again("the reply broke off")
        self._form.tolerate("The server ends replies without saying that they are over.")

    async def _over_network(self, work: Awaitable[T], cancelled: Callable[[], bool], limit: float) -> T:
        """The faults of a connection, told apart once."""
        try:
            return await _watched(work, cancelled, limit)
        except asyncio.TimeoutError:
            raise _Again(f"no byte came for {limit:g} s", "The server may be overloaded, or still loading the model.") from None
        except httpx.ConnectTimeout as error:
            raise _Again(f"no connection within {self._patience['connect']:g} s", "Check the address, firewall and proxy.") from error
        except httpx.ConnectError as error:
            if "CERTIFICATE" in str(error).upper():
                hint = "Have its certificate trusted on this machine (SSL_CERT_FILE names a file of such certificates)."
                raise self._error(f"{self.url} shows a certificate that is not trusted here.", hint) from error
            raise _Again("no connection", "Is the server running, and is the address right?") from error
        except httpx.RequestError as error:
            raise _Again("the connection was lost" if isinstance(error, httpx.NetworkError) else "the reply broke off") from error

    async def _refusal(self, client: httpx.AsyncClient, response: httpx.Response, said: str, cancelled: Callable[[], bool]) -> Exception:
        """What to raise for a status that is not 200."""
        status = response.status_code
        words = f" {said.rstrip('.')}" if said else ""
        if status in (401, 403):
            hint = f"Put the right key into {KEY_VARIABLE}." if self._key else f"Put its key into {KEY_VARIABLE}."
            return self._error(f"{self.url} {'refuses the key' if self._key else 'asks for a key'} (HTTP {status}).", hint)
        if status in (408, 429) or status >= 500:
            hint = "The server is busy, or its limit is reached: try later." if status == 429 else "See the server's own log."
            return _Again(f"HTTP {status}{words}", hint, _seconds(response.headers.get("retry-after")))
        if 300 <= status < 400:
            return self._error(f"{self.url} has moved (HTTP {status}).", f"Give its new address: {response.headers.get('location', '?')}")
        there = await self._models(client, cancelled) if status in (400, 404) else None
        if status == 404 and there is None:
            return self._error(f"{self.url} has no chat completions (HTTP 404).", NOT_API)
        hint = f"Models there: {', '.join(there[:20])}." if there else "Check the model's name there."
        if status == 404 or (there and self.model not in there):
            return self._error(f"{self.url} knows no model {self.model!r} (HTTP {status}{words and ':'}{words}).", hint)
        if status == 413:
            hint = "Show smaller views, or raise the server's limit."
        return self._error(f"{self.url} refuses the request (HTTP {status}):{words or ' no reason given'}.", hint)

    async def _models(self, client: httpx.AsyncClient, cancelled: Callable[[], bool]) -> list[str] | None:
        """The server's model names; None where it lists none."""
        try:
            response = await self._over_network(client.get(self.url + "/models"), cancelled, self._patience["connect"])
            return [str(entry["id"]) for entry in response.json()["data"]] if response.status_code == 200 else None
        except (_Again, httpx.HTTPError, ValueError, KeyError, TypeError):
            return None

    def _error(self, message: str, hint: str = "") -> EngineError:
        return EngineError(self._hidden(message), self._hidden(hint))

    def _hidden(self, text: str) -> str:
        """A server may repeat the key in its complaint: nobody else does."""
        return text.replace(self._key, "[key]") if self._key else text


class _Teller:
    """Passes on new text only. A second try that says the same goes on where the first broke off; one that differs begins a new line."""

    def __init__(self, on_delta: Callable[[str], None]) -> None:
        self.on_delta = on_delta
        self.told = ""

    def __call__(self, text: str) -> None:
        if self.told.startswith(text):
            return
        delta = text[len(self.told) :] if text.startswith(self.told) else "\n" + text
        self.told = text
        self.on_delta(delta)


async def _watched(work: Awaitable[T], cancelled: Callable[[], bool], limit: float = float("inf")) -> T:
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


async def _next(chunks: Any) -> bytes | None:
    """None at the end."""
    async for chunk in chunks:
        return chunk
    return None


def _trusted() -> ssl.SSLContext:
    """The system's certificates, a company's own among them, and those that come with httpx."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _address(url: str) -> tuple[str, tuple[str, str] | None]:
    """The API's address without /chat/completions, and a login where the URL holds one. Raises EngineError."""
    try:
        parsed = httpx.URL(url.strip())
    except (httpx.InvalidURL, TypeError) as error:
        raise EngineError(f"{url!r} is no address: {error}.", "It looks like http://localhost:8000/v1.") from error
    if parsed.scheme not in ("http", "https") or not parsed.host or " " in url.strip() or (parsed.port or 0) > 65535:
        raise EngineError(f"{url!r} is no address of a server.", "It begins with http:// or https://, as http://localhost:8000/v1.")
    login = (parsed.username, parsed.password) if parsed.username or parsed.password else None
    path = parsed.path.rstrip("/")
    whole = path.endswith("/chat/completions")
    path = path[: -len("/chat/completions")] if whole else path
    if not whole and not re.search(r"/v\d+\w*(/|$)", path):
        path += "/v1"
    return str(parsed.copy_with(path=path, username=None, password=None, query=None, fragment=None)), login


def _seconds(after: str | None) -> float | None:
    """A Retry-After header: seconds, or a date."""
    if not after:
        return None
    if after.strip().isdigit():
        return float(after)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(after).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
