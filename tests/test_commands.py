"""The command line: every command is found, has an example, is imported only when it runs, and fails with one sentence."""

import ast
import json
import subprocess
import sys

import pytest

from zoomearth.backend.cli.main import COMMANDS, main
from zoomearth.training.data.sets import BENCHMARKS

GROUPS = ("", "train", "label")
WITHIN = [*(f"evaluate {name}" for name in BENCHMARKS), "demo pretrain train", "demo pretrain export"]


def shown(arguments, capsys):
    """What `zoomearth ARGUMENTS` prints, which ends with exit code 0."""
    try:
        code = main(arguments)
    except SystemExit as stop:  # argparse, after --help
        code = stop.code
    assert code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", [*COMMANDS, *WITHIN, *GROUPS])
def test_every_help_teaches_by_an_example(name, capsys):
    text = shown([*name.split(), "--help"], capsys)
    assert text.startswith(f"usage: zoomearth {name}".rstrip())
    examples = text.partition("\nexamples:\n")[2].splitlines()
    assert any(line.startswith("  ") and "zoomearth" in line for line in examples)


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_lists_its_commands(group, capsys):
    for arguments in ([group] if group else [], [*group.split(), "-h"]):
        text = shown(arguments, capsys)
        assert all(f"  {name} " in text and command.summary in text for name, command in COMMANDS.items() if name.startswith(group))


def test_the_version_is_shown(capsys):
    assert shown(["--version"], capsys).startswith("zoomearth 0.")


@pytest.mark.parametrize(
    ("arguments", "says", "hint"),
    [
        (["nonsense"], "`zoomearth` has no command 'nonsense'", "`zoomearth --help`"),
        (["--nonsense"], "`zoomearth` has no command '--nonsense'", "`zoomearth --help`"),
        (["train", "dpo"], "`zoomearth train` has no command 'dpo'", "`zoomearth train --help`"),
        (["train", "--model", "m"], "`zoomearth train` has no command '--model'", "`zoomearth train --help`"),
        (["train", "sft"], "required: --model, --data, --out", "`zoomearth train sft --help`"),
        (["models", "download"], "needs a model's id", "`zoomearth models`"),
        (["demo", "scene"], "required: FOLDER", "`zoomearth demo scene --help`"),
        (["demo", "scene", "x", "--size", "0"], "is not a whole number of at least 1", "`zoomearth demo scene --help`"),
        (["demo", "pretrain"], "required: ACTION", "`zoomearth demo pretrain --help`"),
        (["evaluate"], "required: BENCHMARK", "`zoomearth evaluate --help`"),
        (["evaluate", "scenes", "--limit", "²"], "is not a whole number", "`zoomearth evaluate scenes --help`"),
        (["merge", "/nowhere", "out"], "/nowhere has no checkpoint", "folder of a checkpoint"),
        (["servable", "/nowhere", "out"], "/nowhere is no checkpoint", "folder of a model's files"),
        (["data", "/nowhere"], "/nowhere", ""),
        (["compare", "/nowhere/a", "/nowhere/b"], "does not exist", ""),
    ],
)
def test_a_wrong_command_line_is_one_sentence_a_hint_and_exit_code_2(arguments, says, hint, capsys):
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    message, remedy = printed.err.splitlines()
    assert message.startswith("zoomearth: ")
    assert says in message
    assert hint in remedy


def test_a_wrong_command_line_is_json_where_json_is_wanted(capsys):
    for arguments, code in (
        (["train", "dpo", "--json"], "usage"),
        (["ask", "x.tif", "--json"], "usage"),
        (["ask", "x.tif", "?", "--json"], "scene"),
    ):
        assert main(arguments) == 2
        printed = capsys.readouterr()
        assert printed.err == ""
        assert json.loads(printed.out)["error"]["code"] == code
    assert main(["ask", "x.tif", "?"]) == 2
    assert capsys.readouterr().err.startswith("zoomearth: "), "a wish for JSON ends with its command"


def test_a_path_that_the_system_refuses_is_one_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["demo", "scene", str(tmp_path / "file"), "--size", "256"]) == 2
    printed = capsys.readouterr().err
    assert str(tmp_path / "file") in printed
    assert len(printed.splitlines()) == 2


def modules_after(arguments, root):
    """The modules that a process has imported when `python -m zoomearth ARGUMENTS` ends."""
    script = (
        f"import runpy, sys\nsys.path.insert(0, {str(root / '.build' / 'path')!r})\nsys.argv = ['zoomearth', *{arguments!r}]\n"
        "try: runpy.run_module('zoomearth', run_name='__main__', alter_sys=True)\nfinally: print(sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["--version"], ["nonsense"]])
def test_the_list_of_commands_imports_none_of_them(arguments, root):
    modules = modules_after(arguments, root)
    assert "'zoomearth.backend.cli.main'" in modules
    assert not [name for name in ("torch", "numpy", "rich", "rasterio", "zoomearth.training") if f"'{name}'" in modules]


@pytest.mark.parametrize("name", ["describe", "check", "models", "serve", "compare", "data"])
def test_a_help_imports_no_torch(name, root):
    assert "'torch'" not in modules_after([*name.split(), "--help"], root)


def test_the_list_of_commands_costs_next_to_nothing(root):
    """It imports nothing but the standard library's modules and our own, in all fewer than numpy does alone."""

    def imported(statement):
        command = [sys.executable, "-c", f"{statement}\nimport sys; print(*sys.modules)"]
        return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())

    modules = set(ast.literal_eval(modules_after(["--help"], root))) - imported("")
    assert {name.split(".")[0] for name in modules} <= sys.stdlib_module_names | {"zoomearth"}
    assert len(modules) < len(imported("import numpy") - imported(""))


def test_each_command_stands_in_a_file(root):
    for command in COMMANDS.values():
        module, _, function = command.target.partition(":")
        text = (root / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8")
        assert f"\ndef {function}(parser: Parser) -> None:" in text
