"""The remote engine with a real server (`transformers serve` with tiny weights), and a proxy between them that adds errors."""

import json
import logging
import threading
import time
from dataclasses import dataclass

import numpy as np
import pytest
from child import Backend
from fault_proxy import Fault, FaultProxy
from PIL import Image
from rasters import make
from server import LISTED, serving
from tiny import make_tiny

from zoomearth.backend.engines.remote import RemoteEngine
from zoomearth.core.dialect import Dialect
from zoomearth.core.errors import EngineError
from zoomearth.core.geometry import Box, Size, View
from zoomearth.core.look import Observation
from zoomearth.core.profile import Profile
from zoomearth.core.requests import Load
from zoomearth.core.settings import Settings
from zoomearth.core.talk import Talk

pytest.importorskip("fastapi", reason="`transformers serve` needs fastapi and uvicorn")

KEY = "sk-a-very-secret-key"
LONG = 4000  # tokens: some fifteen seconds of this server


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Tiny weights whose replies do not end by themselves before LONG."""
    folder = make_tiny(tmp_path_factory.mktemp("tiny") / "tiny")
    file = folder / "generation_config.json"
    vocabulary = json.loads((folder / "config.json").read_text())["text_config"]["vocab_size"]
    file.write_text(json.dumps({**json.loads(file.read_text()), "eos_token_id": vocabulary - 1}))
    return folder


@pytest.fixture(scope="module")
def server(checkpoint, tmp_path_factory):
    with serving(checkpoint, tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def proxy(server):
    with FaultProxy(server.url) as proxy:
        yield proxy


@pytest.fixture
def engine(proxy, server, checkpoint):
    return RemoteEngine(proxy.url, server.model, profile=Profile.of_folder(checkpoint), key=KEY, backoff=0.01, stall=20.0)


@dataclass(frozen=True)
class Short(Dialect):
    """A reply is complete at its 30th character, because a random model never writes a box."""

    def complete(self, text):
        return len(text) >= 30


def asked(dialect, question="What is there?", colour=90):
    talk = Talk(dialect)
    talk.observe(Observation(View(Box(0, 0, 560, 560), Size(56, 56)), question, begins=True), picture(colour))
    return talk


def zoomed(dialect):
    talk = asked(dialect)
    talk.act('<think>It lies in the north.</think>[{"bbox_2d": [1, 2, 30, 40], "label": "harbour"}]')
    talk.observe(Observation(View(Box(0, 0, 84, 56), Size(84, 56))), picture(200, (84, 56)))
    return talk


def forced(dialect):
    talk = zoomed(dialect)
    talk.act('<think>Closer.</think>[{"bbox_2d": [5, 6, 7, 8], "label": "pier"}]')
    talk.observe(Observation(None, must_answer=True))
    return talk


def picture(colour, size=(56, 56)):
    return Image.radial_gradient("L").resize(size).point(lambda value: value * colour // 255).convert("RGB")


@pytest.mark.parametrize("make", [asked, zoomed, forced], ids=["first question", "after a zoom", "forced to answer"])
def test_a_server_says_what_the_local_engine_says_with_the_same_weights(engine, checkpoint, make):
    from zoomearth.backend.engines.local import LocalEngine

    local = LocalEngine(checkpoint, device="cpu")
    here = local.reply([make(local.profile.dialect)], limit=16)[0]
    there = engine.reply([make(engine.profile.dialect)], limit=16)[0]
    assert here.text.startswith(there.text), "they differ"
    assert len(there.text) > 15, "more than the bytes of a character cut at the limit is missing"
    assert (there.cut, there.cancelled, there.tokens_out) == (True, False, 16)
    assert there.tokens_in == here.tokens_in, "the server's layout is not the dialect's"


def test_the_text_streams_in_pieces_that_make_up_the_reply(engine):
    pieces = []
    reply = engine.reply([asked(engine.profile.dialect)], limit=40, on_text=lambda _, delta: pieces.append(delta))[0]
    assert len(pieces) > 5
    assert "".join(pieces) == reply.text


def test_a_complete_reply_is_cut_there_and_the_server_stops(engine, proxy):
    dialect = Short("", "")
    pieces = []
    started = time.monotonic()
    reply = engine.reply([asked(dialect)], limit=LONG, on_text=lambda _, delta: pieces.append(delta))[0]
    assert len(reply.text) == 30
    assert "".join(pieces) == reply.text
    assert not reply.cut
    assert proxy.asked[0].ended.wait(1)
    assert proxy.asked[0].hung_up, "the connection was left open, and the server would go on"
    engine.reply([asked(dialect)], limit=LONG)
    assert time.monotonic() - started < 6, "the second question waited for the first one's tokens"


@pytest.mark.parametrize("events", [-1, 6, 0], ids=["amid the text", "in a stall amid the text", "before the first byte"])
def test_a_cancel_reaches_the_server_within_a_second(engine, proxy, events):
    proxy.faults = [Fault(events=events, then="stall")]
    pieces, asked_at = [], []

    def cancelled():
        enough = len(pieces) >= 3 if events else time.monotonic() - started > 0.7
        if enough and not asked_at:
            asked_at.append(time.monotonic())
        return enough

    started = time.monotonic()
    reply = engine.reply([asked(engine.profile.dialect)], limit=LONG, on_text=lambda _, delta: pieces.append(delta), cancelled=cancelled)[0]
    returned = time.monotonic()
    assert reply.cancelled
    assert reply.text == "".join(pieces)
    assert returned - asked_at[0] < 1
    assert proxy.asked[0].ended.wait(1)
    assert 0 < proxy.asked[0].hung_up - asked_at[0] < 1
    engine.reply([asked(engine.profile.dialect)], limit=4)
    assert time.monotonic() - returned < 5, "the server went on generating for nobody"


def test_a_cancel_while_waiting_for_another_try_is_at_once(engine, proxy):
    proxy.faults = [Fault(429, headers="Retry-After: 50\r\n")]
    started = time.monotonic()
    reply = engine.reply([asked(engine.profile.dialect)], cancelled=lambda: time.monotonic() - started > 0.5)[0]
    assert reply.cancelled
    assert time.monotonic() - started < 2


FAULTS = {
    "busy": [Fault(429, headers="Retry-After: 0\r\n", body='{"error": {"message": "slow down"}}')],
    "failing": [Fault(500, body="Internal Server Error"), Fault(503)],
    "dropped at once": [Fault(events=0)],
    "dropped mid-stream": [Fault(events=5), Fault(events=9)],
    "stalled mid-stream": [Fault(events=5, then="stall")],
    "slow": [Fault(pace=0.02)],
}


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_what_passes_is_tried_again_and_no_text_comes_twice(engine, proxy, faults):
    whole = engine.reply([asked(engine.profile.dialect)], limit=20)[0]
    proxy.faults, pieces = list(faults), []
    engine._patience["stall"] = 2.0
    reply = engine.reply([asked(engine.profile.dialect)], limit=20, on_text=lambda _, delta: pieces.append(delta))[0]
    assert reply.text == whole.text
    assert "".join(pieces) == whole.text
    assert not proxy.faults, "a fault was not met"


def test_a_server_that_stays_down_is_one_clear_error_after_a_few_tries(engine, proxy):
    proxy.faults = [Fault(500, body='{"error": {"message": "CUDA error"}}')] * 9
    with pytest.raises(EngineError, match=r"http://127\.0\.0\.1:\d+/v1: HTTP 500 CUDA error \(5 tries\)") as caught:
        engine.reply([asked(engine.profile.dialect)])
    assert "log" in caught.value.hint
    assert len(proxy.asked) == 5


def test_a_server_that_asks_for_an_hour_is_not_waited_for(engine, proxy):
    proxy.faults = [Fault(429, headers="Retry-After: 3600\r\n")]
    with pytest.raises(EngineError, match="429"):
        engine.reply([asked(engine.profile.dialect)])
    assert len(proxy.asked) == 1


BROKEN = {  # answers with status 200: type, body, whether a retry makes sense, the message
    "an error for a reply": ("application/json", '{"error": {"message": "out of memory"}}', True, "out of memory"),
    "one that stays": ("application/json", '{"error": {"message": "too many pictures", "code": 400}}', False, "too many pictures"),
    "an error, then the end": ("text/event-stream", 'data: {"error": "out of memory"}\n\ndata: [DONE]\n\n', True, "out of memory"),
    "a spoilt line": ("text/event-stream", 'data: {"choices": [{"delta": {"content": "a"}}]}\n\ndata: {"cho\n\n', True, "damaged"),
}


@pytest.mark.parametrize(("kind", "body", "again", "said"), BROKEN.values(), ids=BROKEN)
def test_a_failure_with_status_200_is_no_reply(kind, body, again, said):
    with FaultProxy("http://127.0.0.1:9") as proxy:
        proxy.faults = [Fault(200, headers=f"Content-Type: {kind}\r\n", body=body)] * 9
        profile = Profile.from_dict({"name": "any", "dialect": "zoomearth"})
        engine = RemoteEngine(proxy.url, "any", profile=profile, retries=2, backoff=0.01)
        with pytest.raises(EngineError, match=said):
            engine.reply([asked(profile.dialect)])
        assert len(proxy.asked) == (3 if again else 1)
        assert engine.tolerated == []


def test_where_no_server_runs_the_error_asks_whether_it_does(engine, checkpoint):
    engine = RemoteEngine("http://127.0.0.1:9", "any", profile=engine.profile, retries=1, backoff=0.01)
    with pytest.raises(EngineError, match=r"http://127\.0\.0\.1:9/v1: no connection") as caught:
        engine.reply([asked(engine.profile.dialect)])
    assert "running" in caught.value.hint


def test_a_wrong_model_is_refused_once_with_the_names_there_are(engine, proxy):
    engine.model = "misspelt"
    with pytest.raises(EngineError, match="knows no model 'misspelt'") as caught:
        engine.reply([asked(engine.profile.dialect)])
    assert LISTED in caught.value.hint
    proxy.faults, before = [Fault(404, body='{"error": {"message": "The model does not exist."}}')], len(proxy.asked)
    with pytest.raises(EngineError, match="The model does not exist") as caught:
        engine.reply([asked(engine.profile.dialect)])
    assert LISTED in caught.value.hint
    assert len(proxy.asked) == before + 1


def test_the_key_is_sent_and_never_shown(engine, proxy, caplog):
    caplog.set_level(logging.DEBUG)
    engine.reply([asked(engine.profile.dialect)], limit=2)
    assert f"Authorization: Bearer {KEY}".encode() in proxy.asked[0].request
    proxy.faults = [Fault(401, body=json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}"}}))]
    with pytest.raises(EngineError, match="refuses the key") as caught:
        engine.reply([asked(engine.profile.dialect)])
    assert "ZOOMEARTH_API_KEY" in caught.value.hint
    proxy.faults = [Fault(400, body=json.dumps({"detail": f"bad header: Bearer {KEY}"}))] * 3
    with pytest.raises(EngineError, match="bad header") as refused:
        engine.reply([asked(engine.profile.dialect)])
    told = [caught.value.message, caught.value.hint, refused.value.message, refused.value.hint, repr(engine), caplog.text]
    assert not any(KEY in text for text in told)


def test_what_a_server_refuses_is_left_out_and_said(engine, proxy):
    engine.reply([forced(engine.profile.dialect)], limit=4)
    assert len(proxy.asked) == 2, "`transformers serve` refuses continue_final_message once, and is not asked again"
    engine.reply([forced(engine.profile.dialect)], limit=4)
    assert len(proxy.asked) == 3
    assert any("begun reply" in sentence for sentence in engine.tolerated)
    assert any("Crops" in sentence for sentence in engine.tolerated)


def test_pictures_arrive_with_the_exact_pixels_the_model_should_see(engine, proxy):
    import base64
    import io

    engine.reply([zoomed(engine.profile.dialect)], limit=2)
    body = json.loads(proxy.asked[0].request.partition(b"\r\n\r\n")[2])
    sent = [part["image_url"]["url"] for message in body["messages"] if isinstance(message["content"], list)
            for part in message["content"] if part["type"] == "image_url"]  # fmt: skip
    shown = [Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) for url in sent]
    assert [view.tobytes() for view in shown] == [picture(90).tobytes(), picture(200, (84, 56)).tobytes()]
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "user"]
    assert body["stream"] is True
    assert body["temperature"] == 0


def test_many_talks_come_back_in_order(engine):
    talks = [asked(engine.profile.dialect, f"Question {at}?", 40 * at) for at in range(5)]
    alone = [engine.reply([talk], limit=10)[0].text for talk in talks]
    heard = {}
    replies = engine.reply(talks, limit=10, on_text=lambda at, delta: heard.__setitem__(at, heard.get(at, "") + delta))
    assert [reply.text for reply in replies] == alone
    assert [heard[at] for at in range(5)] == alone
    assert len(set(alone)) > 1, "all the same: the order proves nothing"


def test_a_pool_of_threads_may_share_an_engine(engine):
    talk = asked(engine.profile.dialect)
    alone, texts = engine.reply([talk], limit=10)[0].text, []
    threads = [threading.Thread(target=lambda: texts.append(engine.reply([talk], limit=10)[0].text)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == [alone] * 4


def test_one_talk_that_fails_ends_the_others_at_once(engine, proxy):
    proxy.faults = [Fault(401)]
    started = time.monotonic()
    with pytest.raises(EngineError, match="key"):
        engine.reply([asked(engine.profile.dialect)] * 3, limit=LONG)
    assert time.monotonic() - started < 5


def test_the_plugins_cancel_goes_all_the_way_to_the_server(root, proxy, server, checkpoint, tmp_path):
    scene = str(make(tmp_path / "scene.tif", np.random.default_rng(1).integers(0, 16, (3, 300, 300), dtype=np.uint8)))
    backend = Backend(root, {"ZOOMEARTH_API_KEY": KEY})
    try:
        load = backend.id()
        backend.request(Load(Settings(str(checkpoint), proxy.url, server.model), id=load))
        assert backend.last(load)["result"]["device"] == f"{proxy.url}/v1"
        proxy.faults = [Fault(events=20, then="stall")]  # so that the reply is not over before the cancel
        question = backend.ask(scene)
        backend.until("text", id=question)
        asked_at = time.monotonic()
        backend.send(op="cancel", id=question)
        assert backend.last(question)["event"] == "cancelled"
        assert proxy.asked[-1].ended.wait(1)
        assert 0 < proxy.asked[-1].hung_up - asked_at < 1
        proxy.faults = [Fault(401)]
        failed = backend.last(backend.ask(scene))
        assert (failed["event"], failed["code"]) == ("failed", "engine")
        assert KEY.encode() not in b"".join(backend.log)
    finally:
        backend.end()
