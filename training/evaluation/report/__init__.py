"""report.html: one file about a run, for people. It opens offline, in light and dark, and stays quick with 10,000 records."""

from __future__ import annotations

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from .... import __version__
from ....backend.answer import MEANINGLESS
from ....core.atomic import write_whole
from ....core.errors import DataError
from ....core.paths import RESOURCES
from .. import statistics as figures
from ..records import Record, read
from . import gallery, plots, sections

RESOURCES = RESOURCES / "report"


def write_report(folder: Path, out: Path | None = None) -> Path:
    """Out of every file of a run's folder that holds records of ours. Returns the report's path. Raises DataError without any."""
    runs = {file.stem: records for file in sorted(folder.glob("*.jsonl"), key=_order) if (records := _ours(file))}
    if not runs:
        hint = "Give the folder of a run (--out of an evaluation); --score-only scores the predictions of others."
        raise DataError(f"{folder} holds no records of an evaluation.", hint)
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
    write_whole(out, page.encode("utf-8", "replace"))  # half a character, as a reply may hold
    return out


def _template() -> Template:
    """Every value that it is given is escaped, but for the plots; a name that it is not given is an error."""
    environment = Environment(
        loader=FileSystemLoader(RESOURCES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    return environment.get_template("page.html")


def _ours(file: Path) -> list[Record]:
    """The records that an evaluation wrote; none where the file holds anything else."""
    try:
        return [record for record in read(file) if record.ours]
    except DataError:
        return []


def _order(file: Path) -> tuple[int, str]:
    """As served first, then the other ways of asking."""
    from ..runner import MODES

    return next((at for at, mode in enumerate(MODES) if file.stem.startswith(mode)), len(MODES)), file.stem
