"""The files that `zoomearth ask` can write: boxes as a vector file, a figure for a report, the pictures that the model was shown.

Every file is written under a temporary name first, so that a full disk or a second writer leaves no incomplete file.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Sequence

from ...core.errors import SceneError
from ..answer import Answered
from .rois import check_vector, check_vector_for, write_rois
from .writing import check_file, check_name, check_other, write_file

if TYPE_CHECKING:
    from ..scene.scene import Scene


@dataclass(frozen=True)
class Outputs:
    """The files that the command line asks for; "" or None for none. tools: the folder that tools write to while a question is answered."""

    rois: str | None = None
    figure: str | None = None
    views: str | None = None
    tools: str | None = None

    def check(self) -> None:
        """Checks the names before any other work. Raises SceneError for an unknown suffix, and a folder that is missing or read-only."""
        if self.rois:
            check_vector("--rois", self.rois)
        if self.figure and Path(self.figure).suffix.lower() != ".png":
            raise SceneError(f"--figure {self.figure} is not a PNG.", "Give it a name that ends in .png.")
        for file in filter(None, (self.rois, self.figure)):
            check_file(file)
        for flag, folder in (("--views", self.views), ("--out-tools", self.tools)):
            if folder:
                _check_folder(flag, folder)

    def check_for(self, scene: Scene) -> None:
        """Checks the files before the model is loaded. Raises SceneError for a file of the scene itself, and for a format that can't hold
        its boxes.
        """
        for file in filter(None, (self.rois, self.figure)):
            check_other(file, scene)
        if self.rois:
            check_vector_for("--rois", self.rois, scene)

    def write(self, answers: Sequence[Answered], model: str, wrote: Callable[[Path], None], note: Callable[[str], None]) -> None:
        """Writes the files, and calls `wrote` with each. Raises SceneError for files that could not be written, after the others were."""
        failures = []
        writers: list[tuple[str | None, Callable[[Path], Path]]] = [
            (self.rois, lambda path: write_rois(path, answers, model)),
            (self.figure, lambda path: write_figure(path, answers, model, note)),
            (self.views, lambda path: write_views(path, answers)),
        ]
        for file, write in writers:
            try:
                if file:
                    wrote(write(Path(file)))
            except SceneError as error:
                failures.append(error)
        if failures:
            raise SceneError(" ".join(error.message for error in failures), failures[0].hint)


def _check_folder(flag: str, folder: str) -> None:
    """Raises SceneError for a folder that can't be made or written to."""
    check_name(folder)
    existing = next(each for each in (Path(folder).resolve(), *Path(folder).resolve().parents) if each.exists())
    if not existing.is_dir():
        raise SceneError(f"{flag} {folder} is a file.", "Give a folder.")
    if not os.access(existing, os.W_OK):
        raise SceneError(f"The folder {existing} is read-only.", f"Choose another folder for {flag}.")


def write_views(folder: Path, answers: Sequence[Answered]) -> Path:
    """Writes the pictures that the model was shown as PNG: `q1-0-global.png`, `q1-1-northern-pier.png`, ...; those of the raster that is
    compared with beside them, `q1-0-global-compared.png`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SceneError(f"The folder {folder} can't be made: {error.strerror}.", "Choose another folder.") from error
    for number, answered in enumerate(answers, 1):
        for step, (shown, picture) in enumerate(zip(answered.outcome.views, answered.pictures)):
            label = re.sub(r"\W+", "-", shown.label.lower()).strip("-")[:40] or ("zoom" if shown.roi else "global")
            write_file(folder / f"q{number}-{step}-{label}.png", picture.save)
            if other := answered.others[step] if answered.others else None:
                write_file(folder / f"q{number}-{step}-{label}-compared.png", other.save)
    return folder


def write_figure(path: Path, answers: Sequence[Answered], model: str, note: Callable[[str], None] = lambda sentence: None) -> Path:
    """Writes a figure with one row for each question: the global view with numbered boxes, then each crop; question above, answer below.

    note: called with a sentence about letters that no font of this machine has.
    """
    missing: list[str] = []

    def write(new: Path) -> None:
        from .figure import draw, resolution
        from .lettering import quiet

        with quiet():
            figure, scripts = draw(answers, model)
            missing.extend(scripts)
            figure.savefig(new, dpi=resolution(figure))

    write_file(path, write)
    if missing:
        note(f"{path} shows empty boxes: no font of this machine has letters of {', '.join(missing)}. Install one, such as Noto Sans.")
    return path
