"""What is wrong where an OpenAI-compatible server gives no reply: its statuses, and its complaints in words, as errors for a person.

A server may repeat the key, or the address with its query, in what it says: nothing here does.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin

import httpx

from ...core.address import shown
from ...core.errors import EngineError
from ...core.settings import KEY_VARIABLE
from .endpoint import CHAT, Endpoint
from .network import Again, seconds
from .openai_errors import CODES, error_text, failure_of, meaning
from .openai_reply import Reading

NOT_API = "Give the address of the server's API: it often ends in /v1."
FILTERS = re.compile(r"content.{0,20}(filter|polic)|moderation|input (was )?flagged|safety system", re.I)  # in words, where no code says it
WRONG_PATH = re.compile(r"unexpected endpoint|(unknown|invalid|no such) (request )?(url|endpoint|route|path)", re.I)  # LM Studio, with 200
PICTURE_LIMIT = re.compile(r"at most \d+ image|limit-mm-per-prompt|image count \d+ exceeds", re.I)  # of vLLM and SGLang
TOO_FEW_PICTURES = (
    "Each closer look is one more picture: start the server with --limit-mm-per-prompt '{\"image\": 8}' (vLLM) or "
    "--limit-mm-data-per-request '{\"image\": 8}' (SGLang), or answer without a closer look (--max-zooms 0)."
)


class Elsewhere(Exception):
    """There are no chat completions at this root. error: what to say where they are nowhere else either."""

    def __init__(self, error: EngineError) -> None:
        super().__init__(error.message)
        self.error = error


class ServerErrors:
    """The errors of one server. root: the address of its API that was asked."""

    def __init__(self, endpoint: Endpoint, key: str) -> None:
        self._endpoint, self._key = endpoint, key

    def check(self, reading: Reading, root: str, response: httpx.Response) -> bool:
        """False where a whole reply ended without the server saying so.

        Raises Again where the reply broke off, EngineError where the server gave up for good, or holds the reply back, and Elsewhere where
        a server says with a good status that there is nothing at this path.
        """
        if reading.talk.dialect.complete(reading.text):
            return True
        if reading.page:
            raise Elsewhere(self.error(f"{root} answers with a web page.", NOT_API))
        if reading.filtered:
            raise self._filtered(root, reading.filtered)
        if reading.failed and not reading.text and WRONG_PATH.search(reading.failed["message"]):
            raise Elsewhere(self.error(f"{root} has no chat completions ({reading.failed['message'].rstrip('.')}).", NOT_API))
        if reading.failed:
            code = str(reading.failed.get("code"))
            if re.fullmatch("4[0-9]{2}", code) and code not in ("408", "429"):
                raise self.error(f"{root} ended the reply with an error: {reading.failed['message']}.")
            raise Again(f"the server failed during the reply: {reading.failed['message']}", "See the server's own log.")
        if reading.broken:
            raise Again("the reply is damaged, or broke off")
        if reading.empty:
            hint = "Switch off tools and output formats on the server, or ask another model."
            raise self.error(f"{root} ended the reply before there was a text (finish_reason is {reading.empty!r}).", hint)
        if reading.finish or (reading.closed and reading.text):
            return True
        framed = "transfer-encoding" in response.headers or "content-length" in response.headers
        if not framed or not reading.text:
            raise Again("the reply broke off" if reading.text else "the server sent no text", "See the server's own log.")
        return False

    def refusal(self, root: str, response: httpx.Response, body: bytes) -> Exception | None:
        """What to raise for a status that is not 200; None where it depends on which models there are: see `absent`."""
        status, said, words = response.status_code, error_text(body), _words(body)
        if is_filtered(body):
            return self._filtered(root, said)
        if status in (401, 403):
            hint = f"Put the right key into {KEY_VARIABLE}." if self._key else f"Put its key into {KEY_VARIABLE}."
            return self.error(f"{root} {'refuses the key' if self._key else 'asks for a key'} (HTTP {status}{words}).", hint)
        if status in (408, 429) or status >= 500:
            hint = "The server is busy, or its limit is reached: try later." if status == 429 else "See the server's own log."
            return Again(f"HTTP {status} {said.rstrip('.')}".strip(), hint, seconds(response.headers.get("retry-after")), status)
        if 300 <= status < 400:
            location = response.headers.get("location")
            moved = f"Give its new address: {_joined(root + '/', location)}" if location else NOT_API
            return self.error(f"{root} has moved (HTTP {status}).", moved)
        if status in (400, 404, 405):
            return None
        return self._refused(root, status, words, "Show smaller views, or raise the server's limit." if status == 413 else "")

    def absent(self, root: str, status: int, body: bytes, model: str, models: list[str] | None) -> Exception:
        """What to raise where the model may be missing, or the path wrong. models: those that the server lists; None: it lists none."""
        words = _words(body)
        hint = f"Models there: {', '.join(models[:20])}." if models else "Check the model's name there."
        if status != 405 and models is not None and model not in models and (models or status == 404):
            return self.error(f"{root} knows no model {model!r} (HTTP {status}{words}).", hint)
        if status == 400:
            return self._refused(root, status, words, TOO_FEW_PICTURES if PICTURE_LIMIT.search(words) else hint)
        if models is None:
            return Elsewhere(self.error(f"{root} has no chat completions (HTTP {status}).", NOT_API))
        message = f"{root} lists the model {model!r}, but has no chat completions at this path (HTTP {status}{words})."
        return Elsewhere(self.error(message, f"Give the whole address: it ends in {CHAT}."))

    def error(self, message: str, hint: str = "") -> EngineError:
        return EngineError(self.hidden(message), self.hidden(hint))

    def hidden(self, text: str) -> str:
        """Without the key and the query."""
        return self._endpoint.hidden(text.replace(self._key, "[key]") if self._key else text)

    def _refused(self, root: str, status: int, words: str, hint: str) -> EngineError:
        return self.error(f"{root} refuses the request (HTTP {status}){words or ': no reason given'}.", hint)

    def _filtered(self, root: str, why: str) -> EngineError:
        hint = "Ask in other words, or have the server's content filter changed."
        return self.error(f"{root}: the server filtered the reply ({why.rstrip('.')}).", hint)


def is_filtered(body: bytes) -> bool:
    """Whether an error says that a content filter holds the reply back."""
    failure = failure_of(body)
    return any(meaning(failure.get(name)) == "filtered" for name in CODES) or bool(FILTERS.search(failure["message"]))


def _words(body: bytes) -> str:
    """What the server says, as the end of a sentence, or ""."""
    said = error_text(body)
    return f": {said.rstrip('.')}" if said else ""


def _joined(root: str, location: str) -> str:
    """Where a redirection leads, as it may be shown."""
    return shown(urljoin(root, location)).removesuffix(CHAT)
