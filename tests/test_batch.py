"""A batch: the valid rows, the accidents that a run survives, and the lines that it writes."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from evaluating import PROFILE, ByRule
from hypothesis import example, given
from hypothesis import strategies as st
from quirks import Answer, Quirks, chunk, streamed
from rasters import make

from zoomearth.backend import batch
from zoomearth.backend.answer import IN_HAND
from zoomearth.backend.batch import question_of, run
from zoomearth.backend.cli import batch as command
from zoomearth.backend.cli.main import main
from zoomearth.backend.engines.remote import RemoteEngine
from zoomearth.backend.opened import OPEN
from zoomearth.backend.rows import BadRow
from zoomearth.backend.rows.files import read
from zoomearth.backend.scene.scene import Scene
from zoomearth.core.requests import Ask
from zoomearth.core.source import SceneSource, Seen, Where
from zoomearth.core.typed import from_json

CHILD = Path(__file__).with_name("batching.py")
SIDES = (160, 120)
ASKED = ["id", "source", "question", "where", "policy", "answer_type"]
FIELDS = [
    *ASKED,
    "answer",
    "value",
    "unreadable",
    "confidence",
    "meaningless",
    "stopped",
    "why",
    "first",
    "zooms",
    "tools",
    "scene",
    "place",
    "seconds",
    "model",
    "dialect",
    "error",
    "spec",
]


@pytest.fixture
def scenes(tmp_path):
    """Five georeferenced rasters, 160 x 120 pixels of half a metre."""
    for at in range(5):
        pixels = np.random.default_rng(at).integers(0, 255, (3, SIDES[1], SIDES[0]), dtype=np.uint8)
        make(tmp_path / f"{at}.tif", pixels)
    return tmp_path


@pytest.fixture
def engine(monkeypatch):
    engine = ByRule()
    monkeypatch.setattr(command, "open_engine", lambda settings, **_: engine)
    return engine


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def comparable(path):
    """The last line of each id, without its times."""
    return {line["id"]: {**line, "seconds": None} for line in lines(path)}


def test_a_batch_killed_five_times_equals_one_that_was_not(scenes):
    """400 rows, one of them bad and one without a raster: no row is lost, and no written row is asked again."""
    rows = [{"path": f"{at % 5}.tif", "question": f"Is {at} {('global', 'object')[at % 2]}?"} for at in range(400)]
    rows[7] = {"path": "0.tif"}
    rows[11]["path"] = "none.tif"
    file = write(scenes / "rows.jsonl", rows)

    def start(out, log, pace):
        command = [sys.executable, str(CHILD), str(scenes / log), str(pace), "batch", str(file), "--out", str(scenes / out), "--json"]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    whole = start("whole.jsonl", "whole.log", 0)
    rng, out, written = random.Random(), scenes / "killed.jsonl", 0
    for kill in range(5):
        process = start("killed.jsonl", f"{kill}.log", 0.01)
        until = written + rng.randint(5, 60)
        while (out.read_bytes().count(b"\n") if out.exists() else 0) < until:
            assert process.poll() is None, process.stderr.read().decode()
            time.sleep(0.005)
        time.sleep(rng.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        before = out.read_bytes()
        written = before.count(b"\n")
        answered = {json.loads(line)["question"] for line in before.splitlines(keepends=True) if line.endswith(b"\n")}
        if kill % 2:
            with out.open("ab") as torn:
                torn.write(b'{"id": "39')
    last = start("killed.jsonl", "5.log", 0)
    counts = [json.loads(process.communicate(timeout=200)[0]) for process in (whole, last)]
    assert [each.pop("out") for each in counts] == [str(scenes / "whole.jsonl"), str(out)]
    assert counts[0] == counts[1] == {"rows": 400, "answered": 398, "unreadable": 0, "failed": 2, "meaningless": 0}
    assert whole.returncode == last.returncode == 1
    assert comparable(out) == comparable(scenes / "whole.jsonl")
    assert len(lines(out)) == 400, "a row has two lines"
    assert out.read_bytes().startswith(before), "what was written was changed"
    asked = Counter(question for kill in range(6) for question in (scenes / f"{kill}.log").read_text().splitlines())
    assert len(asked) == 398
    assert answered.isdisjoint((scenes / "5.log").read_text().splitlines()), "what was written down was asked again"
    assert sum(asked.values()) <= 398 + 5 * 8 * IN_HAND


def test_ctrl_c_keeps_what_is_done_and_the_same_command_continues(scenes):
    file = write(scenes / "rows.jsonl", [{"path": "0.tif", "question": f"Is {at} global?"} for at in range(60)])
    arguments = ["batch", str(file), "--out", str(scenes / "out.jsonl")]
    process = subprocess.Popen(
        [sys.executable, str(CHILD), str(scenes / "log"), "0.02", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    until = time.monotonic() + 60
    while not ((scenes / "out.jsonl").exists() and (scenes / "out.jsonl").read_bytes()) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"the same command continues from here" in error
    assert b"Traceback" not in error
    done = lines(scenes / "out.jsonl")
    assert 0 < len(done) < 60
    again = subprocess.run([sys.executable, str(CHILD), str(scenes / "log2"), "0", *arguments], capture_output=True, timeout=60)
    assert again.returncode == 0
    assert again.stdout == b"60 answered of 60\n"
    assert {line["question"] for line in done}.isdisjoint((scenes / "log2").read_text().splitlines())
    assert len(lines(scenes / "out.jsonl")) == 60


def test_each_row_has_one_line_with_all_that_came_of_it(scenes, engine, capsys):
    rows = [
        {"id": "a", "path": "0.tif", "question": "Is 1 object?", "window": [10, 20, 110, 100]},
        {"id": 7, "image": "1.tif", "question": "Is 1 object?", "bands": [3, 2, 1], "stretch": [[0, 200]] * 3, "max_zooms": 0},
        {"path": "none.tif", "question": "Is it?"},
    ]
    file = write(scenes / "rows.jsonl", rows)
    assert main(["batch", str(file), "--out", str(scenes / "new" / "out.jsonl")]) == 1
    assert capsys.readouterr().out == "2 answered, 1 failed of 3\n"
    done = {line["id"]: line for line in lines(scenes / "new" / "out.jsonl")}
    assert set(done) == {"a", "7", "3"}
    assert all(list(line) == FIELDS for line in done.values())
    first, second, failed = done["a"], done["7"], done["3"]
    assert (first["answer"], first["stopped"], first["model"], first["error"]) == ("yes", "answered", "by rule", None)
    assert from_json(Where, first["where"]) == Where(window=(10, 20, 110, 100))
    begun = from_json(Seen, first["first"])
    assert (begun.step, begun.roi, begun.window) == (0, None, (10, 20, 110, 100))
    seen = from_json(Seen, first["zooms"][0])
    assert (seen.step, seen.label) == (1, "it")
    assert 10 <= seen.window[0] < seen.window[2] <= 110
    assert len(seen.polygon) == 5
    assert second["zooms"] == []
    assert second["stopped"] == "limit"
    assert second["policy"] == {"max_zooms": 0}
    assert from_json(SceneSource, second["source"]) == SceneSource(str(scenes / "1.tif"), (3, 2, 1), ((0, 200),) * 3)
    assert (failed["answer"], failed["first"]) == (None, None)
    assert failed["error"] == {"code": "scene", "message": f"There is no file {scenes / 'none.tif'}.", "hint": "Check the path."}


def test_only_what_failed_is_asked_again_and_an_error_stands_once(scenes, engine, capsys):
    file = write(scenes / "rows.jsonl", [{"path": f"{at}.tif", "question": "Is 1 global?"} for at in (0, 8, 9)])
    arguments = ["batch", str(file), "--out", str(scenes / "out.jsonl")]
    assert main(arguments) == 1
    assert main(arguments) == 1
    assert len(lines(scenes / "out.jsonl")) == 3
    assert len(engine.talks) == 1
    (scenes / "8.tif").write_bytes((scenes / "1.tif").read_bytes())
    assert main([*arguments, "--json"]) == 1
    counts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (counts["answered"], counts["failed"]) == (2, 1)
    (scenes / "9.tif").write_bytes((scenes / "1.tif").read_bytes())
    with file.open("a") as more:
        more.write(json.dumps({"path": "4.tif", "question": "Is 2 global?"}) + "\n")
    assert main(arguments) == 0
    assert len(engine.talks) == 4


def test_an_answer_to_something_else_is_never_taken_for_a_rows_own(scenes, engine, capsys):
    file = write(scenes / "rows.jsonl", [{"path": "0.tif", "question": "Is 1 global?"}])
    arguments = ["batch", str(file), "--out", str(scenes / "out.jsonl")]
    assert main(arguments) == 0
    before = (scenes / "out.jsonl").read_bytes()
    write(file, [{"path": "0.tif", "question": "Is 2 global?", "window": [0, 0, 9, 9]}])
    assert main(arguments) == 2
    assert "with the id '1' to something else: its question, where differs" in capsys.readouterr().err
    assert (scenes / "out.jsonl").read_bytes() == before


def test_a_table_and_json_lines_are_the_same_rows(tmp_path):
    ring = [[0, 0], [9, 0], [9, 9]]
    rows = [
        {"id": "a", "path": "x/0.tif", "question": 'How many, and "where"?\nAll of them.', "window": [0, 0.5, 9, 9], "max_zooms": 2},
        {"path": "https://example.org/a.tif?key=1", "question": "Größe?", "bounds": [-5, -6, 7, 8], "bands": [4, 3, 2]},
        {"path": str(tmp_path / "0.tif"), "question": "q", "outline": [ring, ring], "stretch": [[0, 3000], [0, 2e3], [1, 2]]},
        {"path": 'NETCDF:"a.nc":v', "question": "q", "within": "polygons.gpkg", "bands": [4], "force_remote_scan": True},
    ]
    expected = read(write(tmp_path / "rows.jsonl", rows)).rows
    assert not any(isinstance(row, BadRow) for row in expected)
    assert expected[0].source.path == str(tmp_path / "x" / "0.tif")
    assert expected[1].source.path == rows[1]["path"]
    assert expected[3].where == Where(within=str(tmp_path / "polygons.gpkg"))
    names = list(dict.fromkeys(name for row in rows for name in row))
    for delimiter, flat in ((",", ", "), (";", ","), ("\t", " ")):
        for encoding in ("utf-8", "utf-8-sig", "utf-16"):
            with (tmp_path / "rows.csv").open("w", newline="", encoding=encoding) as file:
                table = csv.writer(file, delimiter=delimiter)
                table.writerow([name.upper() + " " for name in names])
                for row in rows:
                    table.writerow([_cell(row.get(name), flat) for name in names])
                file.write(delimiter * (len(names) - 1) + "\r\n")
            assert read(tmp_path / "rows.csv").rows == expected


def _cell(value, flat):
    if isinstance(value, list) and not any(isinstance(each, list) for each in value):
        return flat.join(map(str, value))
    return json.dumps(value) if isinstance(value, (list, bool)) else value


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"question": "q"}, "it has no path"),
        ({"path": "a.tif"}, "it has no question"),
        ({"path": "a.tif", "question": "  "}, "it has no question"),
        ({"path": 3, "question": "q"}, "its path is 3, not a text"),
        ({"path": "a.tif", "image": "b.tif", "question": "q"}, "a path and an image"),
        ({"path": "a.tif", "question": "q", "window": [0, 0, 9]}, "a list of 4"),
        ({"path": "a.tif", "question": "q", "window": [9, 0, 0, 9]}, "the smaller corner first"),
        ({"path": "a.tif", "question": "q", "window": "all"}, "not numbers"),
        ({"path": "a.tif", "question": "q", "window": [0, 0, 9, 9], "bounds": [0, 0, 9, 9]}, "one of window, bounds"),
        ({"path": "a.tif", "question": "q", "outline": [[[0, 0], [1, 1]]]}, "three corners"),
        ({"path": "a.tif", "question": "q", "bands": [1, 2]}, "one or three band numbers"),
        ({"path": "a.tif", "question": "q", "bands": "1.5"}, "a whole number"),
        ({"path": "a.tif", "question": "q", "stretch": [1, 2, 3]}, "row.stretch"),
        ({"path": "a.tif", "question": "q", "max_zooms": -1}, "not a whole number from 0 on"),
        ({"path": "a.tif", "question": "q", "max_zooms": True}, "not a whole number from 0 on"),
        ({"path": "a.tif", "question": "q", "id": [1]}, "its id"),
        ({"path": "a.tif", "question": "q", "id": "1"}, "the id '1' of another row"),
        ({"path": "a.tif", "question": "q", "window": [0, 0, float("nan"), 1]}, "finite"),
        ([1], "not a JSON object"),
        ("{torn", "JSON"),
    ],
)
def test_a_bad_row_is_one_sentence_and_the_others_are_read(tmp_path, row, why):
    text = row if row == "{torn" else json.dumps(row)
    (tmp_path / "rows.jsonl").write_text(json.dumps({"id": "1", "path": "a.tif", "question": "q"}) + "\n" + text + "\n")
    good, bad = read(tmp_path / "rows.jsonl").rows
    assert isinstance(good, Ask)
    assert isinstance(bad, BadRow)
    assert why in bad.error.message
    assert "Row 2 of rows.jsonl" in bad.error.message
    assert bad.id != "1"


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["id", "path", "question", "window", "bounds", "outline", "bands", "stretch", "max_zooms", "x"]),
            st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9), st.lists, max_leaves=9),
        ),
        min_size=1,
        max_size=6,
    )
)
@example(rows=[{"id": 2}])  # the number of the row behind it
def test_whatever_a_file_holds_each_row_is_one_with_an_id_of_its_own(tmp_path_factory, rows):
    rows = [*rows, {"path": "a.tif", "question": "q"}]
    table = read(write(tmp_path_factory.mktemp("rows") / "rows.jsonl", rows))
    assert len(table.rows) == len(rows)
    assert len({row.id for row in table.rows}) == len(rows)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("rows.csv", b"", "must name the columns path and question (or find), and has none"),
        ("rows.csv", b"file,what\na.tif,q\n", "must name the columns path and question (or find), and has 'file', 'what'"),
        ("rows.csv", b"path,question,question\na.tif,q,r\n", "its column 'question' is there twice"),
        ("rows.csv", b"path,question\n", "holds no rows"),
        ("rows.csv", "path,question\na.tif,Größe?\n".encode("cp1252"), "is not UTF-8"),
        ("rows.csv", b'path,question\na.tif,"open\n', "can't be read"),
        ("rows.csv", b"path,question\na.tif,How many, and where?\n", "more cells than the header"),
        ("rows.jsonl", b"", "holds no rows"),
        ("rows.jsonl", b"path,question\na.tif,q\n", "No row of"),
        ("rows.jsonl", b"II*\0\x08\0\xff\xff", "No row of"),
    ],
)
def test_a_file_that_holds_no_rows_is_one_sentence_and_nothing_is_written(tmp_path, engine, capsys, name, content, says):
    (tmp_path / name).write_bytes(content)
    assert main(["batch", str(tmp_path / name), "--out", str(tmp_path / "out.jsonl")]) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "out.jsonl").exists()


def test_wrong_commands_are_one_sentence(scenes, engine, capsys):
    file = write(scenes / "rows.jsonl", [{"path": "0.tif", "question": "Is 1 global?", "windw": [0, 0, 1, 1]}])
    content = file.read_bytes()
    for arguments, says in [
        ([str(file), "--out", str(file)], "the file of the rows itself"),
        ([str(scenes / "no.csv"), "--out", "x.jsonl"], "does not exist"),
        ([str(file), "--out", str(scenes)], "can't be written"),
        ([str(file), "--out", str(scenes / "0.tif")], "is not a file of results"),
        ([str(file), "--out", "x.jsonl", "--concurrency", "3"], "--concurrency is for a model on a server"),
        ([str(file), "--out", "x.jsonl", "--batch", "3", "--remote", "http://localhost:9"], "--batch is for a model on this machine"),
        ([str(file), "--out", "x.jsonl", "--batch", "0"], "is not a whole number of at least 1"),
    ]:
        raster = (scenes / "0.tif").read_bytes()
        assert main(["batch", *arguments]) == 2, arguments
        assert says in capsys.readouterr().err
        assert (scenes / "0.tif").read_bytes() == raster
    assert file.read_bytes() == content
    assert main(["batch", str(file), "--out", str(scenes / "out.jsonl")]) == 0
    assert "are ignored: windw" in capsys.readouterr().err


GRID = (500_000.0, 4_600_000.0, 0.5)  # left and upper side, and pixels' size in metres


def on_map(x, y):
    return GRID[0] + x * GRID[2], GRID[1] - y * GRID[2]


def test_a_region_in_any_form_is_the_same_part_and_one_outside_costs_its_row(scenes):
    box = (20, 10, 100, 90)
    ring = tuple(on_map(x, y) for x, y in ((20, 10), (100, 10), (100, 90), (20, 90)))
    polygons = {"type": "Polygon", "coordinates": [[*map(list, ring), list(ring[0])]]}
    collection = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32615"}},
        "features": [{"type": "Feature", "properties": {}, "geometry": polygons}],
    }
    (scenes / "part.geojson").write_text(json.dumps(collection))
    (left, bottom), (right, top) = on_map(20, 90), on_map(100, 10)
    places = {
        "window": Where(window=box),
        "bounds": Where(bounds=(left, bottom, right, top)),
        "outline": Where(outline=(ring,)),
        "within": Where(within=str(scenes / "part.geojson")),
        "all": None,
        "outside": Where(window=(500, 500, 600, 600)),
        "off the map": Where(bounds=(0, 0, 1, 1)),
        "no file": Where(within=str(scenes / "no.gpkg")),
        "no policy": None,
    }
    for concurrent in (False, True):
        rows = [
            Ask(SceneSource(str(scenes / "0.tif")), "Is 1 global?", where, {"view": 20} if name == "no policy" else None, name)
            for name, where in places.items()
        ]
        results = {finished.row.id: finished for finished in run(ByRule(), rows, question_of, 3, concurrent)}
        assert set(results) == set(places)
        shown = {name: tuple(each.answered.outcome.views[0].view.window) for name, each in results.items() if each.answered}
        assert shown == {**dict.fromkeys(("window", "bounds", "outline", "within"), box), "all": (0, 0, *SIDES)}
        assert {results[name].error.code for name in ("outside", "off the map", "no file")} == {"scene"}
        assert results["no policy"].error.code == "data"
        assert "view=20" in results["no policy"].error.message


@pytest.mark.parametrize("concurrent", [False, True])
@pytest.mark.parametrize("fails", ["engine", "reading", "opening", "question"])
def test_whatever_fails_costs_its_own_row(scenes, monkeypatch, concurrent, fails):
    class Failing(ByRule):
        def one(self, talk):
            if fails == "engine" and "Is 3 " in talk.turns[1].text:
                raise TypeError("nobody foresaw this")
            return super().one(talk)

    before_open, before_part = Scene.open.__func__, Scene.part
    if fails == "opening":
        monkeypatch.setattr(Scene, "open", classmethod(lambda c, p, **o: 1 / 0 if "3.tif" in p else before_open(c, p, **o)))
    if fails == "reading":
        monkeypatch.setattr(Scene, "part", lambda scene, view: 1 / 0 if "3.tif" in scene.path else before_part(scene, view))
    if fails == "question":
        before = batch.region.resolve
        monkeypatch.setattr(batch.region, "resolve", lambda scene, where: 1 / 0 if "3.tif" in scene.path else before(scene, where))
    rows = [Ask(SceneSource(str(scenes / f"{at % 5}.tif")), f"Is {at} object?", id=str(at)) for at in range(5)]
    results = {finished.row.id: finished for finished in run(Failing(), rows, question_of, 4, concurrent)}
    assert set(results) == set("01234")
    assert [id for id, finished in sorted(results.items()) if finished.error] == ["3"]
    assert results["3"].error.code == "internal"


@pytest.mark.parametrize("concurrent", [False, True])
def test_scenes_are_shared_kept_for_a_while_and_closed(tmp_path, monkeypatch, concurrent):
    for at in range(OPEN + 4):
        make(tmp_path / f"{at}.tif", np.full((3, 120, 160), at, np.uint8))
    opened, closed = [], []
    before, close = Scene.open.__func__, Scene.close
    monkeypatch.setattr(Scene, "open", classmethod(lambda cls, path, **more: opened.append(path) or before(cls, path, **more)))
    monkeypatch.setattr(Scene, "close", lambda scene: closed.append(scene.path) or close(scene))
    rows = [Ask(SceneSource(str(tmp_path / f"{at}.tif")), f"Is {n} object?", id=f"{at}-{n}") for at in range(OPEN + 4) for n in range(6)]
    most, current = 0, 0
    for finished in run(ByRule(pace=0.001), rows, question_of, 4, concurrent):
        assert finished.answered
        current = len(opened) - len(closed)
        most = max(most, current)
    assert len(opened) == OPEN + 4
    assert sorted(opened) == sorted(closed)
    assert most <= OPEN + 4 * IN_HAND
    styled = [
        Ask(SceneSource(str(tmp_path / "0.tif"), bands=bands), "Is 1 global?", id=str(at)) for at, bands in enumerate([(1,), (2,), (1,)])
    ]
    opened.clear()
    assert len(list(run(ByRule(), styled, question_of, 2, concurrent))) == 3
    assert len(opened) == 2, "other bands are another source"


def test_rows_against_a_server_run_at_once_and_one_it_refuses_costs_itself(scenes):
    under_way, most, lock = 0, 0, threading.Lock()

    def reply(asked):
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.05)
        with lock:
            under_way -= 1
        if b"Is 13 " in asked.body:
            return Answer([b'{"error": {"message": "too many pictures"}}'], 413, "application/json")
        return Answer(streamed(chunk("<answer>yes</answer>"), chunk(finish="stop")))

    with Quirks(reply).serving() as quirks:
        engine = RemoteEngine(quirks.url, "m", profile=PROFILE, retries=0)
        rows = [Ask(SceneSource(str(scenes / f"{at % 5}.tif")), f"Is {at} global?", id=str(at)) for at in range(60)]
        results = {finished.row.id: finished for finished in run(engine, rows, question_of, 8, True)}
        engine.close()
    assert len(results) == 60
    assert [id for id, finished in results.items() if finished.error] == ["13"]
    assert 4 <= most <= 8
    assert quirks.connections <= 16


@pytest.mark.parametrize("concurrent", [False, True])
def test_a_cancelled_run_ends_soon_and_yields_no_row_that_was_not_over(scenes, concurrent):
    stop = threading.Event()
    rows = [Ask(SceneSource(str(scenes / "0.tif")), f"Is {at} global?", id=str(at)) for at in range(500)]
    done = []
    for finished in run(ByRule(pace=0.002), rows, question_of, 4, concurrent, stop.is_set):
        done.append(finished)
        if len(done) == 10:
            stop.set()
    assert 10 <= len(done) <= 10 + 3 * 4 * IN_HAND
    assert all(finished.answered.outcome.answer in ("yes", "no") for finished in done)
    started = time.monotonic()
    for _ in run(ByRule(pace=0.002), rows, question_of, 4, concurrent):
        break  # the consumer leaves
    assert time.monotonic() - started < 30


def test_no_key_of_an_address_is_written_down(scenes, engine):
    rows = [{"path": "http://me:pw1234@127.0.0.1:9/a.tif?sig=secret99", "question": "q"}, {"path": "0.tif", "question": "Is 1 global?"}]
    file = write(scenes / "rows.jsonl", rows)
    assert main(["batch", str(file), "--out", str(scenes / "out.jsonl")]) == 1
    text = (scenes / "out.jsonl").read_text()
    assert "secret99" not in text
    assert "pw1234" not in text
    assert "http://127.0.0.1:9/a.tif" in text


def test_help_teaches_by_an_example(root):
    done = subprocess.run(
        [sys.executable, str(root / "backend" / "__main__.py"), "batch", "--help"], capture_output=True, text=True, env={**os.environ}
    )
    assert done.returncode == 0
    assert "rows.csv --out answers.jsonl" in done.stdout
