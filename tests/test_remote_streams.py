"""How streamed replies are read, in every known format, and how requests are written; without a connection."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from zoomearth.backend.engines.endpoint import endpoint
from zoomearth.backend.engines.network import seconds
from zoomearth.backend.engines.openai_chat import Form
from zoomearth.backend.engines.openai_errors import error_text
from zoomearth.backend.engines.openai_reply import Reading
from zoomearth.backend.engines.remote import _Teller
from zoomearth.core.errors import EngineError
from zoomearth.core.families import dialect
from zoomearth.core.geometry import Box, Size, View
from zoomearth.core.look import Observation
from zoomearth.core.talk import Talk

TEXT = 'Ein Größenvergleich: 日本 <think>so</think>[{"bbox_2d": [1, 2, 3, 4], "label": "pier"}]'
BYTES = TEXT.encode()


def talk(name="zoomearth", demand=False, crop=False):
    talk = Talk(dialect(name))
    view = View(Box(0, 0, 56, 56), Size(56, 56))
    talk.observe(Observation(view, "What?", begins=True), Image.new("RGB", (56, 56)))
    if crop:
        talk.act('[{"bbox_2d": [1, 2, 30, 40], "label": "harbour"}]')
        talk.observe(Observation(view), Image.new("RGB", (56, 56)))
    if demand:
        talk.observe(Observation(None, must_answer=True))
    return talk


def read(stream, of=None, cuts=()):
    """The result of reading a stream in pieces that are cut at `cuts`, and all reported texts."""
    told = []
    reading = Reading(of or talk(), Form(), _Teller(told.append))
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    for start, end in zip(edges, edges[1:]):
        reading.feed(stream[start:end])
    reading.feed(None)
    return reading, "".join(told)


def events(*contents, mark="data: ", line="\n\n", **more):
    made = [{"choices": [{"index": 0, "delta": {"content": content}, **more}]} for content in contents]
    return "".join(mark + json.dumps(event, ensure_ascii=False) + line for event in made).encode()


WORDS = TEXT.split(" ")
PIECES = [word if at == 0 else " " + word for at, word in enumerate(WORDS)]
END = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
USAGE = b'data: {"choices": [], "usage": {"prompt_tokens": 70, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 64}}}\n\n'
STREAMS = {
    "OpenAI, vLLM, SGLang": events("", *PIECES) + END + USAGE + b"data: [DONE]\n\n",
    "transformers serve: no [DONE]": b'data: {"choices": [{"delta": {"role": "assistant"}, "index": 0}]}\n\n' + events(*PIECES) + END,
    "no space after data:": events(*PIECES, mark="data:") + b"data:[DONE]\n\n",
    "comments that keep the connection alive": b": OPENROUTER PROCESSING\n\n" + events(*PIECES).replace(b"\n\n", b"\n\n: ping\n\n") + END,
    "carriage returns": (events(*PIECES) + END).replace(b"\n", b"\r\n"),
    "no blank lines": events(*PIECES, line="\n") + END,
    "event names and ids": events(*PIECES, mark="id: 1\nevent: message\ndata: ") + END,
    "content in parts": events(*([{"type": "text", "text": piece}] for piece in PIECES)) + END,
    "no newline at the end": (events(*PIECES) + END).rstrip(b"\n"),
    "null contents": events(None, *PIECES, None) + END,
}


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)
@settings(deadline=None, max_examples=30)
@given(cuts=st.lists(st.integers(0, 3000), max_size=12))
def test_every_servers_way_of_streaming_gives_the_same_reply(stream, cuts):
    reading, told = read(stream, cuts=cuts)
    assert reading.reply().text == TEXT
    assert told == TEXT
    assert reading.closed or reading.finish


def test_a_server_that_does_not_stream_is_read_all_the_same():
    told = []
    reading = Reading(talk(), Form(), _Teller(told.append))
    reading.whole(
        json.dumps({"choices": [{"message": {"content": TEXT}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 7}}).encode()
    )
    assert (reading.reply().text, told, reading.reply().tokens_in) == (TEXT, [TEXT], 7)
    assert any("does not stream" in sentence for sentence in reading.form.tolerated)


@pytest.mark.parametrize(
    "said", [{"error": {"message": "out of memory"}}, {"object": "error", "message": "out of memory"}, {"detail": "out of memory"}]
)
def test_an_error_in_place_of_a_reply_is_not_an_empty_reply(said):
    reading = Reading(talk(), Form(), _Teller(print))
    reading.whole(json.dumps(said).encode())
    assert reading.failed
    assert "out of memory" in str(reading.failed)
    assert not reading.closed
    assert not reading.form.tolerated, "an error says nothing about streaming"


def test_reasoning_sent_apart_is_put_back_where_the_model_wrote_it():
    stream = b"".join(
        b"data: " + json.dumps({"choices": [{"delta": delta}]}).encode() + b"\n\n"
        for delta in ({"reasoning_content": "a "}, {"reasoning": "pier"}, {"content": "<answer>re"}, {"content": "d</answer>"})
    )
    reading, told = read(stream)
    assert reading.reply().text == told == "<think>a pier</think><answer>red</answer>"


def test_a_prompt_or_a_beginning_that_is_sent_back_is_no_part_of_the_reply():
    of = talk(demand=True)
    for stream in (
        events("<ans", "wer>", "re", "d</answer>"),
        events(">red", "</answer>"),
        events("<|im_start|>assistant\n<answer>", "red</answer>"),
        events('[{"bbox_2d": [1, 2, 3, 4]}]<|vision_start|><|image_pad|><|vision_end|><answer>', "red", "</answer>"),
    ):
        reading, told = read(stream, of)
        assert reading.reply().text == told == ">red</answer>"
    assert read(events("red", "</answer>"), of)[0].reply().text == "red</answer>", "the tag was closed for the model"


def test_a_reply_begun_anew_is_read_as_the_answer_it_holds():
    reading, _ = read(events("Sure: <answer>", "red", "</answer>"), talk(demand=True))
    assert reading.reply().text == ">red</answer>"


def test_a_reply_ends_with_its_action_even_amid_a_piece():
    reading, told = read(events("<answer>red</answer> and then", " some more"))
    assert reading.reply().text == told == "<answer>red</answer>"
    assert reading.closed


def test_the_answers_probabilities_are_those_of_its_own_tokens():
    logprobs = [{"token": token, "logprob": -at / 10} for at, token in enumerate(["<answer>", "red", "</answer>", "junk"])]
    stream = events("<answer>red</answer>junk", logprobs={"content": logprobs})
    assert read(stream)[0].reply().tokens == [("<answer>", 0.0), ("red", -0.1), ("</answer>", -0.2)]
    assert read(stream, talk(demand=True))[0].reply().tokens == [(">", 0.0), ("red", -0.1), ("</answer>", -0.2)], (
        "a repeated beginning counts"
    )


def spelt(*pieces):
    """Tokens as servers list them: characters by their bytes, parts of one by theirs."""
    return {"content": [{"token": str(piece), "logprob": -0.1, "bytes": list(piece)} for piece in pieces]}


def test_probabilities_come_with_pieces_that_make_up_the_text_or_not_at_all():
    letter = "日".encode()
    chunks = [("", [letter[:1]]), ("日", [letter[1:], "本".encode()]), ("本</answer>", [b"</answer>\n"]), ("\n", [])]
    stream = b"".join(events(content, logprobs=spelt(*pieces)) for content, pieces in chunks)
    reply = read(stream)[0].reply()
    assert reply.text == "日本</answer>"
    assert [piece for piece, _ in reply.tokens] == ["", "日", "本", "</answer>"], "a character comes with its last token"
    reasoned = b'data: {"choices": [{"delta": {"reasoning_content": "a pier"}}]}\n\n'
    tokens = b"".join(events(content, logprobs=spelt(content.encode())) for content in ("<answer>", "red", "</answer>"))
    assert [piece for piece, _ in read(tokens)[0].reply().tokens] == ["<answer>", "red", "</answer>"]
    assert read(reasoned + tokens)[0].reply().text == "<think>a pier</think><answer>red</answer>"
    assert read(reasoned + tokens)[0].reply().tokens == [], "pieces that lie elsewhere in the text"


def test_tokens_are_counted_by_the_server_where_it_does():
    reply = read(STREAMS["OpenAI, vLLM, SGLang"])[0].reply()
    assert (reply.tokens_in, reply.tokens_out, reply.fed) == (0, len(PIECES), 0), "the reply was complete before the usage came"
    reply = read(events("<think>so") + END + USAGE)[0].reply()
    assert (reply.tokens_in, reply.tokens_out, reply.fed) == (70, 9, 6)


def test_a_reply_that_ran_into_the_limit_says_so():
    end = END.replace(b"stop", b"length")
    assert read(events("<think>so") + end)[0].reply().cut
    assert not read(events("<answer>red</answer>") + end)[0].reply().cut


def test_an_error_amid_the_stream_is_not_taken_for_text():
    for said in ("CUDA out of memory", {"message": "CUDA out of memory", "code": 500}):
        reading, _ = read(events("<think>") + b"data: " + json.dumps({"error": said}).encode() + b"\n\n")
        assert reading.failed
        assert reading.failed["message"] == "CUDA out of memory"


def test_an_error_stays_one_when_the_stream_ends_well_after_it():
    reading, _ = read(events("<think>") + b'data: {"error": "CUDA out of memory"}\n\n' + END + b"data: [DONE]\n\n")
    assert reading.failed
    assert not reading.closed


MULTILINE = b'data: {"choices": [\ndata: {"index": 0, "delta": {"content": "<answer>red</answer>"}}\ndata: ]}\n\n'


def test_a_line_that_is_no_event_costs_no_text():
    for noise in (b"data: ping\n\n", b"data:\n\n", b"data: [1]\n", b"data: null\n\n"):
        reading, _ = read(events("<answer>re") + noise + events("d</answer>"))
        assert (reading.text, reading.closed, reading.broken) == ("<answer>red</answer>", True, False)
    assert read(MULTILINE)[0].text == "<answer>red</answer>"


@pytest.mark.parametrize("line", ["\n\n", "\n"])
def test_a_reply_with_a_piece_missing_is_not_taken_for_whole(line):
    spoilt = 'data: {"choices": [{"index": 0, "delta": {"content": "0, 30"' + line
    stream = events('[{"bbox_2d": [10, 2', line=line) + spoilt.encode() + events(", 40]}]", line=line) + b"data: [DONE]\n\n"
    for tail in (stream, stream[: -len(b"data: [DONE]\n\n")], stream[:-40]):
        reading, _ = read(tail)
        assert reading.broken
        assert not reading.closed
    reading, _ = read(events("red") + END + b'data: {"usage": \n\n')
    assert not reading.broken, "all of the text was there"


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text("ab", max_size=6), max_size=5))
def test_a_second_try_never_repeats_text_and_the_last_line_is_the_reply(tries):
    told = []
    teller = _Teller(told.append)
    for text in tries:
        for end in range(1, len(text) + 1):
            teller(text[:end])
    longest = ""
    for text in tries:
        longest = longest if longest.startswith(text) else text
    assert "".join(told).split("\n")[-1] == longest


def test_messages_alternate_and_say_the_crop_in_the_nearest_form():
    form = Form()
    messages = form.messages(talk(crop=True, demand=True))
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user", "assistant"]
    assert messages[-1]["content"] == "<answer"
    assert [part["type"] for part in messages[3]["content"]] == ["image_url"]
    messages = form.messages(talk("qwen-grounding", crop=True, demand=True))
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"], "two of one role in a row"
    assert "Answer now" in messages[-1]["content"][-1]["text"]


REFUSALS = {  # status, message, the entry that is left out of the next request
    "transformers serve": (422, "Unexpected fields in the request: {'continue_final_message', 'add_generation_prompt'}", "continue"),
    "OpenAI": (400, "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "max_tokens"),
    "OpenAI, reasoning": (400, "Unsupported value: 'temperature' does not support 0 with this model.", "temperature"),
    "no logprobs": (400, "logprobs is not supported", "logprobs"),
    "Gemma's template": (500, "jinja error: System role not supported", "system"),
    "Mistral's template": (400, "Conversation roles must alternate user/assistant/user/assistant/...", "system"),
    "no begun replies": (400, "This model does not support assistant message prefill.", "begun"),
    "who knows": (400, "Bad request", "continue logprobs usage"),
}


@pytest.mark.parametrize(("status", "said", "refused"), REFUSALS.values(), ids=REFUSALS)
def test_a_refused_request_is_put_without_what_was_refused(status, said, refused):
    form, of = Form(), talk(demand=True)
    body = form.request("model", of, 9)
    assert form.adapt(status, said, body)
    assert form.refused == set(refused.split())
    assert len(form.tolerated) == len(form.refused)
    again = form.request("model", of, 9)
    keys = {"continue": "continue_final_message", "usage": "stream_options", "system": "messages", "begun": "messages"}
    assert all(body[key] != again.get(key) for key in [keys.get(name, name) for name in refused.split()])
    forms = [form.adapt(status, said, form.request("model", of, 9)) for _ in range(4)]
    assert False in forms, "it would be asked for ever"
    if "system" in refused:
        assert [message["role"] for message in again["messages"]] == ["user", "assistant"]
    if "begun" in refused:
        assert again["messages"][-1]["role"] == "user"
        assert "<answer>" in again["messages"][-1]["content"][-1]["text"]


def test_a_question_too_long_for_a_server_does_not_cost_the_next_ones_their_confidence():
    form, of = Form(), talk()
    text = "This model's maximum context length is 2048 tokens."
    assert form.adapt(400, text, form.request("model", of, 9))
    assert not form.adapt(400, text, form.request("model", of, 9))
    assert form.request("model", of, 9)["logprobs"] is True
    assert not form.tolerated


def test_a_server_that_fails_is_not_taken_for_one_that_refuses():
    form = Form()
    assert not form.adapt(500, "Internal Server Error", form.request("model", talk(), 9))


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("http://localhost:8000", "http://localhost:8000/v1"),
        (" http://localhost:8000/ ", "http://localhost:8000/v1"),
        ("http://localhost:8000/v1/", "http://localhost:8000/v1"),
        ("https://example.org/proxy/llm", "https://example.org/proxy/llm/v1"),
        ("https://example.org/v1beta/openai/", "https://example.org/v1beta/openai"),
        ("https://example.org/api/chat/completions", "https://example.org/api"),
        ("http://me:secret@[::1]:8000/v1?x=1#y", "http://[::1]:8000/v1"),
    ],
)
def test_addresses_are_taken_as_people_write_them(given, address):
    assert endpoint(given).roots[0] == address


@pytest.mark.parametrize("given", ["", "localhost:8000", "ftp://example.org", "http://", "http://a b", "http://h:99999999"])
def test_what_is_no_address_is_said_before_anything_is_sent(given):
    with pytest.raises(EngineError, match=r"is not an? (server )?address"):
        endpoint(given)


def test_a_login_in_the_address_is_used_and_not_shown():
    result = endpoint("http://me:secret@host/v1")
    assert (result.roots[0], result.login) == ("http://host/v1", ("me", "secret"))


def test_a_server_may_say_in_two_ways_when_to_come_back():
    assert seconds("7") == 7
    assert seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    for odd in ("soon", None, "", "-5", "0.5", "nan", "\u00b2", "Wed, 21 Oct 99999 07:28:00 GMT"):
        assert seconds(odd) is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": {"message": "no such model", "type": "x"}}', "no such model"),
        (b'{"error": "no such model"}', "no such model"),
        (b'{"detail": [{"loc": ["body"], "msg": "missing"}]}', '[{"loc": ["body"], "msg": "missing"}]'),
        (b"<html><body><h1>502</h1>Bad Gateway</body></html>", "502 Bad Gateway"),
        (b"\xff" + b"x" * 999, "\ufffd" + "x" * 299),
        (b"", ""),
    ],
)
def test_a_servers_complaint_is_one_readable_line(body, said):
    assert error_text(body) == said


def test_an_empty_system_prompt_is_still_said():
    of = talk()
    of.turns[0] = replace(of.turns[0], text="")
    assert Form().messages(of)[0] == {"role": "system", "content": ""}, "a stock template would put in its own"
