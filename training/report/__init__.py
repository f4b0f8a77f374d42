"""report.html: one file about a run, for people. It opens offline, in light and dark, and stays quick with 10,000 records."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

from ... import __version__
from ...core.errors import BackendError
from ...core.files import write_whole
from ..records import read
from . import gallery, plots, sections

RESOURCES = Path(__file__).resolve().parents[2] / "resources" / "report"


def write_report(folder: Path, out: Path | None = None) -> Path:
    """Out of every file of records in a run's folder. Returns the report's path. Raises BackendError where there is none."""
    runs = {file.stem: read(file) for file in sorted(folder.glob("*.jsonl"), key=_order)}
    if not runs:
        raise BackendError(f"{folder} holds no records.", "Give the folder of a run (--out of an evaluation).")
    first = next(iter(runs.values()))[0]
    page = (RESOURCES / "page.html").read_text(encoding="utf-8")
    parts = {
        "title": html.escape(f"{first.spec.get('model', '?')} on {first.spec.get('benchmark', '?')}"),
        "head": sections.head(runs),
        "tables": sections.tables(runs, json.loads((RESOURCES / "published.json").read_text(encoding="utf-8"))),
        "plots": plots.all_plots(runs),
        "failures": sections.failures(runs),
        "data": json.dumps(gallery.data(runs), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
        "version": __version__,
    }
    page = re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], page)  # in one go: what is put in is not looked at again
    out = out or folder / "report.html"
    write_whole(out, page)
    return out


def _order(file: Path) -> tuple[int, str]:
    """As served first, then the other ways of asking."""
    from ..asking import MODES

    return next((at for at, mode in enumerate(MODES) if file.stem.startswith(mode)), len(MODES)), file.stem
