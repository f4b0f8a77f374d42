"""The address of a server's API, as people write it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx

from ...core.address import hidden, shown
from ...core.errors import EngineError

CHAT = "/chat/completions"
METHOD = r"(?:/api)?(?:/(?:models|chat|completions|responses|embeddings|messages|generate|tags|docs))*$"  # of an API, pasted as its address
VERSION = r"/v\d+\w*"
AZURE = r"\.azure\.|/openai/deployments/|[?&]api-version="  # takes the key in a header of its own


@dataclass(frozen=True)
class Endpoint:
    """given: as it was written. roots: where the API may lie, to be tried in turn, without CHAT, query and login: they may be shown.

    query: sent with every request, as it may hold a key or a version, and never shown. login: user and password.
    """

    given: str
    roots: tuple[str, ...]
    query: str = ""
    login: tuple[str, str] | None = None

    @property
    def host(self) -> str:
        return httpx.URL(self.roots[0]).host

    def url(self, root: str, path: str) -> str:
        """To be asked, never to be shown."""
        return root + path + self.query

    def keys(self, key: str) -> dict[str, str]:
        """The headers that carry the key."""
        azure = {"api-key": key} if re.search(AZURE, self.given) else {}
        return {"Authorization": f"Bearer {key}", **azure} if key else {}

    def hidden(self, text: str) -> str:
        """A server's words without the query and the login, which it may repeat."""
        return hidden(text, self.given)


def endpoint(url: str) -> Endpoint:
    """url: with or without /v1, a whole .../chat/completions, which is asked as it stands, or another method's. Raises EngineError."""
    url = url.strip()
    try:
        parsed = httpx.URL(url)
        parsed.host.encode("idna")
    except (httpx.InvalidURL, TypeError, UnicodeError) as error:
        raise EngineError(
            f"{shown(url)!r} is not an address: {hidden(str(error), url).rstrip('.')}.", "It looks like http://localhost:8000/v1."
        ) from error
    if parsed.scheme not in ("http", "https") or not parsed.host or " " in url or (parsed.port or 0) > 65535:
        raise EngineError(f"{shown(url)!r} is not a server address.", "It begins with http:// or https://, as http://localhost:8000/v1.")
    login = (parsed.username, parsed.password) if parsed.username or parsed.password else None
    path = parsed.path.rstrip("/")
    whole = path.endswith(CHAT)
    path = path[: -len(CHAT)] if whole else path
    paths = _versions(path, whole)
    if root := re.match(f"(.*?){METHOD}", path):
        paths += _versions(root[1], False)
    bare = parsed.copy_with(username=None, password=None, query=None, fragment=None)
    roots = dict.fromkeys(str(bare.copy_with(path=each or "/")).rstrip("/") for each in paths)
    return Endpoint(url, tuple(roots), "?" + parsed.query.decode("ascii") if parsed.query else "", login)


def _versions(path: str, whole: bool) -> list[str]:
    """The paths where an API may lie, the likeliest first. whole: the path was given up to CHAT."""
    if re.search(VERSION + "$", path):
        return [path, re.sub(VERSION + "$", "", path)]
    if re.search(VERSION + "/", path):
        return [path]
    return [path, path + "/v1"] if whole else [path + "/v1", path]
