"""The behaviour of other servers, over real connections: their addresses, filters, errors and bodies.

For new behaviour, add a line to one of the tables.
"""

import dataclasses
import io
import json
import logging
import socket

import numpy as np
import pytest
from evaluating import make_set
from hypothesis import given, settings
from hypothesis import strategies as st
from quirks import Answer, Quirks, body, chunk, streamed, whole
from rasters import make

from zoomearth.backend.answer import Question, Tried, answer
from zoomearth.backend.cli.main import main
from zoomearth.backend.engines import remote
from zoomearth.backend.engines.open import open_engine
from zoomearth.backend.engines.remote import RemoteEngine
from zoomearth.backend.scene.scene import Scene
from zoomearth.backend.server.events import Outbox
from zoomearth.backend.server.queue import Jobs
from zoomearth.backend.server.worker import Worker
from zoomearth.core.errors import EngineError
from zoomearth.core.geometry import Box, Size, View
from zoomearth.core.look import Answer as Answered
from zoomearth.core.look import Observation
from zoomearth.core.profile import Profile
from zoomearth.core.requests import Ask, Load
from zoomearth.core.settings import Settings
from zoomearth.core.source import SceneSource
from zoomearth.core.talk import Talk
from zoomearth.core.wire import LineReader

OURS, STOCK = (Profile.from_dict({"name": "m", "dialect": name}) for name in ("zoomearth", "qwen-grounding"))
KEY, QUERY = "sk-a-very-secret-key", "tok=another-very-secret-key"
RED = "<answer>red</answer>"
MODELS = Answer(body({"data": [{"id": "m"}]}), kind="application/json")
NOT_FOUND = Answer(body({"detail": "Not Found"}), 404, "application/json")


@pytest.fixture
def quirks():
    with Quirks(lambda asked: Answer(streamed(chunk(RED), chunk(finish="stop")))).serving() as quirks:
        yield quirks


def replied(url, profile=STOCK, retries=0, key=None, model="m", **options):
    """The text of one reply."""
    talk = Talk(profile.dialect)
    talk.observe(Observation(View(Box(0, 0, 56, 56), Size(56, 56)), "What colour?", begins=True))
    engine = RemoteEngine(url, model, profile=profile, key=key, retries=retries, backoff=0.01, stall=10.0)
    return engine.reply([talk], **options)[0].text


def always(quirks, *pieces, **more):
    quirks.answer = lambda asked: MODELS if asked.method == "GET" else Answer(pieces, **more)


ADDRESSES = {  # as it is given -> where the request goes
    "/deep/chat/completions?api-version=2024-06-01": "/deep/chat/completions?api-version=2024-06-01",
    "/v1?key=k1": "/v1/chat/completions?key=k1",
    "?key=k1&x=a%20b": "/v1/chat/completions?key=k1&x=a%20b",
    "/azure/openai/deployments/d/chat/completions?api-version=2024": "/azure/openai/deployments/d/chat/completions?api-version=2024",
    "/v1beta/openai/": "/v1beta/openai/chat/completions",
    "/openai/v1?api-version=preview": "/openai/v1/chat/completions?api-version=preview",
}


@pytest.mark.parametrize(("given", "path"), ADDRESSES.items(), ids=ADDRESSES)
def test_the_query_of_an_address_is_sent_with_every_request(quirks, given, path):
    models = []
    quirks.answer = lambda asked: (models.append(asked.path), MODELS)[1] if asked.method == "GET" else Answer(streamed(chunk(RED)))
    assert replied(quirks.url + given, model="") == RED
    assert [asked.path for asked in quirks.posted] == [path]
    assert models == [path.replace("/chat/completions", "/models")]


def test_the_key_goes_to_azure_under_its_own_name_too(quirks):
    for path, named in (("/openai/deployments/d?api-version=1", KEY), ("/v1", None)):
        replied(quirks.url + path, key=KEY)
        assert quirks.posted[-1].headers["authorization"] == f"Bearer {KEY}"
        assert quirks.posted[-1].headers.get("api-key") == named


def test_a_models_repetition_penalty_is_sent_and_its_refusal_is_said(quirks):
    """vLLM, SGLang, llama.cpp and Ollama's own API know it; OpenAI's API refuses fields it does not know."""
    profile = dataclasses.replace(STOCK, repetition_penalty=1.05)
    assert replied(quirks.url, profile) == RED
    assert json.loads(quirks.posted[-1].body)["repetition_penalty"] == 1.05
    assert replied(quirks.url, STOCK) == RED
    assert "repetition_penalty" not in json.loads(quirks.posted[-1].body)
    refusal = body({"error": {"message": "Unrecognized request argument supplied: repetition_penalty"}})
    good = Answer(streamed(chunk(RED), chunk(finish="stop")))
    quirks.answer = lambda asked: Answer(refusal, 400, "application/json") if b"repetition_penalty" in asked.body else good
    engine = RemoteEngine(quirks.url, "m", profile=profile, retries=0)
    talk = Talk(profile.dialect)
    talk.observe(Observation(View(Box(0, 0, 56, 56), Size(56, 56)), "What colour?", begins=True))
    assert engine.reply([talk])[0].text == RED
    assert any("repetition penalty" in sentence for sentence in engine.tolerated)
    assert json.loads(quirks.posted[-1].body)["logprobs"], "only what was refused is left out"


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 405, 500])
def test_no_key_of_an_address_is_shown_whatever_a_server_says(quirks, status, caplog):
    caplog.set_level(logging.DEBUG)
    said = {"error": {"message": f"refused: {KEY} {quirks.url}/v1?{QUERY} another-very-secret-key me:pass-phrase"}}
    moved = {"Location": f"{quirks.url}/v2?{QUERY}"}
    quirks.answer = lambda asked: Answer(body(said), status, "application/json", moved)
    url = f"http://me:pass-phrase@{quirks.url[7:]}/v1?{QUERY}"
    with pytest.raises(EngineError) as caught:
        replied(url, key=KEY)
    engine = open_engine(Settings(remote=url))
    shown = [caught.value.message, caught.value.hint, engine.device, engine.profile.name, caplog.text]
    assert not [word for word in ("secret", "pass-phrase") for text in shown if word in text]
    assert quirks.posted[0].path.endswith(QUERY)


NO_ADDRESSES = ["htp://me:pass-phrase@host/v1?tok=secret-key", "http://h:99999999/?tok=secret-key", f"http://{'a' * 70}.x/?tok=secret"]


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_an_address_that_is_none_is_said_without_its_keys(url):
    with pytest.raises(EngineError, match=r"is not an? (server )?address") as caught:
        replied(url)
    assert "secret" not in str(caught.value)
    assert "phrase" not in str(caught.value)


@pytest.mark.parametrize("given", ["", "/v1", "/chat/completions", "/v1/chat/completions"])
@pytest.mark.parametrize("root", ["", "/v1"])
@pytest.mark.parametrize("listed", [MODELS, NOT_FOUND], ids=["models listed anywhere", "none listed"])
@pytest.mark.parametrize("status", [404, 405])
def test_an_api_is_found_with_and_without_v1(quirks, given, root, listed, status):
    def answered(asked):
        if asked.method == "GET":
            return listed
        wrong = Answer(NOT_FOUND.pieces, status, NOT_FOUND.kind)
        return Answer(streamed(chunk(RED))) if asked.path == f"/deep{root}/chat/completions" else wrong

    quirks.answer = answered
    assert replied(f"{quirks.url}/deep{given}") == RED
    assert len(quirks.posted) <= 2


@pytest.mark.parametrize(
    "given", ["/v1/models", "/v1/completions", "/v1/chat", "/api", "/api/chat", "/api/generate", "/v1/responses", "/docs"]
)
def test_an_api_is_found_by_the_address_of_another_method(quirks, given):
    quirks.answer = lambda asked: Answer(streamed(chunk(RED))) if asked.path == "/v1/chat/completions" else NOT_FOUND
    assert replied(quirks.url + given) == RED
    assert len(quirks.posted) <= 3


WRONG_PATHS = {
    "LM Studio": Answer(body({"error": "Unexpected endpoint or method. (POST /deep/v1/chat/completions). Returning 200 anyway"})),
    "an error's words": Answer(body({"error": {"message": "Invalid URL (POST /deep/v1/chat/completions)", "code": None}})),
    "a page of its own": Answer([b"<!doctype html><html></html>"], kind="text/html"),
}


@pytest.mark.parametrize("wrong", WRONG_PATHS.values(), ids=WRONG_PATHS)
def test_an_api_is_found_where_a_wrong_path_has_a_good_status(quirks, wrong):
    quirks.answer = lambda asked: Answer(streamed(chunk(RED))) if asked.path == "/deep/chat/completions" else wrong
    assert replied(quirks.url + "/deep") == RED
    quirks.answer = lambda asked: wrong
    with pytest.raises(EngineError, match=r"has no chat completions \(|answers with a web page") as caught:
        replied(quirks.url + "/deep", retries=3)
    assert "often ends in /v1" in caught.value.hint
    assert len(quirks.posted) == 4


def test_where_there_is_nothing_the_path_is_said_to_be_wrong_and_not_the_model(quirks):
    quirks.answer = lambda asked: MODELS if asked.method == "GET" else NOT_FOUND
    with pytest.raises(EngineError, match="lists the model 'm', but has no chat completions at this path") as caught:
        replied(quirks.url)
    assert "chat/completions" in caught.value.hint
    assert len(quirks.posted) == 2
    with pytest.raises(EngineError, match=r"knows no model 'other' \(HTTP 404: Not Found\)"):
        replied(quirks.url, model="other")
    quirks.answer = lambda asked: NOT_FOUND
    with pytest.raises(EngineError, match=r"/v1 has no chat completions \(HTTP 404\)"):
        replied(quirks.url)


FILTERED = {
    "OpenAI, Azure": streamed(chunk(""), chunk(finish="content_filter")),
    "amid the text": streamed(chunk("There are"), chunk(finish="content_filter")),
    "Gemini": streamed(chunk(None, "SAFETY")),
    "Gemini, cited": streamed(chunk("There", "RECITATION")),
    "Gemini, forbidden": streamed(chunk("", "PROHIBITED_CONTENT")),
    "Anthropic": streamed(chunk("", "refusal")),
    "Bedrock": streamed(chunk("", "guardrail_intervened")),
    "Zhipu": streamed(chunk("", "sensitive")),
    "a refusal": streamed({"choices": [{"delta": {"content": None, "refusal": "I can't"}}]}, chunk(finish="stop")),
    "a refusal in one body": body(whole(None, refusal="I can't help with that.")),
    "in one body": body(whole("", "content_filter")),
    "a refusal in parts": body(whole([{"type": "refusal", "refusal": "I can't"}])),
    "a risk": streamed(chunk("There", "content_risk")),
    "an unsafe image": streamed(chunk("There", "unsafe_image")),
    "an error in one body": body({"error": {"message": "policy", "code": "content_filter"}}),
    "an error amid the stream": streamed(chunk("There"), {"error": {"code": "data_inspection_failed", "message": "policy"}}),
}


@pytest.mark.parametrize("pieces", FILTERED.values(), ids=FILTERED)
@pytest.mark.parametrize("profile", [OURS, STOCK], ids=["ours", "stock"])
def test_a_filtered_reply_is_said_to_be_one_and_is_not_asked_for_again(quirks, pieces, profile):
    always(quirks, *pieces)
    with pytest.raises(EngineError, match="the server filtered the reply"):
        replied(quirks.url, profile, retries=3)
    assert len(quirks.posted) == 1


def test_a_filtered_question_is_said_to_be_one(quirks):
    text = {"error": {"message": "The prompt triggered a policy.", "code": "content_filter"}}
    always(quirks, *body(text), status=400, kind="application/json")
    with pytest.raises(EngineError, match=r"the server filtered the reply \(The prompt triggered a policy\)"):
        replied(quirks.url, retries=3)
    assert len(quirks.posted) == 1
    azure = {"message": "The response was held back", "code": "BadRequest", "innererror": {"code": "ResponsibleAIPolicyViolation"}}
    router = {"code": 403, "message": "Input flagged", "metadata": {"reasons": ["violence"]}}
    for status, text in ((400, azure), (403, router)):
        always(quirks, *body({"error": text}), status=status, kind="application/json")
        with pytest.raises(EngineError, match="the server filtered the reply"):
            replied(quirks.url, retries=3)


@pytest.mark.parametrize("reason", ["tool_calls", "function_call", "OTHER", "LANGUAGE"])
@pytest.mark.parametrize(
    "form", [lambda reason: streamed(chunk("", reason)), lambda reason: body(whole(None, reason))], ids=["stream", "body"]
)
def test_a_reply_that_the_server_ends_without_a_text_is_no_empty_reply_of_the_model(quirks, reason, form):
    always(quirks, *form(reason))
    with pytest.raises(EngineError, match=f"ended the reply before there was a text .finish_reason is '{reason}'."):
        replied(quirks.url, retries=3)
    assert len(quirks.posted) == 1
    always(quirks, *streamed(chunk("", "stop")))
    assert replied(quirks.url) == "", "the model had nothing to say"


def test_a_server_that_knows_no_limit_is_stopped(quirks):
    always(quirks, *streamed(*[chunk("a " * 50)] * 50))
    talk = Talk(STOCK.dialect)
    talk.observe(Observation(View(Box(0, 0, 56, 56), Size(56, 56)), "What colour?", begins=True))
    reply = RemoteEngine(quirks.url, "m", profile=STOCK, retries=0).reply([talk], limit=10)[0]
    assert reply.cut
    assert len(reply.text) < 1000


@pytest.mark.parametrize(
    "location", ["https://other.example/v1?sig=TOPSECRET", "/new/v1/chat/completions?sig=TOPSECRET", "//u:TOPSECRET@other"]
)
def test_a_redirection_is_not_followed_and_its_address_is_shown_without_keys(quirks, location):
    always(quirks, status=307, headers={"Location": location})
    with pytest.raises(EngineError, match=r"has moved \(HTTP 307\)") as caught:
        replied(quirks.url, key=KEY)
    assert "http" in caught.value.hint
    assert "SECRET" not in caught.value.hint + caught.value.message
    assert len(quirks.posted) == 1


@pytest.mark.parametrize("status", [201, 202])
def test_any_status_of_success_is_one(quirks, status):
    always(quirks, *body(whole("3")), status=status, kind="application/json")
    assert replied(quirks.url) == "3"


@pytest.mark.parametrize(
    "complaint",
    [
        "At most 1 image(s) may be provided in one request.",
        "You set image=2 (or defaulted to 1) in `--limit-mm-per-prompt`, but passed 3 image items in the same prompt.",
        "Image count 3 exceeds limit 2 per request",
    ],
)
def test_a_server_that_takes_too_few_pictures_is_told_how_to_take_more(quirks, complaint):
    always(quirks, *body({"object": "error", "message": complaint, "code": 400}), status=400, kind="application/json")
    with pytest.raises(EngineError, match="refuses the request") as refused:
        replied(quirks.url)
    assert "--limit-mm-per-prompt" in refused.value.hint
    assert "--max-zooms 0" in refused.value.hint


def test_a_complaint_cannot_steer_the_terminal(quirks):
    always(quirks, b"\x1b[31mboom\x07\x00", status=418)
    with pytest.raises(EngineError) as caught:
        replied(quirks.url)
    assert caught.value.message.endswith("(HTTP 418): [31mboom.")


def test_in_an_evaluation_a_filtered_reply_is_a_failure_and_no_wrong_answer(quirks, tmp_path):
    make_set(tmp_path / "set", 6, images=2)
    filtered, good = Answer(FILTERED["OpenAI, Azure"]), Answer(streamed(chunk("<answer>yes</answer>", "stop")))
    quirks.answer = lambda asked: filtered if b"Is 3 " in asked.body else good
    url = f"{quirks.url}/v1?{QUERY}"
    options = ["--data", str(tmp_path / "set"), "--out", str(tmp_path / "out"), "--remote", url, "--remote-model", "m"]
    main(["evaluate", "lrs-gro", *options])
    lines = (tmp_path / "out" / "zoom.jsonl").read_text()
    records = [json.loads(line) for line in lines.splitlines()]
    assert [record["question_id"] for record in records if record["error"]] == ["Q-3"]
    assert all(record["score"]["right"] for record in records if not record["error"])
    assert "the server filtered the reply" in lines
    assert not [file for file in (tmp_path / "out").rglob("*") if file.is_file() and b"secret" in file.read_bytes()]


FAILED = {
    "in the choice": streamed(chunk("There are about"), chunk("", "error", error={"code": 502, "message": "Provider returned error"})),
    "the reason alone": streamed(chunk("There are about"), chunk(finish="error")),
    "SGLang, vLLM": streamed(chunk("There are about"), chunk(finish="abort")),
    "DeepSeek": streamed(chunk("There are about"), chunk(finish="insufficient_system_resource")),
    "Zhipu": streamed(chunk("There are about"), chunk(finish="network_error")),
    "in the delta": streamed(chunk("There are about"), {"choices": [{"delta": {"error": "Provider returned error"}}]}),
    "an event": streamed(chunk("There are about"), {"error": {"message": "Provider returned error", "code": 502}}),
    "an event of text": streamed(chunk("There are about"), {"error": "Provider returned error"}),
    "an event, then a good end": streamed(chunk("There are about"), {"error": "Provider returned error"}, chunk(finish="stop")),
    "a detail": streamed(chunk("There are about"), {"detail": "Provider returned error"}),
    "a message": streamed(chunk("There are about"), {"message": "Provider returned error", "code": 500}),
    "vLLM": streamed(chunk("There are about"), {"object": "error", "message": "Provider returned error"}),
    "Anthropic": streamed(chunk("There are about"), {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    "Google: a list": body([{"error": {"code": 503, "message": "Provider returned error", "status": "UNAVAILABLE"}}]),
    "a named event": [*streamed(chunk("There are about"))[:1], b'event: error\ndata: {"message": "Provider returned error"}\n\n'],
    "a named event of text": [*streamed(chunk("There are about"))[:1], b"event: error\ndata: Provider returned error\n\n"],
    "in one body's choice": body({"choices": [{"message": {"content": "There are about"}, "error": {"message": "x"}}]}),
    "in one body's reason": body(whole("There are about", "error")),
    "one body that is an error": body({"error": {"message": "Provider returned error"}}),
    "one body of something else": body({"status": "starting"}),
    "llama.cpp": [*streamed(chunk("There are about"))[:1], b'error: {"code": 500, "message": "Provider returned error"}\n\n'],
    "a bare line of JSON": [*streamed(chunk("There are about"))[:1], b'{"error": {"message": "Provider returned error"}}\n'],
    "a bare line of words": [*streamed(chunk("There are about"))[:1], b"upstream connect error\n"],
    "a web page": [*streamed(chunk("There are about"))[:1], b"<html>502 Bad Gateway</html>\n"],
    "words for an event": [*streamed(chunk("There are about"))[:1], b"data: Internal Server Error\n\n"],
    "words for an event, then the end": [*streamed(chunk("There are about"))[:1], b"data: [ERROR] x\n\n", b"data: [DONE]\n\n"],
    "one body of words": [b"no capacity"],
    "an odd code": body({"error": {"message": "Provider returned error", "code": "\u00b2"}}),
    "a long code": body({"error": {"message": "Provider returned error", "code": "9" * 5000}}),
    "nothing": [],
    "nothing but the end": [b"data: [DONE]\n\n"],
    "half a body": [json.dumps(whole("There are about")).encode()[:-9]],
}


@pytest.mark.parametrize("pieces", FAILED.values(), ids=FAILED)
@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
def test_a_reply_that_failed_is_tried_again_and_its_part_is_never_an_answer(quirks, pieces, kind):
    lost = []
    good = streamed(chunk("There are about 7"), chunk(finish="stop"))
    quirks.answer = lambda asked: Answer(pieces if len(quirks.posted) == 1 else good, kind=kind)
    text = replied(quirks.url, retries=1, on_try=lambda *one: lost.append(one))
    assert text == "There are about 7"
    assert [one[:2] for one in lost] == [(2, 2)]
    always(quirks, *pieces, kind=kind)
    with pytest.raises(EngineError, match=r"\(2 tries\)"):
        replied(quirks.url, retries=1)


TEXT = "Ein Größenvergleich: 🚢 3"
PRETTY = json.dumps(whole(TEXT), indent=2)
BODIES = {
    "one body": body(whole(TEXT)),
    "indented": [PRETTY.encode()],
    "with letters as they are": [json.dumps(whole(TEXT), ensure_ascii=False).encode()],
    "after what keeps the connection alive": [b"\n", b" \n\r\n", PRETTY.encode()],
    "with a byte order mark": [b"\xef\xbb", b"\xbf" + PRETTY.encode()],
    "with carriage returns": [PRETTY.replace("\n", "\r\n").encode()],
    "in small pieces": [PRETTY.encode()[at : at + 7] for at in range(0, len(PRETTY.encode()), 7)],
    "of parts": body(whole([{"type": "text", "text": TEXT[:4]}, {"type": "text", "text": TEXT[4:]}])),
    "a list of one": body([whole(TEXT)]),
    "a list of chunks": body([chunk(TEXT[:4]), chunk(TEXT[4:], "stop")]),
    "chunks on lines": [json.dumps(each).encode() + b"\n" for each in (chunk(TEXT[:4]), chunk(TEXT[4:]), chunk(finish="stop"))],
    "and the end of a stream": [*body(whole(TEXT)), b"\n\ndata: [DONE]\n\n"],
    "a stream": streamed(chunk(TEXT[:4]), chunk(TEXT[4:], "stop")),
    "a stream with a byte order mark": [b"\xef\xbb\xbf", *streamed(chunk(TEXT, "stop"))],
    "a stream with blank lines first": [b"\n\n", *streamed(chunk(TEXT, "stop"))],
    "a stream with carriage returns alone": [b"".join(streamed(chunk(TEXT[:4]), chunk(TEXT[4:], "stop"))).replace(b"\n", b"\r")],
    "of parts with thoughts": body(whole([{"type": "reasoning", "text": "hm"}, {"type": "text", "text": TEXT}])),
    "in the form of plain completions": streamed({"choices": [{"text": TEXT[:4]}]}, {"choices": [{"text": TEXT[4:]}]}),
    "two replies at once": streamed(
        {"choices": [{"index": 0, "delta": {"content": TEXT[:4]}}]}, {"choices": [{"index": 1, "delta": {"content": "other"}}]},
        {"choices": [{"index": 0, "delta": {"content": TEXT[4:]}, "finish_reason": "stop"}]},
    ),
    "a stream with an odd line and a good end": [b"data: keep-alive\n\n", b"hello\n", *streamed(chunk(TEXT, "stop"))],
    "a stream that ends in small letters": [*streamed(chunk(TEXT))[:1], b"data: [done]\n\n"],
    "a stream with counts last": streamed(chunk(TEXT, "stop"), {"choices": [], "usage": {"prompt_tokens": 7}}),
    "a stream with odd counts": streamed(chunk(TEXT, "stop"), {"choices": [], "usage": {"prompt_tokens": "7", "prompt_tokens_details": 3}}),
    "a stream with marks": [b": ping\n\n", b"event: ping\ndata: {}\n\n", b"retry: 9\n\n", *streamed(chunk(TEXT, "stop"))],
    "a stream that repeats the whole at its end": streamed(chunk(TEXT[:4]), chunk(TEXT[4:]), whole(TEXT)),
    "a stream of messages": streamed(whole(TEXT[:4], None), whole(TEXT[4:])),
    "a stream that says null": streamed(chunk(TEXT[:4], "null"), chunk(TEXT[4:], ""), chunk(None, "stop")),
    "a stream with nulls": streamed({"choices": None}, {"choices": [None]}, {"choices": [{"delta": None}]}, chunk(TEXT, "stop")),
    "halves of a letter": [b'data: {"choices":[{"delta":{"content":"Ein Gr\\u00f6\\u00dfenvergleich: \\ud83d"}}]}\n\n',
                           *streamed(chunk("\udea2 3", "stop"))],
}  # fmt: skip
KINDS = ["application/json", "text/plain; charset=utf-8", "text/event-stream", "text/html", ""]


@pytest.mark.parametrize("pieces", BODIES.values(), ids=BODIES)
def test_a_reply_is_read_by_what_it_is_whatever_its_type_is_said_to_be(quirks, pieces):
    for kind in KINDS:
        always(quirks, *pieces, kind=kind)
        assert replied(quirks.url) == TEXT, kind


def test_a_web_page_is_said_to_be_one_whatever_its_type(quirks):
    for kind in KINDS:
        always(quirks, b"\n<!doctype html><html></html>", kind=kind)
        with pytest.raises(EngineError, match="answers with a web page"):
            replied(quirks.url)


@pytest.mark.parametrize("then", ["drop", "stall"])
def test_after_the_reason_of_the_end_nothing_is_waited_for(quirks, then, monkeypatch):
    monkeypatch.setattr(remote, "AFTER", 0.2)
    always(quirks, *streamed(chunk("3"), chunk(finish="stop"))[:2], then=then)
    assert replied(quirks.url) == "3"
    always(quirks, *streamed(chunk("3"))[:1], then="drop")
    with pytest.raises(EngineError, match="broke off"):
        replied(quirks.url)


def test_a_host_that_is_none_is_said_at_once_and_a_closed_port_after_all_tries():
    try:
        socket.getaddrinfo("nosuch.invalid", 80)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            pytest.skip("this machine has no name server that knows")
    lost = []
    with pytest.raises(EngineError) as caught:
        replied("http://nosuch.invalid/v1", retries=4, on_try=lambda *one: lost.append(one))
    assert (caught.value.message, lost) == ("nosuch.invalid: no such host.", [])
    with pytest.raises(EngineError, match=r"no connection \(3 tries\)"):
        replied("http://127.0.0.1:9/v1", retries=2, on_try=lambda *one: lost.append(one))
    assert lost == [(2, 3, "http://127.0.0.1:9/v1: no connection"), (3, 3, "http://127.0.0.1:9/v1: no connection")]


@pytest.mark.parametrize("key", ["schlüssel", "a\nb", "a\x00b"])
def test_a_key_that_no_header_can_hold_is_said_to_be_wrong(key):
    with pytest.raises(EngineError, match="holds characters that are not allowed in a key"):
        replied("http://127.0.0.1:9", key=key)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    pixels = np.random.default_rng(0).integers(0, 255, (3, 60, 60), dtype=np.uint8)
    return str(make(tmp_path_factory.mktemp("scene") / "small.tif", pixels))


def busy_once(quirks):
    """The first request of each question is refused."""
    good = Answer(streamed(chunk("3"), chunk(finish="stop")))
    quirks.answer = lambda asked: good if len(quirks.posted) % 2 == 0 else Answer([b"busy"], 503, headers={"Retry-After": "0"})


def test_a_lost_try_is_told_to_whoever_follows(quirks, scene, capsys):
    busy_once(quirks)
    with Scene.open(scene) as opened:
        told = []
        answered = answer(RemoteEngine(quirks.url, "m", profile=STOCK, backoff=0.01), Question(opened, "How many?"), told.append)
    assert answered.outcome.answer == "3"
    assert [event for event in told if isinstance(event, Tried)] == [Tried(2, 5, f"{quirks.url}/v1: HTTP 503 busy")]
    wire = io.BytesIO()
    worker = Worker(Jobs(Outbox(wire)), Outbox(wire))
    worker.run(Load(Settings(remote=quirks.url, remote_model="m"), id=1))
    worker.run(Ask(SceneSource(scene), "How many?", id=2))
    events = list(LineReader().feed(wire.getvalue()))
    assert {"event": "progress", "id": 2, "stage": "trying again", "done": 2, "total": 5} in events
    assert main(["ask", scene, "How many?", "--remote", quirks.url, "--remote-model", "m", "--json"]) == 0
    screen = capsys.readouterr()
    assert f"{quirks.url}/v1: HTTP 503 busy: try 2 of 5" in screen.err.replace("\n", "")
    assert json.loads(screen.out)["answer"] == "3"


def test_an_unreadable_reply_is_said_in_plain_words_and_its_reason_is_kept_apart(quirks, scene, capsys):
    always(quirks, *streamed(chunk('[{"bbox_2d": [144]}]', "stop")))
    asked = ["ask", scene, "How many?", "--remote", quirks.url, "--remote-model", "m"]
    assert main(asked) == 1
    screen = capsys.readouterr().out
    assert "The model's reply made no sense. Ask in other words." in " ".join(screen.split())
    assert "144" not in screen
    assert main([*asked, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["why"] == "the reply has a box without four numbers: [144]"


PARTS = [{"type": "text", "text": "c"}, None, {"text": None}]
SAID = ["There", " are ", "3", "", None, "<think>", "</think>", "<answer>", "</answer>", "\ud83d", "\ude80", 7, ["a"], {"text": "b"}, PARTS,
        '[{"bbox_2d": [1, 2, 3, 4]}]', "<|im_start|>assistant\n"]  # fmt: skip
PIECES = st.one_of(st.sampled_from(SAID), st.text(max_size=5))
REASONS = st.sampled_from([None, None, None, "stop", "length", "content_filter", "error", "tool_calls", "eos", "null", 3, [], {"a": 1}])
ODD = st.sampled_from([None, 0, 1.5, "x", [], {}, [None], {"content": None}, {"content": [{"token": 3}]}, [[{}]], {"bytes": 10**12}, True])


def objects(**fields):
    """With some of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


REFUSALS = st.sampled_from([None, "", "no", 3])
DELTAS = objects(content=PIECES, reasoning_content=PIECES, reasoning=ODD, refusal=REFUSALS, error=ODD, tool_calls=ODD)
TOKENS = objects(token=PIECES, bytes=ODD, logprob=st.sampled_from([-1, 10**400, "x"]))
LOGPROBS = st.one_of(ODD, objects(content=st.lists(TOKENS, max_size=2)))
CHOICES = objects(delta=st.one_of(DELTAS, ODD), message=st.one_of(DELTAS, ODD), finish_reason=REASONS, error=ODD, logprobs=LOGPROBS)
EVENTS = st.one_of(
    objects(choices=st.lists(CHOICES, max_size=2)),
    st.builds(chunk, PIECES, REASONS),
    objects(choices=ODD, usage=ODD, error=ODD, object=ODD, detail=ODD, message=ODD, code=ODD),
    ODD,
)
LINES = [b": ping\n\n", b"\n", b"\r", b"event: error\n", b"event: ping\n", b"data: ping\n\n", b'data: {"choices": [\n', b"data: [DONE]\n\n",
         b"\xef\xbb\xbf", b"\xff\xfe", b"{", b"[" * 5000, b"data: " + b"[{" * 5000 + b"\n\n", b"<html>", b'data: {"a": NaN}\n\n',
         b"id: 3\n"]  # fmt: skip
MARKS = st.sampled_from([b"data: ", b"data:", b""])
LINE_ENDS = st.sampled_from([b"\n\n", b"\n", b"\r\n\r\n", b"\r", b""])
SPELT = st.one_of(
    st.sampled_from(LINES), st.builds(lambda event, mark, end: mark + json.dumps(event).encode() + end, EVENTS, MARKS, LINE_ENDS)
)


@pytest.fixture(scope="module")
def fuzzed():
    with Quirks(lambda asked: Answer()).serving() as quirks:
        yield quirks


@settings(deadline=None, max_examples=300)
@given(
    parts=st.lists(SPELT, max_size=7),
    cuts=st.lists(st.integers(1, 400), max_size=5),
    kind=st.sampled_from(KINDS),
    profile=st.sampled_from([OURS, STOCK]),
    then=st.sampled_from(["end", "end", "drop"]),
    status=st.sampled_from([200] * 9 + [400, 404, 418, 500]),
)
def test_whatever_a_server_sends_there_is_a_reply_or_one_sentence(fuzzed, parts, cuts, kind, profile, then, status):
    stream = b"".join(parts)
    edges = sorted({0, *(cut for cut in cuts if cut < len(stream)), len(stream)})
    pieces = [stream[start:end] for start, end in zip(edges, edges[1:])]
    fuzzed.answer = lambda asked: Answer(pieces, status, kind, then=then)
    text = said = ""
    try:
        text = replied(fuzzed.url, profile)
    except EngineError as error:
        said = error.message
    assert "\n" not in said
    assert len(said) < 700
    text.encode()
    action = profile.dialect.parse(text, View(Box(0, 0, 56, 56), Size(56, 56)))
    assert not isinstance(action, Answered) or "<think" not in action.text
