"""A row to ask, out of its fields, and back.

    {"path": "city.tif", "question": "How many ships are there?", "window": [0, 0, 4096, 4096]}

A list may also be a text: JSON, or numbers between commas or blanks. A row that can't be asked costs itself only.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...core import texts
from ...core.answer_type import CHOICE, AnswerType, parse_type
from ...core.answer_type import FIELDS as FIELDS_TYPE
from ...core.errors import DataError, ZoomEarthError
from ...core.marks import singular
from ...core.plan import WAYS
from ...core.requests import Ask, Id, RunSurvey
from ...core.source import Compare, SceneSource, Where
from ...core.typed import from_json, to_json
from . import BadRow, Cells, Table, Wanted

PLACES = ("window", "bounds", "outline", "within")
SURVEY = ("find", "size", "way", "budget", "masks")
OPTIONS = ("bands", "stretch", "max_zooms", "type", "choices", "fields", "force_remote_scan", "compare")
ASKED = ("id", "path", "image", "question", *PLACES, *OPTIONS, *SURVEY)
DESCRIBED = ("width", "height", "crs", "gsd", "footprint", "error")  # of the raster, in a manifest
FIELDS = (*ASKED, *DESCRIBED)
OPTIONAL = "id, window, bounds, outline or within, bands, stretch, max_zooms, type, choices and compare"
NEEDED = f"A row has path (or image), and question or find (a thing to find all of); it may have {OPTIONAL}."
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9_+.-]+:|[/\\]|[A-Za-z]:|<")  # URLs, "NETCDF:...", inline XML, and paths from a root


def table(numbered: Iterable[tuple[int, texts.Row]], path: Path, question: str = "", answer_type: AnswerType | None = None) -> Table:
    """The rows of a file. numbered: their fields with the numbers by which a person finds them. path: relative paths are relative to its
    folder. question, answer_type: of the rows that have none. Raises DataError where not one row can be asked."""
    rows: dict[Id, Wanted | BadRow] = {}
    described: dict[str, dict[str, Any]] = {}
    names: dict[str, None] = {}
    for at, broken_or_cells in numbered:
        cells = _plain(broken_or_cells, question)
        row = _row(at, cells, path, answer_type)
        if row.id in rows:
            id = _another(row.id, rows)
            if isinstance(cells, texts.Broken) or "id" not in cells:  # its number is the id of another row
                row = replace(row, id=id)
            else:
                twice = DataError(f"Row {at} of {path.name} has the id {row.id!r} of another row.", "Give each row an id of its own.")
                row = BadRow(id, twice)
        rows[row.id] = row
        if not isinstance(cells, texts.Broken):
            names.update(dict.fromkeys(cells))
            if "width" in cells or "error" in cells:
                described[str(row.id)] = {name: cells[name] for name in DESCRIBED if name in cells}
    if not rows:
        raise DataError(f"{path} holds no rows.", NEEDED)
    bad = [row for row in rows.values() if isinstance(row, BadRow)]
    if len(bad) == len(rows):
        raise DataError(f"No row of {path} can be asked. {bad[0].error.message}", bad[0].error.hint)
    return Table(list(rows.values()), [name for name in names if name not in FIELDS], described)


def cells_of(ask: Wanted) -> dict[str, Any]:
    """The fields of a row, JSON-able: `table` makes the same row of them."""
    source = to_json(ask.source)
    forced = {"force_remote_scan": True} if source.pop("force_remote_scan") else {}
    where = to_json(ask.where) if ask.where else {}
    if isinstance(ask, RunSurvey):
        plan = {"size": ask.size, "way": ask.way, "budget": ask.budget, "masks": ask.masks or None}
        given = {name: value for name, value in plan.items() if value is not None}
        return {"id": str(ask.id), "path": source.pop("path"), "find": ask.target, **where, **source, **forced, **given}
    kind = _type_cells(ask.answer_type)
    compare = {"compare": ask.compare.source.path} if ask.compare else {}
    return {
        "id": str(ask.id),
        "path": source.pop("path"),
        "question": ask.question,
        **where,
        **source,
        **forced,
        **(ask.policy or {}),
        **kind,
        **compare,
    }


def _plain(row: texts.Row, question: str) -> Cells | texts.Broken:
    """Without what is null, names in small letters."""
    if isinstance(row, texts.Broken):
        return row
    cells = {name.strip().lower(): value for name, value in row.items() if value is not None}
    return {"question": question, **cells} if question and "find" not in cells else cells


def _row(number: int, cells: Cells | texts.Broken, path: Path, answer_type: AnswerType | None) -> Wanted | BadRow:
    id = str(number)
    try:
        if isinstance(cells, texts.Broken):
            raise ValueError(f"{cells.why} ({cells.detail})" if cells.detail else cells.why)
        given = cells.get("id", id)
        if isinstance(given, bool) or not isinstance(given, (str, int, float)):
            raise ValueError(f"its id is {given!r}, not a text or a number")
        id = str(given).strip() or id
        if "error" in cells and "path" not in cells:  # a manifest's line of a row that could never be asked
            return BadRow(id, _error(cells))
        ask = _survey(cells, path.parent, id) if "find" in cells else _question(cells, path.parent, id, answer_type)
        return BadRow(id, _error(cells), ask) if "error" in cells else ask
    except ValueError as error:
        return BadRow(id, DataError(f"Row {number} of {path.name} can't be asked: {str(error).rstrip('.')}.", NEEDED))


def _question(cells: Cells, folder: Path, id: str, answer_type: AnswerType | None) -> Ask:
    source, where = _source(cells, folder), _where(cells, folder)
    own, compare = _answer_type(cells) or answer_type, _compare(cells, source, folder)
    return Ask(source, _text(cells, "question"), where, _policy(cells), id, own, compare=compare)


def _survey(cells: Cells, folder: Path, id: str) -> RunSurvey:
    if "question" in cells:
        raise ValueError("it has a question and something to find: it has one of the two")
    target = " ".join(_text(cells, "find").split())
    if not singular(target):
        raise ValueError(f"its find is {target!r}, and names no thing")
    size, budget = _number(cells, "size"), _number(cells, "budget")
    if budget is not None and (budget < 1 or budget % 1):
        raise ValueError(f"its budget is {budget:g}, not a whole number from 1 on")
    way = _text(cells, "way") if "way" in cells else WAYS[0]
    views = None if budget is None else int(budget)
    masks = _flag(cells, "masks")
    if masks not in (True, False, None):
        raise ValueError(f"its masks is {masks!r}, not true or false")
    return RunSurvey(_source(cells, folder), target, file_of(id), _where(cells, folder), size, None, way, views, id=id, masks=bool(masks))


def file_of(id: str) -> str:
    """The name of the file of a row that is surveyed: another one for each id."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", id).strip("._")[:80]
    return f"{plain}.gpkg" if plain == id != "" else f"{plain or 'row'}-{hashlib.sha256(id.encode()).hexdigest()[:8]}.gpkg"


def _number(cells: Cells, name: str) -> float | None:
    value = cells.get(name)
    try:
        number = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else value
    except ValueError:
        number = ""
    if number is not None and not (isinstance(number, float) and 0 < number < float("inf")):
        raise ValueError(f"its {name} is {value!r}, not a number above 0")
    return number


def _error(cells: Cells) -> ZoomEarthError:
    """Why a manifest says that a row can't be asked."""
    error = texts.parse(cells["error"]) if isinstance(cells["error"], str) else cells["error"]
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        raise ValueError(f"its error is {error!r}, not an object with code, message and hint")
    return ZoomEarthError.of(error)


def _another(id: Id, used: Iterable[Id]) -> str:
    """The id of a row whose own is another row's."""
    return next(name for at in range(2, 10**9) if (name := f"{id}#{at}") not in used)


def _source(cells: Cells, folder: Path) -> SceneSource:
    if "path" in cells and "image" in cells:
        raise ValueError("it has a path and an image: one of them is the raster's")
    stretch = _numbers(cells, "stretch")
    if isinstance(stretch, list) and stretch and len(stretch) % 2 == 0 and not any(isinstance(value, list) for value in stretch):
        stretch = [stretch[at : at + 2] for at in range(0, len(stretch), 2)]
    data = {
        "path": _resolved(_text(cells, "image" if "image" in cells else "path"), folder),
        "bands": _numbers(cells, "bands"),
        "stretch": stretch,
        "force_remote_scan": _flag(cells, "force_remote_scan"),
    }
    return from_json(SceneSource, data, "row")


def _flag(cells: Cells, name: str) -> Any:
    """True, False or None, and any other value as it is."""
    value = cells.get(name)
    return {"true": True, "false": False}.get(value.strip().lower(), value) if isinstance(value, str) else value


def _compare(cells: Cells, source: SceneSource, folder: Path) -> Compare | None:
    """The second raster, in the same bands."""
    if not cells.get("compare"):
        return None
    return Compare(replace(source, path=_resolved(_text(cells, "compare"), folder), stretch=None))


def _where(cells: Cells, folder: Path) -> Where | None:
    data = {name: _numbers(cells, name) for name in PLACES[:3] if name in cells}
    if "within" in cells:
        data["within"] = _resolved(_text(cells, "within"), folder)
    return from_json(Where, data, "row") if data else None


def _policy(cells: Cells) -> dict[str, Any] | None:
    if "max_zooms" not in cells:
        return None
    value = cells["max_zooms"]
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"its max_zooms is {value!r}, not a whole number from 0 on")
    return {"max_zooms": value}


def _answer_type(cells: Cells) -> AnswerType | None:
    choices, kind, fields = cells.get("choices", ""), cells.get("type", ""), cells.get("fields")
    if fields:  # as a manifest has them
        return from_json(AnswerType, {"kind": FIELDS_TYPE, "fields": texts.parse(fields) if isinstance(fields, str) else fields}, "row")
    if isinstance(choices, str) and choices.startswith("["):
        choices = texts.parse(choices)
    if isinstance(choices, list):
        return AnswerType(CHOICE, tuple(map(str, choices)))
    if not isinstance(choices, str) or not isinstance(kind, str):
        raise ValueError(f"its type is {kind!r} and its choices are {choices!r}: they are texts")
    return parse_type(kind.strip().lower(), choices)


def _type_cells(answer_type: AnswerType | None) -> dict[str, Any]:
    """The inverse of `_answer_type`."""
    if answer_type is None:
        return {}
    if answer_type.fields:
        return {"fields": to_json(answer_type.fields)}
    return {"choices": list(answer_type.choices)} if answer_type.choices else {"type": answer_type.kind}


def _text(cells: Cells, name: str) -> str:
    value = cells.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"its {name} is {value!r}, not a text")
    if not value.strip():
        raise ValueError(f"it has no {name}")
    return texts.well_formed(value.strip())


def _numbers(cells: Cells, name: str) -> Any:
    """A list as it is, or out of a cell: JSON, or numbers between commas, semicolons or blanks. A lone number is a list of one."""
    value = cells.get(name)
    if not isinstance(value, str):
        return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    if value.strip().startswith("["):
        return texts.parse(value)
    try:
        return [float(part) if re.search(r"[^\d+-]", part) else int(part) for part in re.split(r"[,;\s]+", value.strip())]
    except ValueError:
        raise ValueError(f"its {name} is {value!r}, not numbers separated by commas") from None


def _resolved(path: str, folder: Path) -> str:
    """A relative path as one from the folder; an address as it is."""
    beside = os.path.abspath(folder / path)
    return path if ADDRESS.match(path) and not texts.is_file(Path(beside)) else beside
