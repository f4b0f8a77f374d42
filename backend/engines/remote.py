"""Asks an OpenAI-compatible server (vLLM, SGLang, llama.cpp, Ollama, LM Studio, `transformers serve`): the weights run there, the raster
stays here, and only views travel.

Every reply is streamed, so that closing the connection stops the server: when it goes on after the reply is complete, and when a person
cancels. A connection whose reply came to its end is used again. All waiting is asynchronous, on one thread for all replies, and looked
after every `network.TICK`: a cancellation does not wait for a byte.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import time
from typing import Any, Awaitable, Callable, Coroutine, Sequence, TypeVar

import httpx

from ...core.errors import Cancelled, EngineError
from ...core.profile import Profile
from ...core.settings import KEY_VARIABLE
from ...core.talk import Talk
from . import OnRead, OnText, OnTry, Reply, never, patient, silent, unseen
from .endpoint import CHAT, endpoint
from .network import Again, Background, Post, Unavailable, next_chunk, over_network, trusted, watched
from .openai_chat import Form
from .openai_errors import error_text
from .openai_reply import Reading
from .server_errors import Elsewhere, ServerErrors, is_filtered

T = TypeVar("T")
JITTER = random.SystemRandom()  # so that many who were refused together do not come back together
PARALLEL = 32  # requests at a time: the server batches
PATIENCE = 60.0  # seconds: a server that asks to be left alone for longer gets no other try
LONGEST = 32  # letters of a token, on average: a longer text shows that the server knows no limit
AFTER = 5.0  # seconds for what may come after the reason of the end: the count of tokens
LAST = 0.5  # seconds for the end of the stream after a complete reply: its connection can be used again then
IDLE = 4.0  # seconds that a connection is kept without use: uvicorn and others close it after 5
LOOPBACK = ("localhost", "127.0.0.1", "::1")
for each in ("httpx", "httpcore"):  # they log whole addresses, and a query may hold a key
    logging.getLogger(each).setLevel(logging.WARNING)


class RemoteEngine:
    """url: with or without /v1, or a whole .../chat/completions, with a query that every request is sent with.

    model: its name on the server; "" takes the only one there is. key: sent as a bearer token (to Azure as an `api-key` too). The key,
    the query and a login in the url are never shown. timeout: seconds to connect. stall: seconds without a byte before a reply counts
    as lost. retries: tries after the first, for what may pass: refused and dropped connections, stalls, 408, 429 and 5xx.
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
        self._endpoint = endpoint(url)
        self.url = self._endpoint.roots[0]  # the one that answered, later
        self._key = (key or "").strip()
        self._errors = ServerErrors(self._endpoint, self._key)
        self._form = Form(profile.repetition_penalty, native_tools=True)
        self._patience = {"stall": stall, "connect": timeout}
        self._retries, self._backoff = retries, backoff
        if not (self._key.isascii() and self._key.isprintable()):
            raise EngineError(
                "The server's key holds characters that are not allowed in a key.", f"Copy the key into {KEY_VARIABLE} again."
            )
        self._background = Background()
        self._client: httpx.AsyncClient | None = None  # opened with the first reply
        secure = self.url.startswith("https:")
        self._options: dict[str, Any] = {
            "headers": {"Content-Type": "application/json", **self._endpoint.keys(self._key)},
            "auth": self._endpoint.login,
            "timeout": httpx.Timeout(None, connect=timeout),
            "limits": httpx.Limits(max_connections=None, keepalive_expiry=IDLE),
            "verify": trusted() if secure else False,
            "trust_env": self._endpoint.host not in LOOPBACK,  # a proxy set for the internet can't reach this machine's own server
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
        on_try: OnTry = patient,
        on_read: OnRead = unseen,
        cancelled: Callable[[], bool] = never,
        together: int | None = None,
    ) -> list[Reply]:
        """All talks at once. Raises EngineError; may be called from several threads. `on_text` and `on_try` are called on the caller's
        thread, `cancelled` on another."""

        def work(post: Post) -> Coroutine[Any, Any, list[Reply]]:
            def tell(index: int, delta: str) -> None:
                post(lambda: on_text(index, delta))

            def tell_try(number: int, tries: int, why: str) -> None:
                post(lambda: on_try(number, tries, why))

            return self._all(talks, limit, tell, tell_try, cancelled, together or PARALLEL)

        return self._background.run(work)

    def close(self) -> None:
        """Ends the replies under way, and closes the connections."""
        self._background.close()

    def _opened(self) -> httpx.AsyncClient:
        """The client, whose connections serve all replies. Raises EngineError."""
        if self._client is None:
            try:
                self._client = httpx.AsyncClient(**self._options)
            except (ImportError, ValueError) as error:
                reason, hint = str(error).rstrip("."), "Mend or unset HTTP_PROXY, HTTPS_PROXY and ALL_PROXY."
                raise self._errors.error(f"The proxy that is set on this machine can't be used: {reason}.", hint) from error
            self._background.opened.push_async_callback(self._client.aclose)
        return self._client

    async def _all(
        self, talks: Sequence[Talk], limit: int, on_text: OnText, on_try: OnTry, cancelled: Callable[[], bool], together: int
    ) -> list[Reply]:
        gate, client = asyncio.Semaphore(together), self._opened()

        async def one(index: int, talk: Talk) -> Reply:
            async with gate:
                tell = _Teller(lambda delta: on_text(index, delta))
                return await self._one(client, talk, limit, tell, on_try, cancelled)

        tasks = [asyncio.ensure_future(one(index, talk)) for index, talk in enumerate(talks)]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:  # one that failed ends the others
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(
        self, client: httpx.AsyncClient, talk: Talk, limit: int, tell: _Teller, on_try: OnTry, cancelled: Callable[[], bool]
    ) -> Reply:
        """Tries until there is a reply; a stream that was lost is begun anew (the talk is the same, so mostly the text is too)."""
        tried = 0
        roots = [self.url, *(root for root in self._endpoint.roots if root != self.url)]
        wrong: EngineError | None = None  # what the first root said
        reading = Reading(talk, self._form, tell)
        try:
            while True:
                reading = Reading(talk, self._form, tell)
                try:
                    if await self._read(client, reading, roots[0], limit, cancelled):
                        return reading.reply()
                except Elsewhere as elsewhere:
                    wrong = wrong or elsewhere.error
                    if len(roots) == 1:
                        raise wrong from elsewhere
                    del roots[0]
                except Again as again:
                    tried += 1
                    if tried > self._retries or (again.wait or 0) > PATIENCE:
                        often = f" ({tried} tries)" if tried > 1 else ""
                        message = self._errors.hidden(f"{roots[0]}: {again.why}{often}.")
                        raise Unavailable(message, self._errors.hidden(again.hint), again.wait, again.status) from again
                    on_try(tried + 1, self._retries + 1, self._errors.hidden(f"{roots[0]}: {again.why}"))
                    wait = again.wait if again.wait is not None else min(30.0, self._backoff * 2 ** (tried - 1)) * JITTER.uniform(0.5, 1.5)
                    await watched(asyncio.sleep(wait), cancelled)
        except Cancelled:
            return reading.reply(cancelled=True)

    async def _read(self, client: httpx.AsyncClient, reading: Reading, root: str, limit: int, cancelled: Callable[[], bool]) -> bool:
        """One request, read to its end. False: it may be asked at once again, in another form or over another connection."""
        stall = self._patience["stall"]
        self.model = self.model or (await self._models(client, root, cancelled) or [""])[0]
        body, content = await asyncio.to_thread(self._body, reading.talk, limit)  # pictures are packed: the others' text comes meanwhile
        connected: list[str] = []

        async def trace(event: str, info: Any) -> None:
            if "connect_tcp" in event:
                connected.append(event)

        request = client.build_request("POST", self._endpoint.url(root, CHAT), content=content, extensions={"trace": trace})
        try:
            response = await self._over_network(client.send(request, stream=True), cancelled, stall)
        except Again as again:
            if connected or not isinstance(again.__cause__, httpx.RequestError):
                raise
            return False  # a connection that was kept, and that the server has closed meanwhile
        try:
            if not response.is_success:
                said = await self._over_network(response.aread(), cancelled, stall)
                if self._put_otherwise(response, said, body):
                    return False
                raise await self._refusal(client, root, response, said, cancelled)
            self._form.accepted()
            self.url = root
            chunks = response.aiter_bytes()
            while not reading.over:
                try:
                    reading.feed(await self._over_network(next_chunk(chunks), cancelled, min(stall, AFTER) if reading.finish else stall))
                except Again:
                    if not reading.finish:
                        raise
                    break  # nothing of the text is missing
                if len(reading.text) > LONGEST * limit:
                    reading.finish = "length"
                    break
            await self._read_end(reading, chunks, cancelled)
        finally:
            await response.aclose()
        if not self._errors.check(reading, root, response):
            self._form.tolerate("The server ends replies without saying that they are over.")
        return True

    def _body(self, talk: Talk, limit: int) -> tuple[dict[str, Any], bytes]:
        """A request, and its bytes."""
        body = self._form.request(self.model, talk, limit)
        return body, json.dumps(body).encode()

    async def _read_end(self, reading: Reading, chunks: Any, cancelled: Callable[[], bool]) -> None:
        """Reads what ends the stream of a whole reply, so that its connection can be used again; a server that goes on is stopped."""
        until = time.monotonic() + LAST
        with contextlib.suppress(Again, Cancelled):
            while reading.closed and not reading.ended and (left := until - time.monotonic()) > 0:
                if reading.goes_on(await self._over_network(next_chunk(chunks), cancelled, left)):
                    return

    def _put_otherwise(self, response: httpx.Response, said: bytes, body: dict[str, Any]) -> bool:
        """Whether asking in another form is worth a try."""
        status = response.status_code
        return status not in (401, 403, 404, 405, 408, 429) and not is_filtered(said) and self._form.adapt(status, error_text(said), body)

    async def _over_network(self, work: Awaitable[T], cancelled: Callable[[], bool], stall: float) -> T:
        return await over_network(work, self._endpoint.host, self._patience["connect"], stall, cancelled)

    async def _refusal(
        self, client: httpx.AsyncClient, root: str, response: httpx.Response, body: bytes, cancelled: Callable[[], bool]
    ) -> Exception:
        """What to raise for a status that is not 200."""
        known = self._errors.refusal(root, response, body)
        return known or self._errors.absent(root, response.status_code, body, self.model, await self._models(client, root, cancelled))

    def listed(self, cancelled: Callable[[], bool] = never) -> list[dict[str, Any]]:
        """What the server says of its models, each with its `id`; nothing where it lists none. Raises Cancelled, and EngineError for a host
        that can't be asked at all."""

        async def ask() -> list[dict[str, Any]]:
            for root in self._endpoint.roots:
                if entries := await self._entries(self._opened(), root, cancelled):
                    return entries
            return []

        return self._background.run(lambda post: ask())

    async def _models(self, client: httpx.AsyncClient, root: str, cancelled: Callable[[], bool]) -> list[str] | None:
        """The server's model names; None where it lists none."""
        entries = await self._entries(client, root, cancelled)
        return None if entries is None else [str(entry["id"]) for entry in entries]

    async def _entries(self, client: httpx.AsyncClient, root: str, cancelled: Callable[[], bool]) -> list[dict[str, Any]] | None:
        """The server's list of models; None where it has none."""
        try:
            asked = client.get(self._endpoint.url(root, "/models"))
            response = await self._over_network(asked, cancelled, self._patience["connect"])
            if response.status_code != 200:
                return None
            listed = json.loads(response.content.decode("utf-8-sig"))
            entries = list(listed["data"] if isinstance(listed, dict) else listed)
            return entries if all(isinstance(entry, dict) and "id" in entry for entry in entries) else None
        except (Again, httpx.HTTPError, ValueError, KeyError, TypeError, RecursionError):
            return None


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
