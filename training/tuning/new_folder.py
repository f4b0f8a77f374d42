"""A new folder for a model's files: it is complete, or not there at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...core.atomic import beside
from ...core.errors import ModelError


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Gives an empty folder to write instead of `out`, which it becomes after the block. Raises ModelError where `out` is not empty."""
    if out.exists() and any(out.iterdir()):
        raise ModelError(f"{out} is not empty.", "Give a new folder: nothing is overwritten.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with beside(out) as new:
        new.mkdir()
        yield new
        if out.exists():
            out.rmdir()
