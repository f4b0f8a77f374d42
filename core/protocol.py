"""The messages between plugin or command line and backend: the requests (`requests.py`) and events (`events.py`) as JSON.

    -> {"op": "ask", "id": 1, "source": {"path": "city.tif"}, "question": "How many ships are there?"}
    <- {"event": "saw", "id": 1, ...}    {"event": "text", "id": 1, "delta": "..."}    {"event": "done", "id": 1, "result": {...}}

    -> {"op": "batch", "id": 2, "rows": [{"id": "a", "source": {"path": "city.tif"}, "question": "..."}, ...], "at_once": 8}
    <- {"event": "row_ended", "id": 2, "last": {"id": "a", "result": {...}}, ...}    {"event": "done", "id": 2, ...}

A request that is answered has an `id`, a string or a whole number that is used once in a process's life. For each id there is exactly one
of `done`, `failed`, `cancelled`, and it comes last. `core/wire.py` makes lines of these, `core/typed.py` checks their types.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Dict, Mapping, Optional, cast

from .errors import BackendError
from .events import Called, Cancelled, Done, Event, Failed, Progress, Proposed, Ready, RowEnded, RowStarted, Saw, Surveyed, Text
from .requests import LONGEST_ID, Ask, Batch, Cancel, Describe, Id, Load, Propose, Request, RunSurvey, RunTool, Stop, Test, is_id
from .typed import from_json, to_json

VERSION = 6
"""Of the protocol. Plugin and backend of one release have the same one."""

REQUESTS: Dict[str, Any] = {
    "load": Load,
    "ask": Ask,
    "batch": Batch,
    "tool": RunTool,
    "survey": RunSurvey,
    "propose": Propose,
    "describe": Describe,
    "test": Test,
    "cancel": Cancel,
    "stop": Stop,
}
EVENTS: Dict[str, Any] = {
    "ready": Ready,
    "progress": Progress,
    "saw": Saw,
    "called": Called,
    "surveyed": Surveyed,
    "proposed": Proposed,
    "text": Text,
    "row_started": RowStarted,
    "row_ended": RowEnded,
    "done": Done,
    "failed": Failed,
    "cancelled": Cancelled,
}
_NAMES = {kind: name for table in (REQUESTS, EVENTS) for name, kind in table.items()}


def request_to_json(request: Request) -> Dict[str, Any]:
    """With its name under `op`; fields that are None are left out."""
    return {"op": _NAMES[type(request)], **to_json(request)}


def event_to_json(event: Event) -> Dict[str, Any]:
    """With its name under `event`; fields that are None are null."""
    return {"event": _NAMES[type(event)], **to_json(event, nulls=True)}


def read_request(data: Mapping[str, Any]) -> Request:
    """Raises BackendError, with the field and what it must be."""
    request = _read(data, "op", REQUESTS)
    if not isinstance(request, Stop) and not is_id(request.id):
        id = str(request.id)[:20]
        raise BackendError(f"{data['op']}.id is {id!r}: it must be a whole number or a string of 1 to {LONGEST_ID} letters.")
    return cast(Request, request)


def read_event(data: Mapping[str, Any]) -> Event:
    """Raises BackendError. Unknown fields of `ready` are ignored, so that the version of a newer backend can be read."""
    if data.get("event") == "ready":
        data = {name: data[name] for name in ("event", *(each.name for each in fields(Ready))) if name in data}
    return cast(Event, _read(data, "event", EVENTS))


def id_of(data: Mapping[str, Any]) -> Optional[Id]:
    """The id of a message that can't be read otherwise."""
    value = data.get("id")
    return value if is_id(value) else None


def check_version(ready: Ready) -> None:
    """Raises BackendError where the backend speaks another version of the protocol, with what to update."""
    if ready.protocol == VERSION:
        return
    backend = f"the backend (ZoomEarth {ready.version}) version {ready.protocol}"
    message = f"Plugin and backend don't fit together: the plugin speaks version {VERSION} of the protocol, {backend}."
    if ready.protocol < VERSION:
        raise BackendError(message, "Update the backend: install the ZoomEarth of this plugin's release, and restart QGIS.")
    raise BackendError(message, "Update the plugin, or restart QGIS if the plugin was updated while QGIS was running.")


def _read(data: Mapping[str, Any], key: str, kinds: Mapping[str, Any]) -> Any:
    name = data.get(key)
    if data.get("op") == "unreadable":  # from `wire.LineReader`, whichever side reads
        raise BackendError(f"A line is not a JSON object: {data.get('line', '')!r}.", "Send one object a line, in ASCII or UTF-8.")
    if not isinstance(name, str) or name not in kinds:
        raise BackendError(f"There is no {key} {str(name)[:80]!r}.", f"It is one of {', '.join(kinds)}.")
    try:
        return from_json(kinds[name], {field: value for field, value in data.items() if field != key}, name)
    except ValueError as error:
        message = str(error)
        raise BackendError(
            message if message.endswith(".") else f"{message}.", "core/requests.py and core/events.py list the fields."
        ) from None
