"""Translations of the plugin: `python release/translate.py` updates resources/i18n/*.ts from the code, and compiles them.

Existing translations stay. Texts in tr() without a translation are listed, and the exit code is 1 while there are any: translate them in
the .ts file (by hand or with Qt Linguist) and run this again. For a new language, create an empty file: resources/i18n/zoomearth_fr.ts.
pylupdate is not used because some texts are not in tr(): labels and help of settings in core/settings.py, the tools of core/tools.py,
and resources/models.json.
"""

from __future__ import annotations

import ast
import json
import runpy
import shutil
import string
import subprocess
import sys
from pathlib import Path
from typing import Iterator
from xml.etree import ElementTree as Xml

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "resources" / "i18n"
MODELS = ROOT / "resources" / "models.json"
TOOLS = ROOT / "core" / "tools.py"
CONTEXT = "ZoomEarth"  # of plugin/i18n.py


def texts() -> dict[str, str]:
    """Every text that users read, and the first file that has it."""
    files: dict[str, str] = {}
    for file in (*sorted((ROOT / "plugin").rglob("*.py")), ROOT / "core" / "settings.py"):
        for text in _texts(ast.parse(file.read_text(encoding="utf-8"))):
            files.setdefault(text, file.relative_to(ROOT).as_posix())
    for text in _tool_texts():
        files.setdefault(text, TOOLS.relative_to(ROOT).as_posix())
    for model in json.loads(MODELS.read_text(encoding="utf-8")):
        for text in (model["title"], model["use"], model["licence"]):
            files.setdefault(text, MODELS.relative_to(ROOT).as_posix())
    return files


def _texts(tree: ast.AST) -> Iterator[str]:
    """The literal texts in tr("...") and in _setting(default, "label", "help", ...)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            arguments = {"tr": node.args[:1], "_setting": node.args[1:3]}.get(node.func.id, [])
            for each in arguments:
                if isinstance(each, ast.Constant) and each.value:
                    yield each.value


def _tool_texts() -> Iterator[str]:
    """Titles, summaries, names, choices, help and units of the tools and their parameters."""
    tools = runpy.run_path(str(TOOLS))
    for tool in tools["TOOLS"].values():
        yield from (tool.title, tool.summary)
        for parameter in tool.parameters:
            yield from map(tools["label"], (parameter.name, *parameter.choices))
            yield from filter(None, (parameter.help, parameter.unit))


def read(file: Path) -> dict[str, str]:
    """The finished translations of a .ts file."""
    if not file.stat().st_size:
        return {}
    messages = Xml.parse(file).iter("message")
    pairs = ((each.findtext("source", ""), each.find("translation")) for each in messages)
    return {source: entry.text or "" for source, entry in pairs if entry is not None and entry.get("type") is None and entry.text}


def write(file: Path, translations: dict[str, str]) -> list[str]:
    """Writes the .ts file with every text, in the order of the code; returns the texts without a translation."""
    language = file.stem.rpartition("_")[2]
    document = Xml.Element("TS", version="2.1", language=language, sourcelanguage="en")
    context = Xml.SubElement(document, "context")
    Xml.SubElement(context, "name").text = CONTEXT
    missing = []
    for text, where in texts().items():
        message = Xml.SubElement(context, "message")
        Xml.SubElement(message, "location", filename=f"../../{where}")
        Xml.SubElement(message, "source").text = text
        entry = Xml.SubElement(message, "translation")
        if text in translations:
            entry.text = translations[text]
        else:
            entry.set("type", "unfinished")
            missing.append(text)
    Xml.indent(document, " " * 4)
    body = Xml.tostring(document, encoding="unicode")
    file.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{body}\n', encoding="utf-8", newline="\n")
    return missing


def faults(text: str, translation: str) -> str:
    """What is wrong with a translation, or "": it must have the same {values} as the text, because formatting it would fail otherwise."""
    values = [sorted(name or "" for _, name, _, _ in string.Formatter().parse(each) if name is not None) for each in (text, translation)]
    if "{" in text and values[0] != values[1]:
        return f"names {values[1]}, not {values[0]}"
    if text.count("<") != translation.count("<"):
        return "has other tags"
    return ""


def main() -> int:
    lrelease = shutil.which("lrelease")
    if lrelease is None:
        sys.exit("translate.py: lrelease is not installed: on Debian and Ubuntu it is in qttools5-dev-tools.")
    code = 0
    for file in sorted(FOLDER.glob("*.ts")):
        translations = read(file)
        for text in write(file, translations):
            print(f"{file.name}: not translated: {text!r}")
            code = 1
        for text, translation in translations.items():
            if fault := faults(text, translation):
                print(f"{file.name}: {translation!r} {fault}")
                code = 1
        subprocess.run([lrelease, "-silent", str(file), "-qm", str(file.with_suffix(".qm"))], check=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
