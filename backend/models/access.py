"""How the hub is reached: its address, an account's token, proxies, and the cache of other programs on this machine.

The variables are those of huggingface_hub, so that what is set up for it holds here too.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.catalogue import Model
from ...core.errors import ModelError

if TYPE_CHECKING:
    import httpx

HUB = "https://huggingface.co"
VARIABLES = (
    ("HF_ENDPOINT", "address of a mirror of the hub, or of a company's repository manager"),
    ("HF_TOKEN", "token of an account, for models that ask for one; without it, the token of `hf auth login` is used"),
    ("HF_HOME", "folder of the token and of the cache that other programs fill: a model that is there is not downloaded again"),
    ("HF_HUB_OFFLINE", "1: nothing is downloaded; a model in that cache is taken from there"),
    ("HTTPS_PROXY", "proxy, http://host:port or socks5://host:port (also ALL_PROXY, NO_PROXY)"),
    ("SSL_CERT_FILE", "file of certificates to trust, where a company's proxy has its own"),
    ("ZOOMEARTH_HOME", "folder in which models are stored"),
)


def endpoint() -> str:
    """The hub's address, without a slash at its end."""
    given = os.environ.get("HF_ENDPOINT", "").strip().rstrip("/") or HUB
    return given if "://" in given else f"https://{given}"


def is_offline() -> bool:
    """Whether downloads are forbidden."""
    return os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on")


def token() -> tuple[str, str]:
    """The account's token and where it comes from, for people; ("", "") where there is none."""
    if given := os.environ.get("HF_TOKEN", "").strip():
        return given, "HF_TOKEN"
    file = Path(os.environ.get("HF_TOKEN_PATH") or _home() / "token").expanduser()
    try:
        stored = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        stored = ""
    return (stored, str(file)) if stored else ("", "")


def cached(model: Model) -> Path | None:
    """The folder of the model in the cache of huggingface_hub, at our revision, or else at the one that it calls `main`."""
    cache = Path(os.environ.get("HF_HUB_CACHE") or _home() / "hub").expanduser()
    folder = cache / f"{model.kind}--{(model.repo or '').replace('/', '--')}"
    try:
        revision = model.revision or (folder / "refs" / "main").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    snapshot = folder / "snapshots" / revision
    return snapshot if revision and snapshot.is_dir() else None


def open_client() -> httpx.Client:
    """A client with the token, the machine's proxies and the certificates it trusts. Raises ModelError for a proxy that can't be used."""
    import httpx

    key, source = token()
    if not (key.isascii() and key.isprintable()):
        raise ModelError(f"The token in {source} holds characters that are not allowed in a token.", "Copy it again.")
    headers = {"User-Agent": "zoomearth", **({"Authorization": f"Bearer {key}"} if key else {})}
    try:
        return httpx.Client(headers=headers, follow_redirects=True, timeout=30)
    except (ImportError, ValueError, httpx.InvalidURL) as error:  # SOCKS without its package; an address that is none
        reason = str(error).rstrip(".")
        raise ModelError(f"The proxy that is set on this machine can't be used: {reason}.", PROXY) from error


PROXY = "Correct or unset HTTP_PROXY, HTTPS_PROXY and ALL_PROXY; they look like http://host:3128 or socks5://host:1080."


def refused(status: int, url: str) -> ModelError:
    """What to raise where the hub does not let this account read an address (401 or 403)."""
    key, source = token()
    if not key:
        hint = "Accept the model's terms on its page, and log in: `hf auth login`, or set HF_TOKEN to a token of your account."
        return ModelError(f"{url} is not open to everyone ({status}).", hint)
    hint = f"Accept the model's terms on its page with that account, or use another token (this one is from {source})."
    return ModelError(f"{url} is not open to the account of your token ({status}).", hint)


def _home() -> Path:
    """Where huggingface_hub keeps what is the user's."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("HF_HOME") or cache / "huggingface").expanduser()
