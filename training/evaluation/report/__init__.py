"""report.html: one file about a run. It opens offline, in light and dark mode, and is fast with 10,000 records."""

from __future__ import annotations

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from .... import __version__
from ....backend.report import MEANINGLESS
from ....core.atomic import write_whole
from ....core.errors import DataError
from ....core.paths import RESOURCES
from .. import statistics as figures
from ..records import Record, read
from . import gallery, plots, sections

RESOURCES = RESOURCES / "report"


def write_report(folder: Path, out: Path | None = None) -> Path:
    """Writes the report of all files in a run's folder that have our records; returns its path. Raises DataError without such files."""
    runs = {file.stem: records for file in sorted(folder.glob("*.jsonl"), key=_order) if (records := _ours(file))}
    if not runs:
        hint = "Give the folder of a run (--out of `zoomearth evaluate`); --score-only scores the predictions of other tools."
        raise DataError(f"{folder} has no records of an evaluation.", hint)
    first = next(iter(runs.values()))
    spec, systems = first[0].spec, json.loads((RESOURCES / "published.json").read_text(encoding="utf-8"))
    counted = sections.official(runs)
    page = _template().render(
        title=f"{spec.get('model', '?')} on {spec.get('benchmark', '?')}",
        meaningless=MEANINGLESS if any(record.meaningless for records in runs.values() for record in records) else "",
        benchmark=sections.benchmark(first),
        spec=spec,
        official=counted,
        runs=list(runs),
        ablation=figures.ablation(runs),
        source=systems["source"],
        published=sections.published(systems["tables"], counted),
        failures=[(name, record) for name, records in runs.items() for record in records if record.error],
        plots=plots.all_plots(runs),
        data=gallery.data(runs),
        version=__version__,
    )
    out = out or folder / "report.html"
    write_whole(out, page.encode("utf-8", "replace"))  # a reply may contain a lone surrogate
    return out


def _template() -> Template:
    """The page's template. It escapes every value but the plots; a missing value is an error."""
    environment = Environment(
        loader=FileSystemLoader(RESOURCES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    return environment.get_template("page.html")


def _ours(file: Path) -> list[Record]:
    """The records that an evaluation wrote; empty for any other file."""
    try:
        return [record for record in read(file) if record.ours]
    except DataError:
        return []


def _order(file: Path) -> tuple[int, str]:
    """The sort key: the mode as served first, then the other modes."""
    from ..runner import MODES

    return next((at for at, mode in enumerate(MODES) if file.stem.startswith(mode)), len(MODES)), file.stem
