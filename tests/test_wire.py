"""One JSON object a line: however the pipe splits the bytes, each side reads what the other wrote."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoomearth.core.wire import MAX_LINE, LineReader, encode

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
MESSAGES = st.lists(st.dictionaries(st.text(), VALUES, max_size=4), max_size=6)

# As slow as the machine is busy.
UNHURRIED = settings(deadline=None, max_examples=60)


def fed(data, cuts=()):
    reader, edges = LineReader(), [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [message for start, end in zip(edges, edges[1:]) for message in reader.feed(data[start:end])]


@UNHURRIED
@given(MESSAGES, st.lists(st.integers(0, 10_000), max_size=12))
def test_messages_arrive_whole_however_the_pipe_cuts_them(messages, cuts):
    assert fed(b"".join(map(encode, messages)), cuts) == messages


@UNHURRIED
@given(VALUES)
def test_a_message_is_one_line_of_ascii(value):
    line = encode({"value": value})
    assert line.isascii()
    assert line.index(b"\n") == len(line) - 1


@UNHURRIED
@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6))
def test_no_bytes_raise_and_good_lines_among_them_are_read(junk, cuts):
    good = {"op": "ask", "id": 1}
    told = fed(junk.replace(b"\n", b" ") + b"\n" + encode(good), cuts)
    assert told[-1] == good
    assert all(isinstance(message, dict) for message in told)


@pytest.mark.parametrize("line", [b"hello", b"[1]", b"3", b'"text"', b"null", b"{", b"\xff\xfe", b"[" * 100_000], ids=repr)
def test_what_is_no_object_is_said_to_be_unreadable(line):
    (told,) = fed(line[:200_000] + b"\n")
    assert told["op"] == "unreadable"
    assert len(told["line"]) <= 200


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_numbers_json_has_no_words_for_are_refused(number):
    with pytest.raises(ValueError, match="JSON"):
        encode({"value": [number]})


def test_empty_lines_are_nothing():
    assert fed(b"\n  \n\r\n" + encode({"a": 1}) + b"\n") == [{"a": 1}]


def test_a_line_without_end_costs_no_memory_and_the_next_is_read():
    reader = LineReader()
    piece = b"x" * 2**20
    for _ in range(MAX_LINE // 2**20 + 8):
        assert not list(reader.feed(piece))
    assert sum(map(len, reader._parts)) <= MAX_LINE
    assert [message.get("op") for message in reader.feed(b"\n" + encode({"op": "ask"}))] == ["unreadable", "ask"]


CLAIM = """
import os, subprocess, sys, types
sys.modules["zoomearth"] = types.ModuleType("zoomearth")
sys.modules["zoomearth"].__path__ = [sys.argv[1]]
from zoomearth.core.wire import claim_stdio
wire_in, wire_out = claim_stdio()
print("stray python")
os.write(1, b"stray fd\\n")
subprocess.run(["echo", "stray child"])
assert os.read(0, 9) == b"" and sys.stdin.read() == "", "something else reads the wire"
wire_out.write(wire_in.read(100))
"""


def test_whatever_prints_stays_off_the_wire(root):
    done = subprocess.run([sys.executable, "-c", CLAIM, str(root)], input=b"over the wire", capture_output=True, timeout=60)
    assert done.stdout == b"over the wire"
    assert {line.strip() for line in done.stderr.splitlines()} == {b"stray python", b"stray fd", b"stray child"}


def test_a_float_survives_the_wire_exactly():
    value = 0.1 + 0.2
    assert json.loads(encode({"value": value}))["value"] == value
