"""Files from the Hugging Face hub, over plain HTTPS: resumed where they broke off, and checked against the hub's own checksums.

Why not huggingface_hub: its version 2 begins a broken-off file anew, which for 5 GB over a hotel's network means never. Two of the hub's
routes suffice, and httpx honours proxies (HTTPS_PROXY) and certificates (SSL_CERT_FILE). HF_ENDPOINT names a mirror, HF_TOKEN an account.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from ...core.catalogue import Model
from ...core.errors import Cancelled, ModelError

if TYPE_CHECKING:
    import httpx

OnProgress = Callable[[str, int, int], None]  # file name, bytes there, bytes in all
ATTEMPTS = 5  # in a row without a single byte
SPARE = 64 << 20  # bytes of disk left over
AGAIN = "Run the same command again: it goes on where it stopped. Behind a proxy set HTTPS_PROXY; HF_ENDPOINT names a mirror of the hub."


@dataclass(frozen=True)
class Wanted:
    """A file of a repo: its size, and SHA-256 (large files) or git's blob SHA-1 (small ones)."""

    name: str
    size: int
    sha256: str | None
    git_sha1: str | None

    def matches(self, file: Path) -> bool:
        if self.sha256:
            return sha256(file) == self.sha256
        content = file.read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest() == self.git_sha1


def fetch(model: Model, folder: Path, on_progress: OnProgress, cancelled: Callable[[], bool]) -> dict[str, Any]:
    """Brings the model's files into `folder`; returns what is to be recorded. Raises ModelError, Cancelled, OSError."""
    import httpx

    if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        raise ModelError(f"{model.id} can't be downloaded: HF_HUB_OFFLINE forbids it.", "Unset it, or copy the folder from elsewhere.")
    token = os.environ.get("HF_TOKEN")
    headers = {"User-Agent": "zoomearth", **({"Authorization": f"Bearer {token}"} if token else {})}
    with httpx.Client(headers=headers, follow_redirects=True, timeout=30) as client:
        revision, files = _list(client, model)
        folder.mkdir(parents=True, exist_ok=True)
        missing = sum(file.size - min(file.size, _there(folder / file.name)) for file in files)
        if (free := shutil.disk_usage(folder).free) < missing + SPARE:
            raise ModelError(
                f"{model.id} needs {missing / 1e9:.1f} GB more in {folder}, where {free / 1e9:.1f} GB are free.",
                "Make room, or let ZOOMEARTH_HOME name another place.",
            )
        for file in files:
            home = model.repo if model.kind == "models" else f"{model.kind}/{model.repo}"
            url = f"{_endpoint()}/{home}/resolve/{revision}/{file.name}"
            (folder / file.name).parent.mkdir(parents=True, exist_ok=True)
            _bring(client, url, file, folder / file.name, on_progress, cancelled)
    record = {file.name: {"size": file.size, "sha256": file.sha256 or sha256(folder / file.name)} for file in files}
    return {"id": model.id, "repo": model.repo, "revision": revision, "files": record}


def _endpoint() -> str:
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def _there(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _list(client: httpx.Client, model: Model) -> tuple[str, list[Wanted]]:
    """The commit, and the files of it that the model needs; only names that can't lead out of the folder."""
    import httpx

    url = f"{_endpoint()}/api/{model.kind}/{model.repo}/revision/{model.revision or 'main'}"
    for attempt in range(ATTEMPTS):
        try:
            answer = client.get(url, params={"blobs": "true"})
            _refuse(answer, url)
            data = answer.json()
            revision, siblings = str(data["sha"]), data["siblings"]
            break
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if attempt == ATTEMPTS - 1:
                raise ModelError(f"{_endpoint()} can't be reached: {error}.", AGAIN) from error
            time.sleep(2**attempt / 4)
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"{url} answers with something that is no listing of a model.", AGAIN) from error
    names = re.compile(r"(\w[\w.\-]*/)*\w[\w.\-]*")
    files = [
        Wanted(each["rfilename"], int(each["size"]), (each.get("lfs") or {}).get("sha256"), each.get("blobId"))
        for each in siblings
        if names.fullmatch(each["rfilename"]) and any(fnmatch.fnmatch(each["rfilename"], pattern) for pattern in model.files)
    ]
    if not any(file.name.endswith(".safetensors") for file in files) if model.kind == "models" else not files:
        what = "weights" if model.kind == "models" else " or ".join(model.files)
        raise ModelError(f"{model.repo} holds no {what} at revision {revision}.", "Report it: the list of models is out of date.")
    return revision, files


def _bring(client: httpx.Client, url: str, file: Wanted, path: Path, on_progress: OnProgress, cancelled: Callable[[], bool]) -> None:
    """Fetches what is missing of one file and checks the whole; where what was there already is bad, all of it is fetched anew."""
    import httpx

    if _there(path) > file.size:
        path.unlink()
    old = _there(path) > 0
    fruitless = 0
    while (before := _there(path)) < file.size or not path.exists():
        try:
            _append(client, url, file, path, on_progress, cancelled)
        except httpx.HTTPError as error:
            fruitless = 0 if _there(path) > before else fruitless + 1
            if fruitless == ATTEMPTS:
                raise ModelError(f"The download of {file.name} broke off: {error or type(error).__name__}.", AGAIN) from error
            time.sleep(2**fruitless / 4)
    on_progress(file.name, file.size, file.size)
    if file.matches(path):
        return
    path.unlink()
    if not old:
        raise ModelError(
            f"{file.name} arrived damaged: its checksum is not the hub's.", "Run the same command again: it is fetched afresh."
        )
    _bring(client, url, file, path, on_progress, cancelled)


def _append(client: httpx.Client, url: str, file: Wanted, path: Path, on_progress: OnProgress, cancelled: Callable[[], bool]) -> None:
    import httpx

    done = _there(path)
    with client.stream("GET", url, headers={"Range": f"bytes={done}-", "Accept-Encoding": "identity"} if file.size else {}) as answer:
        _refuse(answer, url)
        if answer.status_code != 206:  # the whole, whatever was asked for
            done = 0
        with path.open("ab" if done else "wb") as out:
            for block in answer.iter_bytes():
                if cancelled():
                    raise Cancelled
                out.write(block)
                done += len(block)
                if done > file.size:
                    break  # of another version: the checksum will say so
                on_progress(file.name, done, file.size)
    if done < file.size:
        raise httpx.RemoteProtocolError("the connection was closed early")


def _refuse(answer: httpx.Response, url: str) -> None:
    """Raises ModelError for what no repetition helps against, httpx.HTTPStatusError (to be tried again) for the rest."""
    if answer.status_code in (401, 403):
        raise ModelError(
            f"{url} is not open to everyone ({answer.status_code}).", "Set HF_TOKEN to a token of an account that may read it."
        )
    if answer.status_code == 404:
        raise ModelError(f"{url} does not exist (404).", "Report it: the list of models may be out of date.")
    answer.raise_for_status()


def sha256(file: Path) -> str:
    """In hex digits."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
