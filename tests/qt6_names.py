"""Checks that Qt 6 has the plugin's Qt names. They are looked up in PyQt6, so neither QGIS 4 nor a display is needed.

Checked are the names imported from qgis.PyQt, every attribute chain that begins with one of them (`Qt.MouseButton.LeftButton`), and the
expressions that Qt 6 does not have any more. Names that QGIS's own shim adds are allowed.
"""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any, Iterator

SHIM = {"QtWidgets": ("QAction", "QActionGroup", "QShortcut", "QUndoCommand", "QUndoStack")}  # Qt 6 has these in QtGui
KINDS = {
    "Int",
    "UInt",
    "LongLong",
    "ULongLong",
    "Double",
    "String",
    "Bool",
    "Date",
    "Time",
    "DateTime",
    "List",
    "Map",
    "ByteArray",
    "Invalid",
}
GONE = {
    "exec_": "exec",
    "print_": "print",
    "globalPos": "globalPosition().toPoint()",
    "localPos": "position()",
    "windowPos": "scenePosition()",
    "screenPos": "globalPosition()",
    "toTime_t": "toSecsSinceEpoch",
    "setTabStopWidth": "setTabStopDistance",
    "qApp": "QApplication.instance()",
}


def faults(file: Path) -> list[str]:
    """A sentence for each name that Qt 6 lacks."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    known: dict[str, Any] = {}
    result = [f"{file.name}:{line} {said}" for line, said in _imports(tree, known)]
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in GONE:
            result.append(f"{file.name}:{node.lineno} .{node.attr} is gone: {GONE[node.attr]}")
        if isinstance(node, ast.Attribute) and id(node) not in inner and (chain := _chain(node)) and chain[0] in known:
            missing = _missing(known[chain[0]], chain)
            if missing:
                result.append(f"{file.name}:{node.lineno} {missing} is not there")
    return result


def _imports(tree: ast.AST, known: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Fills `known` with the Qt 6 object behind each imported name."""
    for node in ast.walk(tree):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            if name.split(".")[0] in ("PyQt5", "PyQt6", "PySide2", "PySide6", "sip"):
                yield node.lineno, f"imports {name}: qgis.PyQt is the only way to Qt"
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("qgis.PyQt"):
            continue
        for alias in node.names:
            module = (node.module or "").removeprefix("qgis.PyQt").lstrip(".") or alias.name
            home = "QtGui" if alias.name in SHIM.get(module, ()) else module
            try:
                library = importlib.import_module(f"PyQt6.{home}")
            except ImportError:
                yield node.lineno, f"PyQt6 has no {home}"
                continue
            if module == alias.name:
                known[alias.asname or alias.name] = library
            elif hasattr(library, alias.name):
                known[alias.asname or alias.name] = getattr(library, alias.name)
            else:
                yield node.lineno, f"{module}.{alias.name} is not there"


def _chain(node: ast.expr) -> list[str]:
    """`Qt.MouseButton.LeftButton` as its parts; empty where it does not begin with a name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [*parts, node.id][::-1] if isinstance(node, ast.Name) else []


def _missing(thing: Any, chain: list[str]) -> str:
    """The beginning of the chain that can't be resolved, or ""."""
    if chain[0] == "QVariant" and chain[1] in KINDS:
        return ""
    for end, name in enumerate(chain[1:], 2):
        if not hasattr(thing, name):
            return ".".join(chain[:end])
        thing = getattr(thing, name)
    return ""
