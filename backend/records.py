"""A file of results that is only ever appended to: one JSON object a line, written as each result comes.

A killed run loses nothing that was written, and its next start continues after it:

    with Journal(path, spec, "id", dict, dict) as journal:
        pending = [row for row in rows if row.id not in journal.lines]
        journal.add({"id": row.id, "answer": "3"})
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, TypeVar

from ..core import texts
from ..core.address import shown
from ..core.errors import DataError
from ..core.profile import Profile
from ..core.settings import Settings
from .models import store as models

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

T = TypeVar("T")
POOL = "a pool"  # of servers with one model, which may come and go
ANOTHER = "Name another file with --out, or move this one away."


class Journal(Generic[T]):
    """`lines` has the last line of each key in the file, as `read` returns it; `write` is its inverse.

    key: the field whose value names a result, a string; the first in each line. spec: what the run is, JSON-able; it is written into every
    line, so that parts of files can be put together and one file never holds two runs. A last line that a kill cut off is removed.
    """

    def __init__(
        self,
        path: Path,
        spec: Mapping[str, Any],
        key: str,
        read: Callable[[dict[str, Any]], T],
        write: Callable[[T], Mapping[str, Any]],
        another: str = ANOTHER,
    ) -> None:
        """another: what to do where the file holds another run.

        Raises DataError where the file can't be written, is used by another process, or holds anything but lines of this run.
        """
        self._another = another
        self.path, self.spec, self.key = path, json.loads(json.dumps(spec)), key
        self._reader, self._writer = read, write
        self.lines: dict[str, T] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+b", buffering=0)
        except (OSError, ValueError) as error:
            raise self._unwritable(error, "Name another place with --out.") from error
        try:
            self._lock()
            with self._errors("Name another place with --out."):
                self._size = self._read()
                self._file.truncate(self._size)
        except BaseException:
            self.close()
            raise

    def add(self, result: T) -> None:
        """Appends a line. Raises DataError where the disk is full; the file ends with a whole line even then."""
        text = json.dumps({**self._writer(result), "spec": self.spec})
        self._write(text.encode() + b"\n")
        self._take(json.loads(text))

    def close(self) -> None:
        """Lets another process use the file."""
        self._file.close()

    def __enter__(self) -> Journal[T]:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _write(self, data: bytes) -> None:
        """In one write, so that a kill leaves a whole line or a cut last one."""
        left = memoryview(data)
        with self._errors("Make room; the same command continues from here."):
            try:
                while left:
                    left = left[self._file.write(left) :]
            except OSError:
                self._file.truncate(self._size)
                raise
        self._size += len(data)

    def _lock(self) -> None:
        """Two processes would ask everything twice. The lock ends with its process; file systems without locks do without."""
        if fcntl is not None:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DataError(f"{self.path} is in use by another run.", "Wait for its end, or name another file with --out.") from None
            except OSError:
                pass

    def _read(self) -> int:
        """Reads the lines there are. Returns how many bytes of the file are whole lines. Raises OSError and DataError."""
        whole, tail, foreign = 0, b"", False
        with self.path.open("rb") as file:
            if (encoding := texts.mark(file.read(4))[1]) != "utf-8":
                raise DataError(f"{self.path} is in {encoding.upper()}.", "Save it in UTF-8, or name another file with --out.")
            file.seek(0)
            for line in file:
                row = texts.row(line)
                if isinstance(row, dict):
                    self._check(row)
                    self._take(row)
                elif not line.endswith(b"\n"):
                    tail = line
                    break
                else:
                    foreign = foreign or bool(line.strip())
                whole += len(line)
        begins = b'{"%s": "' % self.key.encode()  # each line, and so does a first one that was cut off
        if not self.lines and (foreign or not (tail.startswith(begins) or begins.startswith(tail))):
            raise DataError(f"{self.path} is not a file of results.", self._another)
        self._size = whole
        if whole and not tail and not line.endswith(b"\n"):  # an editor took the end of the last line away
            self._write(b"\n")
        return self._size

    def _check(self, row: Mapping[str, Any]) -> None:
        spec = row.get("spec")
        if not isinstance(row.get(self.key), str) or not isinstance(spec, dict):
            raise DataError(f"{self.path} is not a file of results.", self._another)
        if spec != self.spec:
            differs = sorted(name for name in {*spec, *self.spec} if spec.get(name) != self.spec.get(name))
            raise DataError(f"{self.path} holds the answers of another run: its {', '.join(differs)} differs.", self._another)

    def _take(self, row: dict[str, Any]) -> None:
        self.lines[row[self.key]] = self._reader({**row, "spec": self.spec})

    @contextlib.contextmanager
    def _errors(self, hint: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._unwritable(error, hint) from error

    def _unwritable(self, error: Exception, hint: str) -> DataError:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return DataError(f"{self.path} can't be written: {reason}.", hint)


def spec(profile: Profile, settings: Settings, revision: str | None) -> dict[str, Any]:
    """What makes two answers comparable: a file of results holds answers of one such spec. profile: of the engine; revision: see
    `revision_of`."""
    return {
        "model": profile.name,
        "revision": revision,
        "server": POOL if len(settings.addresses) > 1 else shown(settings.remote) or None,
        "dialect": profile.dialect.described,
        "prompt_hash": profile.prompt_hash,
        "policy": asdict(profile.policy),
        "dtype": settings.dtype,
        "quantize": settings.quantize,
    }


def revision_of(settings: Settings) -> str | None:
    """The revision of the weights on this machine; None for a server's. Raises ModelError."""
    return None if settings.remote else models.revision(settings.weights)
