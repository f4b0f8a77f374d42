"""Training and use are the same: the same layout, the same parser, and a loss only on the model's own text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tiny import make_tiny

from zoomearth.core.errors import ModelError
from zoomearth.core.families import dialect
from zoomearth.core.geometry import Box, Size, View
from zoomearth.core.look import Answer, Policy, Zoom, ZoomOut
from zoomearth.core.tool_calls import ToolCall
from zoomearth.training.tuning import checkpoint
from zoomearth.training.tuning import trl_chat as chat
from zoomearth.training.tuning.environment import text_of
from zoomearth.training.tuning.labelled import transcript

DIALECTS = ("zoomearth", "qwen-grounding")
VIEW = View(Box(0, 0, 56, 56), Size(56, 56))
PIECES = st.sampled_from([
    "<think>a</think>", '[{"bbox_2d": [1, 2, 3, 4], "label": "x"}]', '"bbox_2d": [1, NaN]', "bbox_2d: [1,2", '[{"zoom_out": true}]',
    '<tool_call>{"name": "denoising", "arguments": {"bbox_2d": [1, 2, 3, 4]}}</tool_call>',
    '"zoom_out": false', "<answer>", "red", "</answer>", "\n", " ", "]", "{", '"label": "<|vision', "船",
])  # fmt: skip


@pytest.fixture(scope="module", params=DIALECTS)
def start(request, tmp_path_factory):
    folder = make_tiny(tmp_path_factory.mktemp("chat") / "tiny", dialect=request.param)
    return checkpoint.load(str(folder), {}, full=True)


@pytest.fixture(scope="module")
def talk(start):
    actions = [Zoom(Box(10, 20, 100, 120), "a ship"), Zoom(Box(20, 30, 60, 90), "its bow"), Answer("red")]
    talks, _ = transcript(
        start.profile, Size(400, 300), "What colour?", actions, ["a", "", "b"], picture=lambda view: Image.new("RGB", view.size)
    )
    return talks[0]


def test_a_row_is_laid_out_as_the_model_is_served(start, talk):
    text = start.processor.apply_chat_template(chat.messages(talk), tokenize=False)
    served = "".join(part if isinstance(part, str) else "<|image_pad|>" for part in talk.layout())
    assert text == served + "<|im_end|>"


def test_no_picture_token_and_nothing_of_the_question_is_learnt(start, talk):
    rows = start.processor.apply_chat_template(
        [chat.messages(talk)], tokenize=True, return_dict=True, return_tensors="pt", return_assistant_tokens_mask=True
    )
    learnt = rows["input_ids"][0][rows["assistant_masks"][0].bool()]
    assert (rows["input_ids"] == start.processor.image_token_id).sum() == 3 * 4
    text = [turn.text for turn in talk.turns if turn.role == "assistant"]
    asks = "<|vision_start|>" if start.profile.dialect.name == "zoomearth" else "<|im_end|>"
    assert start.processor.tokenizer.decode(learnt) == f"{text[0]}{asks}{text[1]}{asks}{text[2]}<|im_end|>"


def test_pictures_reach_the_model_pixel_by_pixel(start, talk):
    shown = [turn.picture for turn in talk.turns if turn.view]
    made = start.processor.image_processor(images=shown, return_tensors="pt")
    cells = [(picture.height // 14, picture.width // 14) for picture in shown]
    assert [tuple(grid[1:]) for grid in made["image_grid_thw"].tolist()] == cells


@given(st.lists(PIECES, max_size=8).map("".join))
def test_trl_asks_for_a_view_where_the_dialect_may(start, reply):
    text = start.processor.tokenizer.parse_response(reply + "<|im_end|>", prefix="<|im_start|>assistant\n")
    text.setdefault("content", "")  # as trl does
    assert text_of(text) == reply
    for spoken in (start.profile.dialect, start.profile.dialect.offering(Policy(max_tools=1))):
        if isinstance(spoken.parse(reply, VIEW), (Zoom, ZoomOut, ToolCall)):
            assert text.get("tool_calls")


def test_an_answered_box_is_not_read_again(start, talk):
    before = start.processor.apply_chat_template(chat.messages(talk), tokenize=False).rsplit("<think>b", 1)[0]
    text = start.processor.tokenizer.parse_response("<answer>red</answer><|im_end|>", prefix=before)
    assert text == {"role": "assistant", "content": "<answer>red</answer>"}


def test_trl_takes_the_templates(start):
    from trl import chat_template_utils as trl

    assert trl.supports_tool_calling(start.processor)
    assert trl.is_chat_template_prefix_preserving(start.processor)
    assert trl.is_chat_template_stop_token_trained(start.processor)


def test_picture_tokens_can_not_be_sampled(start):
    never = chat.suppressed_tokens(start.processor.tokenizer, start.model.config.text_config.vocab_size, start.ends)
    assert {start.processor.image_token_id, start.processor.video_token_id} <= set(never)
    assert not set(never) & set(start.ends)


def test_a_tokenizer_without_the_dialects_tokens_is_refused(start):
    class Bare:
        def get_vocab(self):
            return {"<|im_end|>": 0}

    with pytest.raises(ModelError, match="endoftext"):
        chat.ends(Bare(), dialect("zoomearth"))
