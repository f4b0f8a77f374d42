"""Converts dataclasses to JSON and back, and checks the types of their annotations.

Annotations may be str, int, float, bool, Any, Optional, Union of dataclasses and plain types, List, Tuple, Dict[str, ...] and dataclasses
of these, written with `typing` (Python 3.9 can't evaluate `int | None`). Conditions beyond the type are checked in `__post_init__`, which
raises ValueError.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any, Dict, Mapping, Type, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
LARGEST = 1e300  # larger numbers are refused: Python's JSON reads any number of digits


def to_json(value: Any, nulls: bool = False) -> Any:
    """JSON-able: dataclasses become objects, tuples become lists, a number that is NaN or infinite becomes None.

    nulls: fields of dataclasses that are None are written as null; otherwise they are left out.
    """
    if dataclasses.is_dataclass(value):
        pairs = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {name: to_json(entry, nulls) for name, entry in pairs if nulls or entry is not None}
    if isinstance(value, Mapping):
        return {name: to_json(entry, nulls) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(entry, nulls) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def from_json(kind: Type[T], data: Any, name: str = "") -> T:
    """The dataclass for a JSON object. Null means that a field is left out. Raises ValueError with a sentence that names the field."""
    name = name or kind.__name__.lower()
    if not isinstance(data, Mapping):
        raise ValueError(f"{name} is {_shown(data)}, not an object.")
    hints: Dict[str, Any] = _hints(kind)  # type: ignore[arg-type]
    given = {key: value for key, value in data.items() if value is not None}
    if unknown := sorted(set(map(str, given)) - set(hints)):
        raise ValueError(f"{name} has no field {unknown[0]!r}; it has {', '.join(hints)}.")
    values = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        if field.name in given:
            values[field.name] = _checked(hints[field.name], given[field.name], f"{name}.{field.name}", secret=not field.repr)
        elif type(None) in get_args(hints[field.name]):
            values[field.name] = None
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ValueError(f"{name} lacks its field {field.name!r}.")
    try:
        return kind(**values)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _checked(hint: Any, value: Any, name: str, secret: bool = False) -> Any:
    origin, inside = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin is Union:
        kinds = [each for each in inside if each is not type(None)]
        if len(kinds) == 1:
            return _checked(kinds[0], value, name, secret)
        for each in kinds:
            try:
                return _checked(each, value, name, secret)
            except ValueError:
                continue
    elif dataclasses.is_dataclass(hint):
        return from_json(hint, value, name)  # type: ignore[arg-type]
    elif origin in (tuple, list) and isinstance(value, (list, tuple)):
        if origin is list or inside[-1] is Ellipsis:
            parts = [_checked(inside[0], entry, f"{name}[{at}]", secret) for at, entry in enumerate(value)]
            return parts if origin is list else tuple(parts)
        if len(value) == len(inside):
            return tuple(_checked(each, entry, f"{name}[{at}]", secret) for at, (each, entry) in enumerate(zip(inside, value)))
    elif origin is dict and isinstance(value, Mapping):
        return {str(key): _checked(inside[1], entry, f"{name}.{key}", secret) for key, entry in value.items()}
    elif hint is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        if -LARGEST < value < LARGEST:
            return float(value)
    elif hint is int and isinstance(value, bool):
        pass
    elif isinstance(hint, type) and isinstance(value, hint):
        return value
    raise ValueError(f"{name} is {'...' if secret else _shown(value)}: it must be {_words(hint)}.")


@functools.cache
def _hints(kind: type) -> Dict[str, Any]:
    return {field.name: get_type_hints(kind)[field.name] for field in dataclasses.fields(kind)}


def _words(hint: Any) -> str:
    """The name of a type in a sentence."""
    plain = {str: "a string", int: "a whole number", float: "a finite number", bool: "true or false"}
    origin, inside = get_origin(hint), get_args(hint)
    if hint in plain:
        return plain[hint]
    if dataclasses.is_dataclass(hint):
        return f"the object {hint.__name__}"  # type: ignore[union-attr]
    if origin is Union:
        return " or ".join(_words(each) for each in inside if each is not type(None))
    if origin is list or (origin is tuple and inside[-1] is Ellipsis):
        return f"a list, each entry {_words(inside[0])}"
    if origin is tuple:
        return f"a list of {len(inside)} entries, each {_words(inside[0])}"
    return "an object"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
