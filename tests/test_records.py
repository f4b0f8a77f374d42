"""A journal of results, after a kill, with a full disk, after an editor, and with a second process."""

import json
import os
import resource
import signal
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomearth.backend.records import Journal
from zoomearth.core.errors import DataError

SPEC = {"model": "m", "policy": {"view": 512, "native": None}}


def journal(path, spec=SPEC):
    return Journal(path, spec, "id", dict, dict)


def filled(path, count=3):
    with journal(path) as opened:
        for at in range(count):
            opened.add({"id": str(at), "answer": f"ü {at}\u2028"})
    return path


@given(cut=st.integers(1, 400))
def test_wherever_a_kill_cuts_the_file_whole_lines_stay_and_the_next_start_continues(tmp_path_factory, cut):
    path = filled(tmp_path_factory.mktemp("cut") / "x.jsonl")
    data = path.read_bytes()
    path.write_bytes(data[: max(0, len(data) - cut)])
    rest = path.read_bytes()
    whole = data[: len(rest) + 1].count(b"\n")  # a line without its newline is complete
    with journal(path) as again:
        assert list(again.lines) == [str(at) for at in range(whole)]
        for at in range(whole, 3):
            again.add({"id": str(at), "answer": f"ü {at}\u2028"})
    assert path.read_bytes() == data


def test_the_last_line_of_a_key_counts_and_earlier_ones_stay(tmp_path):
    path = filled(tmp_path / "x.jsonl")
    with journal(path) as again:
        again.add({"id": "1", "answer": "other"})
    with journal(path) as again:
        assert again.lines["1"]["answer"] == "other"
    assert len(path.read_text().splitlines()) >= 4


def test_a_damaged_line_costs_itself_only(tmp_path):
    path = filled(tmp_path / "x.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"\0\0garbage\n\n" + lines[2])
    with journal(path) as again:
        assert list(again.lines) == ["0", "2"]


def test_a_spec_with_tuples_is_the_same_run_again(tmp_path):
    for _ in range(2):
        with journal(tmp_path / "x.jsonl", {"bands": (1, 2)}) as opened:
            opened.add({"id": "a"})


@pytest.mark.parametrize(
    "content",
    [
        b"II*\0\x08\0\0\0some raster",
        b"path,question\na.tif,What?\n",
        b'{"model": "zoomearth-3b"}',
        b'{\n  "model": "zoomearth-3b"\n}',
        b'{"id": 3, "spec": {}}\n',
        b'{"path": "a.tif", "question": "What?"}\n',
        b"not results, without an end",
    ],
)
def test_a_file_of_something_else_is_refused_and_stays_as_it_is(tmp_path, content):
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match="is not a file of results"):
        journal(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("content", [b"", b"\n", b'{"i', b'{"id": "0", "answ'])
def test_an_empty_file_and_a_first_line_that_was_cut_off_are_begun_anew(tmp_path, content):
    (tmp_path / "x.jsonl").write_bytes(content)
    assert len(filled(tmp_path / "x.jsonl").read_text().strip("\n").split("\n")) == 3


def test_another_run_is_refused_by_what_differs_and_nothing_is_lost(tmp_path):
    path = filled(tmp_path / "x.jsonl")
    before = path.read_bytes() + b'{"id": "3", "answ'
    path.write_bytes(before)
    with pytest.raises(DataError, match="another run: its dtype, model differs"):
        journal(path, {**SPEC, "model": "n", "dtype": "auto"})
    assert path.read_bytes() == before


def test_another_encoding_is_refused(tmp_path):
    path = filled(tmp_path / "x.jsonl")
    text = path.read_text()
    path.write_text(text, encoding="utf-8-sig")
    with journal(path) as again:
        assert len(again.lines) == 3
    path.write_text(text, encoding="utf-16")
    with pytest.raises(DataError, match="is in UTF-16"):
        journal(path)


def test_a_place_that_takes_no_file_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "x.jsonl", tmp_path / ("n" * 300), tmp_path / "a\0b"):
        with pytest.raises(DataError, match="can't be written"):
            journal(path)


def test_two_processes_never_write_one_file(root, tmp_path):
    path = filled(tmp_path / "x.jsonl")
    with journal(path), pytest.raises(DataError, match="in use by another run"):
        journal(path)
    program = "import sys, time; from zoomearth.backend.records import Journal; from pathlib import Path\n" + (
        f"opened = Journal(Path(sys.argv[1]), {SPEC!r}, 'id', dict, dict)\nprint('open', flush=True); time.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": str(root / ".build" / "path")}
    child = subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, env=environment)
    try:
        assert child.stdout.readline() == b"open\n"
        with pytest.raises(DataError, match="in use by another run"):
            journal(path)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    journal(path).close()


def test_a_full_disk_leaves_whole_lines_and_the_file_goes_on_when_there_is_room(tmp_path):
    path = filled(tmp_path / "x.jsonl")
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with journal(path) as opened:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, limits[1]))
        try:
            with pytest.raises(DataError, match="can't be written") as caught:
                opened.add({"id": "3", "answer": "x" * 100})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert "continues" in caught.value.hint
        assert path.read_bytes() == before
        assert "3" not in opened.lines
        opened.add({"id": "3", "answer": "x" * 100})
    assert json.loads(path.read_bytes().splitlines()[-1])["id"] == "3"
