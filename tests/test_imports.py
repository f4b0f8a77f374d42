"""Who may import whom (docs/architecture.md): a wrong import would load torch in QGIS, or QGIS in the backend."""

import ast
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
PARTS = ("core", "plugin", "backend", "training")
MAY_USE = {"core": {"core"}, "plugin": {"core", "plugin"}, "backend": {"core", "backend"}, "training": {"core", "backend", "training"}}
NEVER = {"core": set(), "plugin": {"torch", "transformers", "PyQt5", "PyQt6"}, "backend": {"qgis"}, "training": {"qgis"}}
LOCAL = {
    f"backend/engines/{name}.py"
    for name in ("local", "kv_cache", "cuda_graph", "weights", "fit", "linear", "int8", "watch", "stock", "stock_cache", "processor")
}
HEAVY = {"torch", "transformers", "peft", "accelerate", "trl", "datasets"}
FILES = sorted(file for part in PARTS for file in (ROOT / part).rglob("*.py"))


def imports(file):
    """(part of ours or None, top-level package, whether at the top of the module) of every import of a file."""
    package = file.relative_to(ROOT).parent.parts
    tree = ast.parse(file.read_text(encoding="utf-8"))
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [(alias.name.split("."), 0) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [((node.module or "").split("."), node.level)]
            if node.level and not node.module:
                names = [([alias.name], node.level) for alias in node.names]
        else:
            continue
        for name, level in names:
            path = [*package[: len(package) + 1 - level], *name] if level else name[1:] if name[0] == "zoomearth" else []
            yield path[0] if path and path[0] in PARTS else None, name[0] if not level else "", id(node) in top


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_keep_to_the_design(file):
    part = file.relative_to(ROOT).parts[0]
    where = file.relative_to(ROOT).as_posix()
    for ours, package, at_top in imports(file):
        assert ours is None or ours in MAY_USE[part], f"{where} imports {ours}"
        assert package not in NEVER[part], f"{where} imports {package}"
        if part == "core" and package:
            assert package == "__future__" or package in sys.stdlib_module_names, (
                f"{where} imports {package}: core is standard library only"
            )
        if part == "backend" and package in HEAVY and at_top:
            assert where in LOCAL, f"{where} imports {package} at its top"


def modules():
    """Every module of ours by its path without suffix; a package by its folder."""
    paths = {file.relative_to(ROOT).with_suffix("").parts: file for file in FILES}
    return {parts[:-1] if parts[-1] == "__init__" else parts: file for parts, file in paths.items()}


def imported(module, known):
    """The modules that a file imports, anywhere in it."""
    package = module if known[module].name == "__init__.py" else module[:-1]
    for node in ast.walk(ast.parse(known[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = (*package[: len(package) - node.level + 1], *(node.module.split(".") if node.module else ()))
            for alias in node.names:
                target = (*base, alias.name) if (*base, alias.name) in known else base
                if target in known and target != module:
                    yield target


def circle(edges):
    """One circle of a graph, as its nodes in order; empty where there is none."""
    state, path = {}, []

    def visit(node):
        if state.get(node) == "done":
            return []
        if node in path:
            return path[path.index(node) :]
        path.append(node)
        for target in sorted(edges[node]):
            if match := visit(target):
                return match
        state[path.pop()] = "done"
        return []

    return next((match for node in sorted(edges) if (match := visit(node))), [])


def test_no_module_imports_itself_by_a_detour():
    known = modules()
    assert circle({module: set(imported(module, known)) for module in known}) == []


def test_no_room_imports_itself_by_a_detour():
    """Rooms are the folders of a part; a file beside them is a room of its own."""
    known = modules()
    rooms = {module: module[:2] for module in known}
    edges = {room: set() for room in rooms.values()}
    for module in known:
        edges[rooms[module]] |= {rooms[target] for target in imported(module, known)} - {rooms[module]}
    assert circle(edges) == []


def test_nothing_but_the_command_line_imports_the_demo_models_training():
    known = modules()
    importers = {module for module in known if any(target[:2] == ("training", "demo") for target in imported(module, known))}
    assert {module[:2] for module in importers} <= {("training", "demo")}


def test_a_circle_is_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_the_rule_has_files_to_look_at():
    assert {file.relative_to(ROOT).parts[0] for file in FILES} >= {"core", "backend", "training"}
