"""Exchanges: the GeoPackage stores all of their content, and no event makes an invalid exchange."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomearth.core.answer_type import BOOLEAN, CHOICE, INTEGER, AnswerType
from zoomearth.core.reasoning import Thoughts, thought
from zoomearth.plugin.exchanges.exchange import Exchange, PicturedView, Status

number = st.floats(-1e7, 1e7, allow_nan=False)
box = st.tuples(number, number, number, number)
whole = st.tuples(*[st.integers(0, 100_000)] * 4)
polygon = st.none() | st.lists(st.tuples(number, number), min_size=5, max_size=5).map(tuple)
size = st.tuples(st.integers(1, 4096), st.integers(1, 4096))
seen = st.builds(
    PicturedView,
    st.integers(0, 9),
    st.text(),
    st.none() | box,
    whole,
    size,
    polygon,
    st.none() | whole,
    st.none() | st.just("segmentation"),
    st.binary(),
    st.text(),
    st.binary(),
)
exchange = st.builds(
    Exchange,
    st.text(),
    source=st.text(),
    layer=st.text(),
    outline=st.none() | st.lists(st.lists(st.lists(number, min_size=2, max_size=2))),
    answer=st.none() | st.text(),
    status=st.sampled_from(Status),
    confidence=st.none() | st.floats(0, 1),
    meaningless=st.booleans(),
    answer_type=st.sampled_from([None, AnswerType(CHOICE, BOOLEAN), AnswerType(INTEGER)]),
    checked=st.none() | st.text(),
    checked_by=st.none() | st.text(),
    note=st.none() | st.text(),
    log=st.lists(st.text()),
    views=st.lists(seen),
)


@given(exchange)
def test_what_is_kept_comes_back_as_it_was(kept):
    assert Exchange.from_dict(json.loads(json.dumps(kept.to_dict()))) == kept


@given(exchange)
def test_the_outcome_is_plain_data(ended):
    assert json.loads(json.dumps(ended.outcome()))["zooms"] == json.loads(json.dumps(ended.outcome()["zooms"]))
    assert len(ended.outcome()["zooms"]) == len(ended.zooms)


def test_a_check_stands_beside_the_answer_of_the_model_and_can_be_taken_back():
    pool = Exchange("Is there a pool?", answer="Yes, one.", answer_type=AnswerType(CHOICE, BOOLEAN))
    assert (pool.verdict, pool.contradicted) == ("Yes, one.", False)
    pool.check("yes", "Ada")
    assert (pool.verdict, pool.contradicted) == ("yes", False), "both are yes"
    pool.check("no", "Ada", "a trampoline")
    assert (pool.answer, pool.verdict, pool.contradicted, pool.note, pool.checked_by) == ("Yes, one.", "no", True, "a trampoline", "Ada")
    assert pool.checked_at.endswith("Z")
    pool.check(None, "Ada")
    assert (pool.verdict, pool.contradicted, pool.checked_by, pool.checked_at) == ("Yes, one.", False, None, None)


def test_fields_of_a_newer_version_are_passed_over():
    kept = {**Exchange("What?").to_dict(), "mood": "cheerful"}
    kept["views"] = [{"step": 0, "label": "", "roi": None, "window": [0, 0, 9, 9], "shown": [9, 9], "polygon": None, "angle": 3}]
    back = Exchange.from_dict(kept)
    assert back.views[0].window == (0, 0, 9, 9)


def test_the_place_of_an_exchange_is_what_was_asked_about_or_what_was_seen_first():
    ring = [[0.0, 0.0], [9.0, 0.0], [9.0, 9.0]]
    exchange = Exchange("What?")
    assert exchange.place == []
    exchange.views = [
        PicturedView(0, "", None, (0, 0, 9, 5), (9, 5), None),
        PicturedView(1, "pier", (1, 1, 2, 2), (1, 1, 2, 2), (9, 9), None),
    ]
    assert exchange.place == [[[0, 0], [9, 0], [9, -5], [0, -5], [0, 0]]]
    exchange.outline = [ring]
    assert exchange.place == [ring]


@pytest.mark.parametrize("spoilt", [{}, {"status": "asleep"}, {"status": "done", "views": [3]}, {"status": "done", "views": [{}]}])
def test_what_is_no_exchange_is_said(spoilt):
    with pytest.raises((KeyError, TypeError, ValueError)):
        Exchange.from_dict(spoilt)


@given(st.text(), st.lists(st.integers(1, 7)))
def test_thoughts_that_stream_are_those_of_the_whole_reply(said, cuts):
    reply = f"<think>{said.replace('<', '')}</think><answer>3</answer>"
    thoughts, heard, at = Thoughts(), "", 0
    for cut in [*cuts, len(reply)]:
        heard += thoughts.feed(reply[at : at + cut])
        at += cut
    assert heard == thought(reply) == said.replace("<", "")
