"""The messages between plugin, command line and backend: each is read as it was written, and other input is refused with one sentence."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomearth.core import protocol
from zoomearth.core.errors import BackendError
from zoomearth.core.events import (
    Cancelled,
    Counts,
    Described,
    Done,
    Failed,
    Loaded,
    Progress,
    Proposed,
    ProposeResult,
    Ready,
    RegionFacts,
    Result,
    RowEnded,
    RowStarted,
    Saw,
    SceneFacts,
    Surveyed,
    SurveyResult,
    Text,
    ToolResult,
    Usage,
)
from zoomearth.core.look import Policy
from zoomearth.core.requests import Ask, Batch, Cancel, Describe, Load, Propose, RunSurvey, RunTool, Stop
from zoomearth.core.settings import Settings
from zoomearth.core.source import SceneSource, Seen, Where
from zoomearth.core.tools import TOOLS, Made, UseTool
from zoomearth.core.typed import from_json, to_json
from zoomearth.core.wire import LineReader, encode

TEXT = st.text(max_size=20)
NAME = st.text(min_size=1, max_size=20).filter(str.strip)
ID = st.one_of(NAME, st.integers(-(2**53), 2**53))
NUMBER = st.floats(-1e9, 1e9)
BOX = st.tuples(NUMBER, NUMBER, st.floats(1, 1e6), st.floats(1, 1e6)).map(lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3]))
RING = st.lists(st.tuples(NUMBER, NUMBER), min_size=3, max_size=5).map(tuple)
WHERE = st.one_of(
    BOX.map(lambda box: Where(window=box)),
    BOX.map(lambda box: Where(bounds=box)),
    st.lists(RING, min_size=1, max_size=3).map(lambda rings: Where(outline=tuple(rings))),
    NAME.map(lambda path: Where(within=path)),
)
BANDS = st.none() | st.sampled_from([(1,), (4, 3, 2)])
SOURCE = st.builds(SceneSource, NAME, BANDS, st.none() | st.just(((0.0, 10.5),)), st.booleans())
SETTINGS = st.builds(Settings, TEXT, TEXT, TEXT, st.sampled_from(["auto", "cpu"]), st.just("auto"), st.just("none"), TEXT)
POLICY = st.none() | st.fixed_dictionaries({}, optional={"max_zooms": st.integers(0, 9), "view": st.integers(28, 2048), "native": NUMBER})
SEEN = st.builds(
    Seen,
    st.integers(0, 9),
    TEXT,
    st.none() | BOX,
    st.tuples(*[st.integers(0, 10**6)] * 4),
    st.tuples(st.integers(1, 2048), st.integers(1, 2048)),
    st.none() | RING,
)
COUNT = st.integers(0, 10**9)
RESULT = st.builds(
    Result,
    question=NAME,
    answer=st.none() | TEXT,
    confidence=st.none() | st.floats(0, 1),
    meaningless=st.booleans(),
    stopped=TEXT,
    why=TEXT,
    model=TEXT,
    seconds=st.floats(0, 1e6),
    scene=st.builds(SceneFacts, TEXT, COUNT, COUNT, st.none() | TEXT),
    region=st.none() | st.builds(RegionFacts, st.tuples(*[COUNT] * 4), st.none() | st.lists(RING, min_size=1, max_size=2).map(tuple)),
    zooms=st.lists(SEEN, max_size=3).map(tuple),
    usage=st.builds(Usage, COUNT, COUNT, COUNT),
)
COUNTS = st.builds(Counts, COUNT, COUNT, COUNT)
DESCRIBED = st.builds(Described, st.dictionaries(TEXT, st.integers(0, 9), max_size=3))
LOADED = st.builds(Loaded, TEXT, TEXT, TEXT, TEXT, st.builds(Policy, native=st.none() | NUMBER), TEXT)
ASK = st.builds(Ask, SOURCE, NAME, st.none() | WHERE, POLICY, ID)
TOOL = st.sampled_from(list(TOOLS))
ARGUMENTS = st.none() | st.dictionaries(NAME, st.floats(0, 9) | TEXT, max_size=2)
USE = st.builds(UseTool, TOOL, TEXT, ARGUMENTS, st.lists(NAME, max_size=2).map(tuple), st.none() | NAME, TEXT, TEXT, TEXT)
MADE = st.builds(
    Made,
    TOOL,
    TEXT,
    st.sampled_from(["mask", "raster", "value"]),
    NAME,
    st.none() | st.floats(0, 1),
    st.lists(TEXT, max_size=2).map(tuple),
    st.dictionaries(TEXT, st.integers(0, 9), max_size=2),
    st.floats(0, 99),
    TEXT,
    st.none() | BOX,
    st.booleans(),
)
SURVEYED = st.builds(
    SurveyResult,
    TEXT,
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.floats(0, 1),
    st.dictionaries(TEXT, st.integers(0, 10**9), max_size=3),
    st.booleans(),
    TEXT,
    st.floats(0, 99),
)
FAILED = st.builds(Failed, st.none() | ID, TEXT, TEXT, TEXT, st.lists(TEXT, max_size=3).map(tuple))
REQUESTS = st.one_of(
    st.builds(Load, SETTINGS, st.none() | TEXT, st.none() | st.lists(TEXT, min_size=1, max_size=3).map(tuple), st.floats(0, 10), ID),
    ASK,
    st.builds(Batch, st.lists(ASK, min_size=1, max_size=4, unique_by=lambda ask: ask.id).map(tuple), st.integers(1, 99), ID),
    st.builds(RunTool, SOURCE, USE, NAME, st.none() | WHERE, st.integers(0, 2048), ID),
    st.builds(RunSurvey, SOURCE, NAME, NAME, st.none() | WHERE, st.none() | st.floats(1, 99), budget=st.none() | st.integers(1, 99), id=ID),
    st.builds(Propose, NAME, NAME, TEXT, st.integers(1, 99), st.booleans(), st.just(True), TEXT, st.integers(1, 99), ID),
    st.builds(Describe, SOURCE, ID),
    st.builds(Cancel, ID),
    st.builds(Stop),
)
EVENTS = st.one_of(
    st.builds(Ready, st.integers(0, 9), TEXT, st.integers(1, 10**6)),
    st.builds(Progress, ID, TEXT, st.integers(0, 10**9), st.integers(0, 10**9)),
    st.builds(Saw, ID, SEEN, TEXT),
    st.builds(Text, ID, TEXT),
    st.builds(RowStarted, ID, ID),
    st.builds(
        RowEnded, ID, st.builds(Done, ID, RESULT) | FAILED, st.lists(SEEN, max_size=3).map(tuple), st.lists(TEXT, max_size=3).map(tuple)
    ),
    st.builds(Done, ID, RESULT | LOADED | COUNTS | DESCRIBED | st.builds(ToolResult, MADE, st.none() | TEXT, st.none() | TEXT)),
    st.builds(Surveyed, ID, *[st.integers(0, 10**9)] * 3, st.lists(TEXT, max_size=3).map(tuple)),
    st.builds(Done, ID, SURVEYED | st.builds(ProposeResult, *[st.integers(0, 10**9)] * 3, TEXT)),
    st.builds(Proposed, ID, *[st.integers(0, 10**9)] * 3),
    FAILED,
    st.builds(Cancelled, st.none() | ID),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(TEXT, inside, max_size=4),
    max_leaves=8,
)


def over_the_wire(message):
    (data,) = LineReader().feed(encode(message))
    return data


@given(REQUESTS)
def test_a_request_comes_out_as_it_went_in(request):
    assert protocol.read_request(over_the_wire(protocol.request_to_json(request))) == request


@given(EVENTS)
def test_an_event_comes_out_as_it_went_in(event):
    assert protocol.read_event(over_the_wire(protocol.event_to_json(event))) == event


FIELDS = ["id", "source", "question", "where", "policy", "settings", "key", "replies", "pace", "rows", "at_once"]


@given(st.sampled_from([*protocol.REQUESTS, "unreadable", "other", None, 3]), st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_what_is_no_request_is_refused_in_a_sentence(op, fields):
    message = ""
    try:
        assert protocol.request_to_json(protocol.read_request({**fields, "op": op}))["op"] == op
    except BackendError as error:
        message = error.message
    assert not message or (message.endswith(".") and "\n" not in message)


ROW = {"id": 1, "source": {"path": "a.tif"}, "question": "?"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"op": "ask", "id": 1, "question": "?"}, "ask lacks its field 'source'"),
        ({"op": "ask", "id": 1, "source": {"path": "a.tif"}, "question": " "}, "question is empty"),
        ({"op": "ask", "id": 1, "source": {"path": 3}, "question": "?"}, "ask.source.path is 3: it must be a string"),
        ({"op": "ask", "id": 1, "source": {"path": "a.tif", "bands": [1, 2]}, "question": "?"}, "one or three band numbers"),
        ({"op": "ask", "id": True, "source": {"path": "a.tif"}, "question": "?"}, "ask.id is True"),
        ({"op": "ask", "id": 1, "source": {"path": "a.tif"}, "question": "?", "where": {"window": [0, 0, 5]}}, "a list of 4 entries"),
        (
            {"op": "ask", "id": 1, "source": {"path": "a.tif"}, "question": "?", "where": {"window": [9, 0, 5, 5]}},
            "the smaller corner first",
        ),
        ({"op": "ask", "id": 1, "source": {"path": "a.tif"}, "question": "?", "where": {}}, "one of window, bounds, outline and within"),
        ({"op": "ask", "id": 1, "source": {"path": "a.tif"}, "question": "?", "where": {"outline": [[[0, 0], [1, 1]]]}}, "three corners"),
        ({"op": "ask", "id": 1, "source": {"path": "a.tif"}, "question": "?", "policy": {"zooms": 3}}, "no field 'zooms'"),
        ({"op": "ask", "id": 1, "source": {"path": "a.tif"}, "question": "?", "policy": {"view": 0}}, "sizes are positive"),
        ({"op": "ask", "id": 1, "source": {"path": "a.tif"}, "question": "?", "policy": {"crop": "round"}}, "crop is 'round'"),
        ({"op": "ask", "source": {"path": "a.tif"}, "question": "?"}, "ask.id is '': it must be"),
        ({"op": "ask", "id": "x" * 201, "source": {"path": "a.tif"}, "question": "?"}, "a string of 1 to 200 letters"),
        ({"op": "batch", "id": 1, "rows": []}, "one row at least"),
        ({"op": "batch", "id": 1, "rows": [ROW], "at_once": 0}, "at_once is 1 at least"),
        ({"op": "batch", "id": 1, "rows": [ROW, {**ROW, "question": "!"}]}, "an id of its own"),
        ({"op": "batch", "id": 1, "rows": [{**ROW, "id": ""}]}, "a string of 1 to 200 letters"),
        ({"op": "batch", "id": 1, "rows": [ROW, {**ROW, "id": 2, "question": " "}]}, "batch.rows[1]: question is empty"),
        ({"op": "batch", "id": 1, "rows": [{**ROW, "id": 1}], "out": "answers.jsonl"}, "each row's id is a string"),
        ({"op": "batch", "id": 1, "rows": [ROW], "out": " "}, "out is the path of a file"),
        ({"op": "batch", "id": 1, "rows": ROW}, "a list, each entry the object Ask"),
        ({"op": "load", "id": 1, "settings": {"device": "abacus"}}, "device is 'abacus'"),
        ({"op": "load", "id": 1, "replies": []}, "replies is empty"),
        ({"op": "load", "id": 1, "key": 3}, "load.key is ...: it must be a string"),
        ({"op": "load", "id": 1, "pace": float("nan")}, "a finite number"),
        ({"op": "tool", "id": 1, "source": {"path": "a.tif"}, "use": {"tool": "dance"}, "out": "a.gpkg"}, "There is no tool 'dance'"),
        ({"op": "tool", "id": 1, "source": {"path": "a.tif"}, "use": {"tool": "editing"}, "out": " "}, "out is the path of a file"),
        ({"op": "dance", "id": 1}, "There is no op 'dance'"),
    ],
)
def test_a_refusal_names_the_field_and_what_it_must_be(data, words):
    with pytest.raises(BackendError) as raised:
        protocol.read_request(data)
    assert words in raised.value.message


def test_a_key_is_in_no_text_about_a_load():
    assert "SECRET" not in repr(Load(key="SECRET"))
    with pytest.raises(BackendError) as raised:
        protocol.read_request({"op": "load", "id": 1, "key": ["SECRET"]})
    assert "SECRET" not in raised.value.message


@pytest.mark.parametrize(
    ("protocol_of_backend", "update"), [(protocol.VERSION - 1, "Update the backend"), (protocol.VERSION + 1, "Update the plugin")]
)
def test_another_protocol_is_refused_with_what_to_update(protocol_of_backend, update):
    protocol.check_version(Ready(protocol.VERSION, "1.0", 1))
    with pytest.raises(BackendError) as raised:
        protocol.check_version(Ready(protocol_of_backend, "0.9.7", 1))
    assert "0.9.7" in raised.value.message
    assert update in raised.value.hint


def test_the_version_of_a_newer_backend_can_be_read_and_other_events_take_no_unknown_fields():
    ready = {"event": "ready", "protocol": 9, "version": "9.0", "pid": 3, "mood": "cheerful"}
    assert protocol.read_event(ready) == Ready(9, "9.0", 3)
    with pytest.raises(BackendError, match="mood"):
        protocol.read_event({"event": "text", "id": 1, "delta": "", "mood": "cheerful"})


def test_a_policy_changes_only_what_is_named():
    def ask(policy):
        return Ask(SceneSource("a.tif"), "?", policy=policy)

    assert ask({"max_zooms": 0}).policy_from(Policy(view=168, multiple=28)) == Policy(view=168, multiple=28, max_zooms=0)
    assert ask({"native": None}).policy_from(Policy()).native is None
    assert ask(None).policy_from(Policy(view=300)) == Policy(view=300)
    with pytest.raises(ValueError, match="sizes are positive"):
        ask({"view": 20}).policy_from(Policy(multiple=28))
    assert ask({"view": 20}).policy_from(Policy(multiple=1)).view == 20, "which another model can be asked with"


@pytest.mark.parametrize("kind", [*protocol.REQUESTS.values(), *protocol.EVENTS.values()])
def test_every_message_is_a_frozen_dataclass_with_a_docstring(kind):
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen
    assert kind.__doc__


def test_no_number_that_json_lacks_is_written():
    assert json.dumps(to_json({"a": [float("nan"), float("inf"), 1.5]}), allow_nan=False) == '{"a": [null, null, 1.5]}'


def test_numbers_beyond_any_raster_are_refused():
    with pytest.raises(ValueError, match="finite number"):
        from_json(Where, {"window": [0, 0, 10**400, 5]})
