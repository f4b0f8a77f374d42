"""Rows of a batch that are surveyed: what a line has, the files, the join, a kill, a manifest, a folder."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyogrio
import pytest
from rasters import make
from surveying import ByTruth
from test_survey_command import SIDES, THINGS, layer, lines, until

from zoomearth.backend.cli import batch as command
from zoomearth.backend.cli.main import main
from zoomearth.backend.engines import Reply
from zoomearth.backend.handout import Work
from zoomearth.backend.rows import BadRow, manifest
from zoomearth.backend.rows.cells import file_of
from zoomearth.backend.rows.files import read
from zoomearth.core.errors import EngineError
from zoomearth.core.requests import Ask, RunSurvey
from zoomearth.core.source import SceneSource, Where

CHILD = Path(__file__).with_name("surveying.py")
FIND = {"find": "planes", "size": 20}


class Both(ByTruth):
    """Marks what is there in a survey's views, and answers any question with yes."""

    def one(self, talk):
        return super().one(talk) if talk.dialect.marks else Reply("<answer>yes</answer>")


@pytest.fixture
def bays(tmp_path):
    """Two rasters, and a folder to write into."""
    for name in ("north.tif", "south.tif"):
        make(tmp_path / name, np.random.default_rng(1).integers(0, 255, (3, SIDES[1], SIDES[0]), dtype=np.uint8))
    return tmp_path


@pytest.fixture
def engine(monkeypatch):
    engine = Both(THINGS)
    monkeypatch.setattr(command, "open_engine", lambda settings, **_: engine)
    return engine


def rows(folder, *given, name="rows.jsonl"):
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in given))
    return str(folder / name)


def written(file):
    return {line["id"]: line for line in map(json.loads, Path(file).read_text().splitlines())}


def test_a_row_with_find_is_surveyed_and_its_answer_is_the_count(bays, engine, capsys):
    file = rows(
        bays,
        {"id": "north", "path": "north.tif", **FIND},
        {"id": "a part", "path": "south.tif", **FIND, "window": [0, 0, 300, 300]},
        {"id": "asked", "path": "south.tif", "question": "Is there a plane?"},
        {"id": "gone", "path": "gone.tif", **FIND},
    )
    out = bays / "answers.jsonl"
    assert main(["batch", file, "--out", str(out), "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "rows": 4,
        "answered": 3,
        "unreadable": 0,
        "failed": 1,
        "meaningless": 0,
        "out": str(out),
    }
    lines_ = written(out)
    north, part = lines_["north"], lines_["a part"]
    assert (north["answer"], north["value"], north["survey"]["coverage"]) == (str(len(THINGS)), len(THINGS), 1.0)
    assert north["find"] == {"target": "planes", "size": 20.0, "way": "exhaustive"}
    assert north["survey"]["out"] == str(bays / "answers" / "north.gpkg")
    assert len(layer(north["survey"]["out"])[0]) == north["survey"]["count"]
    assert 0 < part["value"] < len(THINGS)
    assert Path(part["survey"]["out"]).name == file_of("a part")
    assert lines_["asked"]["answer"] == "yes"
    assert "gone.tif" in lines_["gone"]["error"]["message"]

    table = bays / "all.gpkg"
    assert main(["batch", "merge", str(out), "--out", str(table), "--json"]) == 1
    meta, _, _, columns = pyogrio.raw.read(table)
    joined = {row["exchange"]: row for row in (dict(zip(meta["fields"], values)) for values in zip(*columns))}
    assert joined["north"]["value"] == len(THINGS)
    assert joined["north"]["coverage"] == 1.0
    assert joined["north"]["out"] == north["survey"]["out"]
    assert joined["north"]["question"] == "Find all: planes"


def test_the_same_command_surveys_nothing_again_and_other_things_are_another_row(bays, engine, capsys):
    file, out = rows(bays, {"id": "north", "path": "north.tif", **FIND}), str(bays / "answers.jsonl")
    assert main(["batch", file, "--out", out]) == 0
    looked = len(engine.talks)
    assert main(["batch", file, "--out", out]) == 0
    assert len(engine.talks) == looked
    assert len(lines(bays / "answers.jsonl")) == 1
    capsys.readouterr()
    rows(bays, {"id": "north", "path": "north.tif", "find": "ships", "size": 20})
    assert main(["batch", file, "--out", out]) == 2
    assert "its find differs" in capsys.readouterr().err


def test_views_that_failed_are_looked_at_again(bays, engine):
    file, out = rows(bays, {"id": "north", "path": "north.tif", **FIND}), bays / "answers.jsonl"
    whole, calls = engine.one, []

    def failing(talk):
        calls.append(talk)
        if len(calls) in (5, 6, 7, 8, 9, 10):
            raise EngineError("The server is gone.")
        return whole(talk)

    engine.one = failing
    assert main(["batch", file, "--out", str(out)]) == 1
    line = written(out)["north"]
    assert line["answer"] is None
    assert "could not be looked at" in line["error"]["message"]
    engine.one = whole
    looked = len(engine.talks)
    assert main(["batch", file, "--out", str(out)]) == 0
    assert written(out)["north"]["value"] == len(THINGS)
    assert len(engine.talks) - looked <= 6


def test_a_killed_run_goes_on_where_the_survey_was(bays, tmp_path):
    """kill -9 in the middle of a survey: its views are not asked again, and the result is the same."""
    file = rows(bays, {"id": "north", "path": "north.tif", **FIND}, {"id": "south", "path": "south.tif", **FIND})
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps(THINGS))

    def start(pace, log, out="answers.jsonl"):
        arguments = [str(truth), str(tmp_path / log), pace, "batch", file, "--out", str(bays / out), "--batch", "2", "--json"]
        return subprocess.Popen([sys.executable, str(CHILD), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    whole = start("0", "whole.log", "whole.jsonl")
    out, error = whole.communicate(timeout=120)
    assert whole.returncode == 0, error
    kept = bays / "answers" / "south.gpkg.views.jsonl"
    child = start("0.05", "killed.log")
    until(lambda: len(lines(kept)) >= 5, child)
    child.kill()
    child.communicate()
    assert list(written(bays / "answers.jsonl")) == ["north"]
    last = start("0", "last.log")
    out, error = last.communicate(timeout=120)
    assert last.returncode == 0, error
    assert json.loads(out)["answered"] == 2
    counts = [{id: line["value"] for id, line in written(bays / name).items()} for name in ("answers.jsonl", "whole.jsonl")]
    assert counts[0] == counts[1] == {"north": len(THINGS), "south": len(THINGS)}
    total = len(lines(tmp_path / "whole.log"))
    asked = len(lines(tmp_path / "killed.log")) + len(lines(tmp_path / "last.log"))
    assert total <= asked <= total + 4  # only what was under way is asked again


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_a_manifest_keeps_what_is_to_be_found(bays, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="the extra zoomearth[parquet] is not installed")
    full = {**FIND, "way": "guided", "budget": 40, "masks": True}
    file = rows(
        bays,
        {"id": "a", "path": "north.tif", **full},
        {"id": "b", "path": "north.tif", "question": "What changed?", "compare": "south.tif"},
        {"id": "c", "path": "north.tif", "question": "What changed?", "compare": "gone.tif"},
    )
    assert main(["batch", "manifest", file, "--out", str(bays / f"listed{suffix}")]) == 1
    again, given = read(bays / f"listed{suffix}").rows, read(Path(file)).rows
    assert again[:2] == given[:2]
    assert given[0] == RunSurvey(
        SceneSource(str(bays / "north.tif")), "planes", "a.gpkg", None, 20.0, None, "guided", 40, id="a", masks=True
    )
    assert isinstance(again[2], BadRow)
    assert "gone.tif" in again[2].error.message
    assert manifest.has_secrets(replace(read(Path(file)), rows=[given[0]])) is False


def test_a_folder_is_surveyed_raster_by_raster(bays, engine, capsys):
    assert main(["batch", str(bays), "--find", "planes", "--out", str(bays / "found.jsonl"), "--json"]) == 0
    counts = {id: line["value"] for id, line in written(bays / "found.jsonl").items()}
    assert counts == dict.fromkeys(("north.tif", "south.tif"), len(THINGS))
    capsys.readouterr()
    assert main(["batch", str(bays), "Any?", "--find", "planes", "--out", str(bays / "x.jsonl")]) == 2
    assert "a question and something to find" in capsys.readouterr().err
    assert main(["batch", rows(bays, {"path": "north.tif", **FIND}), "--find", "ships", "--out", str(bays / "x.jsonl")]) == 2
    assert "give each row a field find" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"find": "planes", "question": "How many?"}, "one of the two"),
        ({"find": " "}, "has no find"),
        ({"find": "planes", "size": "huge"}, "its size is 'huge'"),
        ({"find": "planes", "budget": 0.5}, "its budget is 0.5"),
        ({"find": "planes", "way": "fast"}, "way is 'fast'"),
        ({"find": "planes", "masks": "some"}, "its masks is 'some'"),
    ],
)
def test_a_row_that_can_t_be_surveyed_says_why(cells, why, bays):
    file = rows(bays, {"path": "north.tif", **cells}, {"path": "north.tif", "question": "What?"})
    bad, _ = read(Path(file)).rows
    assert why in bad.error.message


def test_the_files_of_rows_have_names_of_their_own():
    assert file_of("bay-3") == "bay-3.gpkg"
    names = [file_of(id) for id in ("a/b", "a_b", "a b", "../a", "ä", "ö", "", "x" * 200)]
    assert len(set(names)) == len(names)
    assert not any("/" in name or name.startswith(".") for name in names)


@pytest.mark.parametrize("own_model", [True, False])
def test_on_a_cluster_each_survey_is_a_call_of_its_own(own_model):
    source = SceneSource("a.tif")
    asks = [Ask(source, "What?", id=f"q{number}") for number in range(3)]
    finds = [RunSurvey(source, "ships", f"{number}.gpkg", Where(window=(0, 0, 9, 9)), id=f"s{number}") for number in range(2)]
    work, calls = Work([*asks, *finds], own_model, 8), []
    while work.left():
        calls.append([row.id for row in work.next()])
    assert calls == [["q0", "q1", "q2"], ["s0"], ["s1"]]
