"""Typed answers: what is read from a reply and what is refused, and the same type in the prompt, the files and the command line."""

import json

import numpy as np
import pytest
from evaluating import ByRule
from hypothesis import given
from hypothesis import strategies as st
from rasters import make

from zoomearth.backend.cli import ask as ask_command
from zoomearth.backend.cli import batch as batch_command
from zoomearth.backend.cli.main import main
from zoomearth.core.answer_type import KINDS, AnswerType, parse_type
from zoomearth.core.families import dialect
from zoomearth.core.geometry import Box, Size, View
from zoomearth.core.look import Observation
from zoomearth.core.protocol import read_request, request_to_json
from zoomearth.core.requests import Ask
from zoomearth.core.source import SceneSource
from zoomearth.core.talk import Talk

YES_NO, UNSURE = parse_type(choices="yes,no"), parse_type(choices="yes, no, unsure")
LAND = parse_type(choices="residential,non-residential,under construction,farm land")
ROOF = AnswerType("fields", fields=(AnswerType("choice", ("tile", "metal"), name="roof material"), AnswerType("integer", name="storeys")))


@pytest.mark.parametrize(
    ("kind", "answer", "value"),
    [
        (UNSURE, "Yes, there is one.", "yes"),
        (UNSURE, "UNSURE!", "unsure"),
        (UNSURE, "No, not yes", "no"),
        (UNSURE, "yes or no", None),
        (UNSURE, "I can't tell", None),
        (UNSURE, "nothing", None),
        (YES_NO, "no.", False),
        (YES_NO, "Yes", True),
        (LAND, "It is non-residential", "non-residential"),
        (LAND, "Under  Construction", "under construction"),
        (LAND, "residential and farm land", None),
        (LAND, "farmland", None),
        (parse_type("number"), "about 40 ships", 40.0),
        (parse_type("number"), "1,200", 1200.0),
        (parse_type("number"), "3,5 ha", 3.5),
        (parse_type("number"), "−2", -2.0),
        (parse_type("number"), "1,2,3", None),
        (parse_type("number"), "3-4", None),
        (parse_type("number"), "3 or 4", None),
        (parse_type("number"), "more than 10", None),
        (parse_type("number"), "10+", None),
        (parse_type("number"), "A4 paper", None),
        (parse_type("number"), "9" * 400, None),
        (parse_type("integer"), "Twelve", 12),
        (parse_type("integer"), "none", 0),
        (parse_type("integer"), "2.5", None),
        (ROOF, '{"roof material": "Metal", "storeys": 3}', {"roof material": "metal", "storeys": 3}),
        (ROOF, "Roof-Material: tile\nstoreys: two", {"roof material": "tile", "storeys": 2}),
        (ROOF, '{"storeys": [3]} {"storeys": 4}', None),
        (ROOF, "roof material: slate; storeys: 2", {"roof material": None, "storeys": 2}),
        (ROOF, "I see a roof", None),
    ],
)
def test_only_what_fits_is_a_value(kind, answer, value):
    assert kind.read(answer) == value
    assert type(kind.read(answer)) is type(value)


names = st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=8)
choices = st.lists(names, min_size=2, max_size=5, unique_by=str.casefold).map(tuple)


@given(choices, st.data())
def test_each_choice_alone_is_read_as_itself_and_two_are_none(words, data):
    kind = AnswerType("choice", words)
    first, second = data.draw(st.permutations(words))[:2]
    expected = {"yes": True, "no": False}[first.casefold()] if kind.is_boolean else first
    assert kind.read(f"  {first}. ") == expected
    assert kind.read(f"{first} {second}") is None


@given(st.sampled_from([YES_NO, UNSURE, LAND, parse_type("number"), parse_type("integer"), ROOF]), st.text())
def test_any_text_is_read_without_an_error_and_its_value_has_the_columns_type(kind, text):
    value = kind.read(text)
    for name, cell in kind.cells(value).items():
        assert cell is None or type(cell) is kind.columns[name]


@given(st.integers(-(10**9), 10**9))
def test_a_number_is_read_as_it_is_written(number):
    for text in (str(number), f"{number:,}", f"{number} ships", f"There are {number}."):
        assert parse_type("integer").read(text) == number


@pytest.mark.parametrize(
    ("make_type", "why"),
    [
        (lambda: AnswerType("colour"), f"one of {', '.join(KINDS)}"),
        (lambda: AnswerType("choice"), "choices are missing"),
        (lambda: AnswerType("number", ("a", "b")), "has none"),
        (lambda: AnswerType("choice", ("Yes", "yes")), "are equal"),
        (lambda: AnswerType("choice", ("a", "b\n")), "line break"),
        (lambda: AnswerType("fields"), "fields are missing"),
        (lambda: AnswerType("fields", fields=(AnswerType("number"),)), "empty"),
        (lambda: AnswerType("fields", fields=(ROOF,)), "empty"),
        (lambda: parse_type("number", "a,b"), "give one of the two"),
        (lambda: parse_type("choice"), "choices are missing"),
    ],
)
def test_a_type_that_can_not_be_is_refused_in_a_sentence(make_type, why):
    with pytest.raises(ValueError, match=why):
        make_type()


def test_the_type_goes_over_the_wire():
    for kind in (None, UNSURE, ROOF):
        ask = Ask(SceneSource("a.tif"), "What is it?", id="1", answer_type=kind)
        assert read_request(json.loads(json.dumps(request_to_json(ask)))) == ask


def test_a_model_is_told_the_type_where_it_is_told_anything():
    view = View(Box(0, 0, 100, 100), Size(100, 100))
    for name, told in (("qwen-grounding", True), ("zoomearth", True)):
        talk = Talk(dialect(name), answer_type=UNSURE)
        talk.observe(Observation(view, "Is there a pool?", begins=True))
        assert ("Is there a pool? Answer with one of: yes, no, unsure." in talk.turns[1].text) is told
    bare = [Talk(dialect("zoomearth", "", ""), answer_type=kind) for kind in (UNSURE, None)]  # as the demo model is asked
    for talk in bare:
        talk.observe(Observation(view, "Is there a pool?", begins=True))
    assert bare[0].turns == bare[1].turns


@pytest.fixture
def raster(tmp_path):
    return make(tmp_path / "a.tif", np.random.default_rng(0).integers(0, 255, (3, 120, 160), dtype=np.uint8))


@pytest.fixture
def engine(monkeypatch):
    engine = ByRule()
    for command in (ask_command, batch_command):
        monkeypatch.setattr(command, "open_engine", lambda settings, **_: engine)
    return engine


def test_the_command_line_gives_the_value_or_says_that_it_does_not_fit(engine, raster, tmp_path, capsys):
    question = ["ask", str(tmp_path / "a.tif"), "Is 1 global?", "--json"]
    assert main([*question, "--choices", "yes,no"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["value"] is (result["answer"] == "yes")
    assert not result["unreadable"]
    assert main([*question, "--type", "number"]) == 1
    result = json.loads(capsys.readouterr().out)
    assert (result["value"], result["unreadable"]) == (None, True)
    assert result["answer"] in ("yes", "no")
    assert main([*question, "--choices", "yes"]) == 2
    assert "choices are missing" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_each_row_of_a_batch_has_its_own_type_or_the_commands(engine, raster, tmp_path, capsys):
    rows = [
        {"path": "a.tif", "question": "Is 1 global?"},
        {"path": "a.tif", "question": "Is 2 global?", "type": "integer"},
        {"path": "a.tif", "question": "Is 3 global?", "choices": ["yes", "no", "unsure"]},
        {"path": "a.tif", "question": "Is 4 global?", "choices": "yes"},
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = ["batch", str(tmp_path / "rows.jsonl"), "--out", str(tmp_path / "out.jsonl"), "--choices", "yes,no", "--json"]
    assert main(command) == 1
    counts = json.loads(capsys.readouterr().out)
    assert (counts["answered"], counts["unreadable"], counts["failed"]) == (2, 1, 1)
    lines = {line["id"]: line for line in map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())}
    assert lines["1"]["value"] is (lines["1"]["answer"] == "yes")
    assert lines["2"]["unreadable"]
    assert lines["3"]["value"] == lines["3"]["answer"]
    assert "choices are missing" in lines["4"]["error"]["message"]
    before = len(engine.talks)
    assert main(command) == 1
    assert len(engine.talks) == before  # an answer that does not fit is an answer: it is not asked again
    assert main([*command[:-2], "yes,no,unsure", "--json"]) == 2  # the same id, and another type
