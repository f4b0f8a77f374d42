"""Files from the Hugging Face hub, over plain HTTPS: resumed where they broke off, and checked against the hub's own checksums.

Why not huggingface_hub: its version 2 begins a broken-off file anew, which for 5 GB over a hotel's network means never. Three of the hub's
routes suffice: the listing of a revision, a file's headers (for mirrors whose listing has names only), and the file.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Iterable

from ...core.atomic import link_or_copy
from ...core.catalogue import Model
from ...core.errors import Cancelled, ModelError
from . import access
from .checkpoint import is_whole

if TYPE_CHECKING:
    import httpx

OnProgress = Callable[[str, int, int], None]  # file name, bytes there, bytes in all
ATTEMPTS = 5  # in a row without a single byte
REDIRECTS = 5
WEIGHTS = (".safetensors", ".pth")
SPARE = 64 << 20  # bytes of disk left over
AGAIN = "Run the same command again: it goes on where it stopped. Behind a proxy set HTTPS_PROXY; HF_ENDPOINT names a mirror of the hub."
NAMES = re.compile(r"(\w[\w.\-]*/)*\w[\w.\-]*")  # that can't lead out of a folder


class Unreachable(ModelError):
    """There is no way to the hub."""


@dataclass(frozen=True)
class Wanted:
    """A file of a repository: its size, and SHA-256 (large files) or git's blob SHA-1 (small ones); None where the hub does not say."""

    name: str
    size: int | None = None
    sha256: str | None = None
    git_sha1: str | None = None

    def matches(self, file: Path) -> bool:
        if self.sha256:
            return sha256(file) == self.sha256
        if self.git_sha1:
            content = file.read_bytes()
            return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest() == self.git_sha1
        return is_whole(file)


def fetch(model: Model, folder: Path, on_progress: OnProgress, cancelled: Callable[[], bool]) -> dict[str, Any]:
    """Brings the model's files into `folder`, those in the cache of huggingface_hub from there; returns what is to be recorded.

    Raises ModelError, of the kind Unreachable where there is no way to the hub; Cancelled; OSError.
    """
    if access.is_offline():
        hint = "Unset it; or copy the model's folder here and give it to `zoomearth models adopt`."
        raise Unreachable(f"{model.id} can't be downloaded: HF_HUB_OFFLINE forbids it.", hint)
    with access.open_client() as client:
        revision, files = _list(client, model)
        folder.mkdir(parents=True, exist_ok=True)
        _take_cached(replace(model, revision=revision), files, folder)
        missing = sum(file.size - min(file.size, _there(folder / file.name)) for file in files if file.size)
        if (free := shutil.disk_usage(folder).free) < missing + SPARE:
            raise ModelError(
                f"{model.id} needs {missing / 1e9:.1f} GB more in {folder}, where {free / 1e9:.1f} GB are free.",
                "Make room, or let ZOOMEARTH_HOME name another place.",
            )
        for file in files:
            (folder / file.name).parent.mkdir(parents=True, exist_ok=True)
            _bring(client, _address(model, revision, file.name), file, folder / file.name, on_progress, cancelled)
    return receipt(model, revision, {file.name: file.sha256 for file in files}, folder)


def receipt(model: Model, revision: str | None, files: dict[str, str | None], folder: Path) -> dict[str, Any]:
    """What is recorded of a model's folder. files: each file's SHA-256; None: it is computed. revision: None where it is not known."""
    record = {name: {"size": (folder / name).stat().st_size, "sha256": known or sha256(folder / name)} for name, known in files.items()}
    return {"id": model.id, "repo": model.repo, **({"revision": revision} if revision else {}), "files": record}


def _take_cached(model: Model, files: Iterable[Wanted], folder: Path) -> None:
    """Links or copies what the cache holds; `_bring` checks it like everything else."""
    snapshot = access.cached(model)
    if snapshot is None:
        return
    for file in files:
        stored = snapshot / file.name
        if file.size and _there(stored) == file.size > _there(folder / file.name):
            (folder / file.name).unlink(missing_ok=True)
            (folder / file.name).parent.mkdir(parents=True, exist_ok=True)
            link_or_copy(stored, folder / file.name)


def _address(model: Model, revision: str, name: str) -> str:
    home = model.repo if model.kind == "models" else f"{model.kind}/{model.repo}"
    return f"{access.endpoint()}/{home}/resolve/{revision}/{name}"


def _there(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def _list(client: httpx.Client, model: Model) -> tuple[str, list[Wanted]]:
    """The commit, and the files of it that the model needs."""
    import httpx

    url = f"{access.endpoint()}/api/{model.kind}/{model.repo}/revision/{model.revision or 'main'}"
    for attempt in range(ATTEMPTS):
        try:
            answer = client.get(url, params={"blobs": "true"})
            _refuse(answer, url)
            data = answer.json()
            revision = str(data["sha"])
            files = [_wanted(each) for each in data["siblings"] if _is_needed(each["rfilename"], model)]
            files = [file if file.size is not None else _headed(client, _address(model, revision, file.name), file) for file in files]
            break
        except httpx.InvalidURL as error:
            raise ModelError(
                f"{access.endpoint()} is not an address: {error}.", "HF_ENDPOINT looks like https://huggingface.co."
            ) from error
        except httpx.HTTPError as error:
            if attempt == ATTEMPTS - 1:
                raise Unreachable(f"{access.endpoint()} can't be reached: {_reason(error)}.", AGAIN) from error
            time.sleep(2**attempt / 4)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"{url} answers with something that is no listing of a model.", AGAIN) from error
    if not any(file.name.endswith(WEIGHTS) for file in files) if model.kind == "models" else not files:
        what = "weights" if model.kind == "models" else " or ".join(model.files)
        raise ModelError(f"{model.repo} holds no {what} at revision {revision}.", "Report it: the list of models is out of date.")
    return revision, files


def _is_needed(name: str, model: Model) -> bool:
    """Of a checkpoint, files of the repository's own folder only: below it may be the checkpoints of its training."""
    if not NAMES.fullmatch(name) or (model.kind == "models" and model.is_checkpoint and "/" in name):
        return False
    return any(fnmatch.fnmatch(name, pattern) for pattern in model.files)


def _wanted(listed: dict[str, Any]) -> Wanted:
    size = listed.get("size")
    return Wanted(listed["rfilename"], None if size is None else int(size), (listed.get("lfs") or {}).get("sha256"), listed.get("blobId"))


def _headed(client: httpx.Client, url: str, file: Wanted) -> Wanted:
    """What the headers of a file's address say of it, for mirrors and repository managers whose listing has names only.

    The hub sends size and checksum of a large file as X-Linked-Size and X-Linked-Etag beside the redirection to where it is stored; the
    ETag of a small one is its checksum. What lies behind a redirection to another host is asked for its size alone.
    """
    answer = client.head(url, headers={"Accept-Encoding": "identity"}, follow_redirects=False)
    host = answer.url.host
    for _ in range(REDIRECTS):
        tag = answer.headers.get("x-linked-etag") or (answer.headers.get("etag") if answer.url.host == host else None) or ""
        digest = tag.removeprefix("W/").strip('"').lower()
        size = answer.headers.get("x-linked-size") or (answer.headers.get("content-length") if answer.is_success else None)
        if re.fullmatch("[0-9a-f]{64}", digest):
            file = replace(file, sha256=digest)
        elif re.fullmatch("[0-9a-f]{40}", digest):
            file = replace(file, git_sha1=digest)
        if size and size.isdecimal():
            return replace(file, size=int(size))
        if answer.next_request is None:
            break
        answer = client.send(answer.next_request, follow_redirects=False)
    return file


def _bring(client: httpx.Client, url: str, file: Wanted, path: Path, on_progress: OnProgress, cancelled: Callable[[], bool]) -> None:
    """Fetches what is missing of one file and checks the whole; where what was there already is bad, all of it is fetched anew."""
    import httpx

    if file.size is None or _there(path) > file.size:  # of unknown size: nobody could tell whether it is whole
        path.unlink(missing_ok=True)
    old = _there(path) > 0
    fruitless = 0
    while not path.exists() or (file.size is not None and _there(path) < file.size):
        before = _there(path)
        try:
            _append(client, url, file, path, on_progress, cancelled)
        except httpx.HTTPError as error:
            fruitless = 0 if _there(path) > before else fruitless + 1
            if file.size is None:  # it can't be told where such a file broke off
                path.unlink(missing_ok=True)
            if fruitless == ATTEMPTS:
                raise ModelError(f"The download of {file.name} broke off: {_reason(error)}.", AGAIN) from error
            time.sleep(2**fruitless / 4)
    on_progress(file.name, _there(path), _there(path))
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
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={done}-"} if file.size else {})}
    with client.stream("GET", url, headers=headers) as answer:
        if answer.status_code == 416 and done:  # the server has forgotten the file, or has another one: begin anew
            path.unlink()
        _refuse(answer, url)
        if answer.status_code != 206:  # the whole, whatever was asked for
            done = 0
        size = file.size if file.size is not None else int(answer.headers.get("content-length") or 0)
        with path.open("ab" if done else "wb") as out:
            for block in answer.iter_bytes():
                if cancelled():
                    raise Cancelled
                out.write(block)
                done += len(block)
                if file.size is not None and done > file.size:
                    break  # of another version: the checksum will say so
                on_progress(file.name, done, max(done, size))
    if done < size:
        raise httpx.RemoteProtocolError("the connection was closed early")


def _refuse(answer: httpx.Response, url: str) -> None:
    """Raises ModelError for what no repetition helps against, httpx.HTTPStatusError (to be tried again) for the rest."""
    if answer.status_code in (401, 403):
        raise access.refused(answer.status_code, url)
    if answer.status_code == 404:
        raise ModelError(f"{url} does not exist (404).", "Report it: the list of models may be out of date.")
    answer.raise_for_status()


def _reason(error: httpx.HTTPError) -> str:
    """In a few words: httpx adds an address of its own about each status."""
    import httpx

    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code} {error.response.reason_phrase}".strip()
    return str(error).rstrip(".") or type(error).__name__


def sha256(file: Path) -> str:
    """In hex digits."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
