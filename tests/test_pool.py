"""Several servers with one model: who is asked, what happens to a dead one, a busy one and one that comes back."""

import json
import threading
import time
from collections import Counter

import numpy as np
import pytest
from evaluating import PROFILE
from quirks import Answer, Quirks, chunk, streamed
from rasters import make

from zoomearth.backend.batch import question_of, run
from zoomearth.backend.cli.main import main
from zoomearth.backend.engines import pool as pools
from zoomearth.backend.engines.open import open_engine
from zoomearth.backend.engines.pool import Pool
from zoomearth.backend.engines.remote import RemoteEngine
from zoomearth.core.requests import Ask
from zoomearth.core.settings import Settings
from zoomearth.core.source import SceneSource

DEAD = "http://127.0.0.1:9"


class Server:
    """Answers with its name, once `gate` is open. status: what it answers instead, while it is set; most: requests at a time."""

    def __init__(self, name, pace=0.0):
        self.name, self.pace, self.status, self.headers = name, pace, 0, {}
        self.under_way = self.most = 0
        self.times = []
        self.lock, self.gate = threading.Lock(), threading.Event()
        self.gate.set()
        self.quirks = Quirks(self.answer)

    def answer(self, asked):
        if asked.method == "GET":
            return Answer([json.dumps({"data": [{"id": "m"}]}).encode()], kind="application/json")
        with self.lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            self.times.append(time.monotonic())
            status = self.status
        self.gate.wait(60)
        time.sleep(self.pace)
        with self.lock:
            self.under_way -= 1
        if status:
            return Answer([b'{"error": {"message": "no"}}'], status, "application/json", self.headers)
        return Answer(streamed(chunk(f"<answer>{self.name}</answer>"), chunk(finish="stop")))


@pytest.fixture
def servers():
    a, b = Server("a", 0.01), Server("b", 0.01)
    with a.quirks.serving(), b.quirks.serving():
        yield a, b


@pytest.fixture
def rows(tmp_path):
    make(tmp_path / "0.tif", np.random.default_rng(0).integers(0, 255, (3, 120, 160), dtype=np.uint8))
    return [Ask(SceneSource(str(tmp_path / "0.tif")), f"Is {at} global?", id=str(at)) for at in range(40)]


def pool(*urls, cap=4):
    return Pool([RemoteEngine(url, "m", profile=PROFILE, retries=0, timeout=2.0) for url in urls], PROFILE, cap)


def asked(engine, rows, at_once=8):
    finished = list(run(engine, rows, question_of, at_once, True))
    engine.close()
    assert {each.row.id for each in finished} == {row.id for row in rows}
    return Counter(each.error.message if each.error else each.answered.outcome.answer for each in finished)


def test_the_least_busy_server_is_asked_and_none_beyond_its_cap(servers, rows):
    a, b = servers
    b.gate.clear()
    before = a.answer

    def answer(request):
        if len(a.times) >= 36:
            b.gate.set()
        return before(request)

    a.quirks.answer = answer
    assert asked(pool(a.quirks.url, b.quirks.url, cap=3), rows, at_once=12) == {"a": 37, "b": 3}
    assert a.most <= 3
    assert b.most == 3


def test_a_dead_server_is_left_out_and_costs_no_row(servers, rows):
    a, _ = servers
    engine = pool(DEAD, a.quirks.url)
    assert asked(engine, rows) == {"a": 40}
    assert engine._members[0].asked <= 8, "it was asked again and again"


def test_a_server_that_comes_back_is_asked_again(servers, rows, monkeypatch):
    monkeypatch.setattr(pools, "REST", 0.05)
    a, b = servers
    a.pace = 0.05
    b.status = 503
    threading.Timer(0.3, lambda: setattr(b, "status", 0)).start()
    answers = asked(pool(a.quirks.url, b.quirks.url), rows)
    assert answers["b"] > 3
    assert answers["a"] + answers["b"] == 40


def test_a_busy_server_is_left_alone_as_long_as_it_asks_and_costs_no_row(servers, rows):
    a, _ = servers
    a.status, a.headers = 429, {"Retry-After": "1"}
    threading.Timer(1.5, lambda: setattr(a, "status", 0)).start()
    assert asked(pool(a.quirks.url, cap=2), rows, at_once=4) == {"a": 40}
    gaps = [later - earlier for earlier, later in zip(a.times, a.times[1:])]
    assert sum(gap > 0.8 for gap in gaps) >= 2, "it was not left alone twice for a second"
    assert len(a.times) <= 40 + 4


def test_a_request_that_every_server_fails_costs_its_own_row_and_no_server(servers, rows, monkeypatch):
    monkeypatch.setattr(pools, "REST", 0.05)
    a, b = servers
    for each in servers:
        before = each.answer
        each.quirks.answer = lambda asked, before=before: (
            Answer([b"{}"], 500, "application/json") if b"Is 7 " in asked.body else before(asked)
        )
    engine = pool(a.quirks.url, b.quirks.url)
    answers = asked(engine, rows)
    assert answers["a"] + answers["b"] == 39
    assert all(member.down_since is None for member in engine._members)


def test_without_any_server_questions_fail_instead_of_waiting_for_ever(rows, monkeypatch):
    monkeypatch.setattr(pools, "GIVE_UP", 0.3)
    monkeypatch.setattr(pools, "REST", 0.05)
    answers = asked(pool(DEAD, "http://no-such-host.invalid"), rows[:6], at_once=2)
    assert sum(answers.values()) == 6
    assert not answers.keys() & {"a", "b"}


def test_remote_given_twice_is_a_pool_that_is_asked_as_the_first_server_that_replies(servers, rows, tmp_path, capsys):
    a, b = servers
    engine = open_engine(Settings(remote=f"{DEAD} {a.quirks.url}", remote_model="m", dialect="zoomearth"), cap=3)
    assert isinstance(engine, Pool)
    assert engine.cap == 3
    engine.close()
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps({"path": "0.tif", "question": row.question}) + "\n" for row in rows))
    remote = ["--remote", a.quirks.url, "--remote", b.quirks.url + "?key=secret99", "--remote-model", "m", "--dialect", "zoomearth"]
    assert main(["batch", str(file), "--out", str(tmp_path / "out.jsonl"), *remote, "--concurrency", "3"]) == 0
    text = (tmp_path / "out.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert {line["answer"] for line in lines} == {"a", "b"}
    assert {line["spec"]["server"] for line in lines} == {"a pool"}
    assert "secret99" not in text
    assert max(a.most, b.most) <= 3
