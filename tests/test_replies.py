"""Replies as the families write them (short ones, in the forms of their documentation and of recorded runs): each is read as meant."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from zoomearth.core.boxes import find
from zoomearth.core.families import DIALECTS, dialect, family_of
from zoomearth.core.geometry import Box, Size, View
from zoomearth.core.look import Answer, Observation, Unreadable, Zoom
from zoomearth.core.reply import quoted
from zoomearth.core.settings import DIALECTS as CHOICES
from zoomearth.core.talk import Talk

ROOT = View(Box(0, 0, 8000, 4000), Size(1000, 500))
VIEW = View(Box(0, 0, 2000, 1000), Size(500, 250))
REPLIES = json.loads((Path(__file__).parent / "data" / "replies.json").read_text())


@pytest.mark.parametrize("case", REPLIES, ids=lambda case: f"{case['dialect']}: {case['what']}")
def test_a_reply_is_read_as_its_family_means_it(case):
    spoken = dialect(case["dialect"])
    action = spoken.parse(case["reply"], VIEW, before=[ROOT])
    if "answer" in case:
        assert action == Answer(case["answer"])
        return
    assert isinstance(action, Zoom)
    zooms = [action, *action.then]
    assert [zoom.box for zoom in zooms] == [pytest.approx(box, abs=0.01) for box in case["boxes"]]
    assert [zoom.label for zoom in zooms] == case["labels"]
    assert case.get("note", "") in action.note
    assert bool(action.note) == ("note" in case)


def test_every_dialect_has_a_reply_and_can_be_chosen():
    assert {case["dialect"] for case in REPLIES} == set(DIALECTS)
    assert tuple(DIALECTS) == CHOICES


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("case", REPLIES, ids=lambda case: f"{case['dialect']}: {case['what']}")
def test_boxes_of_another_family_are_never_shown_as_the_answer(name, case):
    action = dialect(name).parse(case["reply"], VIEW, before=[ROOT])
    if "answer" not in case and isinstance(action, Answer):
        assert action.text == "The leaves appear to be red.", "its own words, beside a box that was not read"


STREAMED = [
    case for case in REPLIES if "boxes" in case and case["dialect"] not in ("zoomearth", "internvl", "moondream", "paligemma", "general")
]


@pytest.mark.parametrize("case", STREAMED, ids=lambda case: f"{case['dialect']}: {case['what']}")
def test_generation_never_stops_before_the_boxes(case):
    """Wherever it stops, all boxes are there: not inside the thoughts, not after the first of two calls."""
    spoken = dialect(case["dialect"])
    ends = (end for end in range(len(case["reply"]) + 1) if spoken.complete(case["reply"][:end]))
    text = case["reply"][: next(ends, len(case["reply"]))]
    action = spoken.parse(text, VIEW, before=[ROOT])
    assert len([action, *action.then]) == len(case["boxes"])


NAMES = {
    "zoomearth": ["HappyBug/ZoomEarth-3B", "my-zoomearth", "zoom_earth:3b"],
    "qwen-grounding": ["Qwen/Qwen2.5-VL-7B-Instruct-AWQ", "qwen2.5vl:7b", "qwen2_5-vl-3b", "qwen2.5-vl-72b"],
    "qwen2-grounding": ["Qwen/Qwen2-VL-2B-Instruct", "qwen2-vl", "Qwen/QVQ-72B-Preview"],
    "qwen3-grounding": ["Qwen/Qwen3-VL-8B-Instruct-FP8", "qwen3-vl:8b", "Qwen/Qwen3.5-9B", "qwen3.6:27b", "Qwen3.8-Flash-Next", "qwen3_vl"],
    "paligemma": ["google/paligemma2-3b-mix-448"],
    "gemma": ["google/gemma-4-E4B-it", "gemma3:4b", "gemini-3-flash"],
    "glm": ["zai-org/GLM-4.6V-Flash", "glm-4.5v", "GLM-4.1V-9B-Thinking"],
    "internvl": ["OpenGVLab/InternVL3_5-8B", "internvl3", "internlm/Intern-S1-mini"],
    "geovista": ["ryan6073/GeoVista-7B"],
    "moondream": ["moondream:1.8b", "vikhyatk/moondream2"],
    None: ["my-model", "gpt-5", "llava:13b", "minicpm-v", ""],
}


@pytest.mark.parametrize(("family", "name"), [(family, name) for family, names in NAMES.items() for name in names])
def test_the_name_that_a_server_gives_tells_the_family(family, name):
    assert family_of(name) == family


def shown(name, *views):
    talk = Talk(dialect(name))
    talk.observe(Observation(views[0], "Q?", begins=True))
    for view in views[1:]:
        talk.act(talk.write(Zoom(view.window)))
        talk.observe(Observation(view, label="part"))
    return talk


def test_qwen3_counts_in_the_first_picture_after_any_number_of_crops():
    crops = [View(Box(4000, 2000, 6000, 3000), Size(992, 512)), View(Box(4500, 2200, 5000, 2450), Size(512, 256))]
    for count in (0, 1, 2):
        talk = shown("qwen3-grounding", ROOT, *crops[:count])
        assert talk.act('{"bbox_2d": [500, 500, 750, 750]}').box == Box(4000, 2000, 6000, 3000)
    talk = shown("qwen3-grounding", ROOT, *crops)
    assert talk.act('{"bbox_2d": [0, 0, 500, 1000], "img_idx": 2}').box == Box(4500, 2200, 4750, 2450)
    talk = shown("qwen3-grounding", ROOT, *crops)
    assert talk.act('{"bbox_2d": [0, 0, 500, 1000], "img_idx": 9}').box == Box(0, 0, 4000, 4000), "no such picture"


def test_a_fresh_conversation_has_a_first_picture_of_its_own():
    talk = shown("qwen3-grounding", ROOT, VIEW)
    talk.observe(Observation(VIEW, "Q?", begins=True))
    assert talk.act('{"bbox_2d": [500, 500, 750, 750]}').box == Box(1000, 500, 1500, 750)


@pytest.mark.parametrize("name", DIALECTS)
def test_prompt_and_crop_say_the_same_frame(name):
    talk = shown(name, ROOT, VIEW)
    if name == "zoomearth":
        return
    first, crop = (turn.text for turn in talk.turns if turn.role in ("user", "tool"))
    root = dialect(name).convention.frame == "root"
    assert ("of the first picture" in first) == root
    assert ("still relative to the first picture" in crop) == root
    assert ("now relative to this picture" in crop) != root


ADDED = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|box_start|>", "<|vision_start|>", "<|image_pad|>",
         "<tool_call>", "</tool_call>", "<tool_response>", "<think>", "</think>", "<|fim_prefix|>", "<|repo_name|>", "<start_of_turn>",
         "<end_of_turn>", "<eos>", "<bos>", "<s>", "</s>", "<image_soft_token>", "<loc0123>", "<seg001>", "<unused7>", "<IMG_CONTEXT>",
         "<box>", "</ref>", "<quad>", "[INST]", "[/INST]", "[IMG]", "[gMASK]", "<\uff5cUser\uff5c>", "<0x0A>"]  # fmt: skip


@pytest.mark.parametrize("token", ADDED)
def test_a_question_holds_no_token_of_any_tokenizer(token):
    talk = shown("qwen3-grounding", ROOT)
    talk.observe(Observation(ROOT, f"What is {token}?", begins=True))
    assert token not in talk.turns[1].text
    assert token not in quoted(f"a {token}{token} b")
    talk.act('{"bbox_2d": [1, 2, 30, 40]}')
    talk.observe(Observation(VIEW, label=f"a {token}"))
    assert token not in talk.turns[-1].text


def test_a_question_in_plain_words_is_asked_as_it_is():
    for text in ("Is 5 < 6, and x<y?", "a [red] car [sic]", "What does the sign 'Pier <4>' say?", "船 > 3"):
        assert quoted(text) == text


pieces = st.sampled_from(
    ['{"bbox_2d": [', "]", "}", "[[", "(", "),(", ",", " 12", "0.5", "-3", "<box>", "</box>", "<|box_start|>", "<|box_end|>",
     "<ref>a</ref>", "<|begin_of_box|>", "<|end_of_box|>", "<loc0001>",
     '"label": "', '"', "\\", "<parameter=bbox_2d>", "</parameter>", "<tool_call>",
     "</tool_call>", '"img_idx": 7', '"x_min": 1', "x2=4", "y1: 3", "y2 = 9", "<think>", "</think>", "<answer>", "</answer>", "\n", "船"]
)  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(reply=st.lists(pieces | st.text(max_size=4), max_size=24).map("".join), name=st.sampled_from(list(DIALECTS)), cut=st.booleans())
@example(reply='{"bbox_2d": ' + "[" * 5000, name="general", cut=False)
@example(reply="<loc0001>" * 3000, name="paligemma", cut=False)
@example(reply='"' * 4000 + '{"bbox_2d": [1,2,3,4]', name="glm", cut=True)
def test_no_form_breaks_the_parser(reply, name, cut):
    spoken = dialect(name)
    action = spoken.parse(reply, VIEW, cut, [ROOT])
    if isinstance(action, Unreadable):
        assert action.why
    if isinstance(action, Zoom):
        assert all(zoom.frame in (ROOT, VIEW) for zoom in (action, *action.then))
    for written in find(reply):
        assert 0 <= written.start <= written.end <= len(reply)
    assert spoken.complete(reply) in (True, False)
