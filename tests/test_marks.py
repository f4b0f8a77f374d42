"""Lists of marks as models write them: where one is read wrongly, things are lost, or counted that are not there."""

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from zoomearth.core.dialect import repeats
from zoomearth.core.families import DIALECTS, dialect, marking
from zoomearth.core.geometry import Box, Size, View
from zoomearth.core.look import Observation
from zoomearth.core.marks import State, read, request, singular
from zoomearth.core.profile import Profile
from zoomearth.core.sizes import SIZES, size_of
from zoomearth.core.talk import Talk

VIEW = View(Box(2000, 3000, 4016, 5016), Size(1008, 1008))
ITEM = '{{"bbox_2d": [{}, 20, {}, 80], "label": "ship"}}'
LIST = "[" + ", ".join(ITEM.format(at, at + 9) for at in range(10, 60, 10)) + "]"
qwen = marking(dialect("qwen-grounding"))
pieces = st.sampled_from(
    [
        "[",
        "]",
        "{",
        "}",
        '"bbox_2d": [',
        "1, 2, 3, 4",
        '"label": "',
        "<think>",
        "</think>",
        "<box>",
        "NaN",
        "1e999",
        "<loc0012>",
        "```json",
        "[]",
    ]
)


@given(
    reply=st.lists(st.one_of(st.text(max_size=20), pieces), max_size=14).map("".join),
    name=st.sampled_from(list(DIALECTS)),
    cut=st.booleans(),
)
@settings(deadline=None)
@example(reply=ITEM.format(1, 2) * 2000, name="zoomearth", cut=False)
@example(reply='"bbox_2d": [' + "9" * 5000 + ",1,2,3]", name="general", cut=False)
@example(reply="[[1e308, 1, 1.7e308, 2]]", name="moondream", cut=False)
def test_no_reply_can_break_the_reading_of_a_list(reply, name, cut):
    reading = read(marking(dialect(name)), reply, VIEW, cut)
    assert reading.state in (State.DONE, State.FAILED, State.SATURATED)
    for mark in reading.marks:
        assert mark.box.area > 0
        assert mark.box.intersect(VIEW.window) == mark.box
        assert all(map(math.isfinite, mark.box))
    marking(dialect(name)).complete(reply)


@pytest.mark.parametrize("name", DIALECTS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_list_that_is_cut_keeps_the_whole_boxes_before_the_cut_and_says_so(name, data):
    """In every family's own form, cut at any letter."""
    asked = marking(dialect(name))
    count = data.draw(st.integers(1, 12))
    boxes = [Box(2100 + 150 * at, 3100, 2180 + 150 * at, 3300) for at in range(count)]
    written = asked.form.write([(asked.convention.rounded(box, VIEW), "ship") for box in boxes])
    whole = read(asked, written, VIEW)
    assert whole.state is State.DONE
    assert len(whole.marks) == count
    end = data.draw(st.integers(0, len(written) - 1))
    reading = read(asked, written[:end], VIEW, cut=True)
    assert [mark.box for mark in reading.marks] == [mark.box for mark in whole.marks[: len(reading.marks)]]
    assert reading.state is not State.DONE
    assert len(reading.marks) >= written[:end].count("ship") - (name in ("internvl", "qwen2-grounding")) - 1


@pytest.mark.parametrize("end", range(1, len(LIST)))
def test_a_list_that_a_server_cuts_without_saying_so_is_noticed(end):
    reading = read(qwen, LIST[:end], VIEW)
    assert reading.state is State.SATURATED
    assert len(reading.marks) == LIST[:end].count("]")


@pytest.mark.parametrize(
    ("reply", "state", "marks"),
    [
        ("[]", State.DONE, 0),
        ("```json\n[]\n```", State.DONE, 0),
        ("There are no ships in this picture.", State.DONE, 0),
        ("None", State.DONE, 0),
        (LIST, State.DONE, 5),
        ("<think>One at [1, 2, 3, 4]?</think>" + LIST, State.DONE, 5),
        (LIST.replace("20, 19", "20, 19000"), State.DONE, 5),
        ('[{"bbox_2d": [900, 900, 800, 800], "label": "ship"}]', State.FAILED, 0),
        ('[{"bbox_2d": [2000, 2000, 2100, 2100], "label": "ship"}]', State.FAILED, 0),
        ("", State.FAILED, 0),
        ("It is a harbour.", State.FAILED, 0),
        ("<think>I look", State.FAILED, 0),
        ("[" + ", ".join([ITEM.format(10, 20)] * 1000) + "]", State.SATURATED, 1),
        ("[" + ", ".join([ITEM.format(10, 20)] * 2) + "]", State.DONE, 1),
    ],
)
def test_what_a_reply_means(reply, state, marks):
    reading = read(qwen, reply, VIEW)
    assert (reading.state, len(reading.marks)) == (state, marks), reading.why
    assert bool(reading.why) == (state is not State.DONE)


def test_the_same_box_again_and_again_is_stopped_and_ordinary_lists_are_not():
    endless = "[" + ", ".join([ITEM.format(10, 20)] * 1000)
    stopped = next(end for end in range(len(endless)) if qwen.complete(endless[:end]))
    assert stopped < 12 * len(ITEM)
    assert read(qwen, endless[:stopped], VIEW).state is State.SATURATED
    assert next(end for end in range(1, len(LIST) + 1) if qwen.complete(LIST[:end])) == len(LIST)
    long = ", ".join(ITEM.format(at, at + 9) for at in range(900))
    assert not any(repeats(long[:end]) for end in range(0, len(long), 7))


def test_a_list_of_several_boxes_in_tokens_is_not_ended_after_the_first():
    qwen2 = marking(dialect("qwen2-grounding"))
    box = "<|object_ref_start|>ship<|object_ref_end|><|box_start|>(10,20),(30,40)<|box_end|>"
    assert not qwen2.complete(box)
    assert dialect("qwen2-grounding").complete(box), "a zoom has one box"


def test_the_demo_model_is_asked_in_the_words_that_it_was_trained_with(root):
    """Nothing before the request, nothing after it."""
    talk = Talk(marking(Profile.of_folder(root / "resources" / "demo").dialect))
    view = View(Box(0, 0, 168, 168), Size(168, 168))
    talk.observe(Observation(view, request("planes"), begins=True), "a picture")
    text = "".join(part if isinstance(part, str) else "<|image_pad|>" for part in talk.layout())
    head = "\n<|im_start|>system\n<|im_end|>\n<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>"
    assert text == head + "mark every plane<|im_end|><|im_start|>assistant\n"
    reply = '[{"bbox_2d": [10, 20, 30, 40], "label": "plane"}, {"bbox_2d": [50, 60, 70, 80], "label": "plane"}]'
    assert [mark.box for mark in read(talk.dialect, reply, view).marks] == [Box(10, 20, 30, 40), Box(50, 60, 70, 80)]
    assert talk.dialect.complete(reply)
    assert talk.dialect.complete("[]")
    assert not talk.dialect.complete(reply[:50])


@pytest.mark.parametrize("name", DIALECTS)
def test_a_stock_model_is_told_how_a_list_is_written_and_what_to_write_for_none(name):
    asked = marking(dialect(name))
    assert "[]" in asked.instruction
    assert "answer" not in asked.instruction
    assert asked.form.between.strip() in asked.instruction
    assert "$" not in asked.instruction


@pytest.mark.parametrize(
    ("words", "one"),
    [
        ("ships", "ship"),
        ("all the ships at the northern piers", "ship at the northern piers"),
        ("swimming pools", "swimming pool"),
        ("churches", "church"),
        ("buses", "bus"),
        ("boxes", "box"),
        ("ferries", "ferry"),
        ("greenhouses", "greenhouse"),
        ("aircraft", "aircraft"),
        ("grass", "grass"),
        ("people in boats", "person in boats"),
        ("Bäume", "Bäume"),
        ("every", "every"),
        ("", ""),
    ],
)
def test_one_of_many(words, one):
    assert singular(words) == one
    assert request(words) == f"mark every {one}"


def test_common_things_have_a_size_in_one_and_in_many():
    assert all(size_of(name) == size and singular(name) == name for name, size in SIZES.items())
    assert size_of("red container ships at the pier") == SIZES["container ship"]
    assert size_of("Planes") == SIZES["plane"]
    assert size_of("unicorns") is None
