"""The remote engine's connections to a real local server: used again, closed where they must be, and none is left open."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from quirks import Answer, Quirks, chunk, streamed

from zoomearth.backend.engines.remote import LAST, RemoteEngine
from zoomearth.core.errors import EngineError
from zoomearth.core.geometry import Box, Size, View
from zoomearth.core.look import Observation
from zoomearth.core.profile import Profile
from zoomearth.core.talk import Talk

PROFILE = Profile.from_dict({"name": "m", "dialect": "zoomearth"})
RED = "<answer>red</answer>"
WHOLE = Answer(streamed(chunk(RED), chunk(finish="stop")))


@pytest.fixture
def quirks():
    with Quirks(lambda asked: WHOLE).serving() as quirks:
        yield quirks


@pytest.fixture
def engine(quirks):
    engine = RemoteEngine(quirks.url, "m", profile=PROFILE, retries=0, backoff=0.01, stall=10.0)
    yield engine
    engine.close()


def talk():
    talk = Talk(PROFILE.dialect)
    talk.observe(Observation(View(Box(0, 0, 56, 56), Size(56, 56)), "What colour?", begins=True))
    return talk


def sockets():
    return sum(os.readlink(f"/proc/self/fd/{name}").startswith("socket:") for name in os.listdir("/proc/self/fd") if _is_open(name))


def _is_open(name):
    return os.path.lexists(f"/proc/self/fd/{name}")


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="counts sockets as Linux lists them")
def test_500_replies_of_a_pool_of_threads_take_a_handful_of_connections_and_leave_none(quirks):
    before = sockets()
    engine = RemoteEngine(quirks.url, "m", profile=PROFILE, retries=0)
    with ThreadPoolExecutor(8) as threads:
        texts = list(threads.map(lambda _: engine.reply([talk()])[0].text, range(500)))
    assert texts == [RED] * 500
    assert len(quirks.posted) == 500
    assert quirks.connections <= 16
    engine.close()
    until = time.monotonic() + 5
    while sockets() > before and time.monotonic() < until:  # the server's side of them, in this process too
        time.sleep(0.02)
    assert sockets() <= before
    engine.close()  # a second close is no error


def test_a_reply_that_ends_amid_its_stream_gives_its_connection_back(quirks, engine):
    """The action is complete before the reason of the end, the count of tokens and [DONE] have come."""
    for _ in range(20):
        assert engine.reply([talk()])[0].text == RED
    assert quirks.connections == 1


def test_a_server_that_goes_on_after_the_action_is_stopped_at_once(quirks, engine):
    quirks.answer = lambda asked: Answer(streamed(chunk(RED), *[chunk(" and")] * 3)[:4], then="stall")
    for _ in range(3):
        started = time.monotonic()
        assert engine.reply([talk()])[0].text == RED
        assert time.monotonic() - started < 5
    assert quirks.connections == 3, "each was closed, which stops the server"


def test_a_server_that_never_ends_a_whole_reply_is_waited_for_but_a_moment(quirks, engine):
    quirks.answer = lambda asked: Answer(streamed(chunk(RED))[:1], then="stall")
    started = time.monotonic()
    assert engine.reply([talk()])[0].text == RED
    assert time.monotonic() - started < LAST + 3


def test_a_kept_connection_that_the_server_has_closed_costs_no_try(quirks, engine):
    quirks.once = True
    lost = []
    for _ in range(5):
        assert engine.reply([talk()], on_try=lambda *one: lost.append(one))[0].text == RED
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(lambda _: engine.reply([talk()])[0].text, range(60))) == [RED] * 60
    assert lost == []
    quirks.answer = lambda asked: Answer(then="drop")
    with pytest.raises(EngineError, match="broke off"):
        engine.reply([talk()])


def test_text_and_lost_tries_come_on_the_callers_thread_and_an_error_in_them_ends_the_reply(quirks):
    engine = RemoteEngine(quirks.url, "m", profile=PROFILE, retries=1, backoff=0.01)
    answers = iter([Answer(status=500), WHOLE, Answer(streamed(chunk("<think>"))[:1], then="stall")])
    quirks.answer = lambda asked: next(answers)
    threads = []
    note = lambda *_: threads.append(threading.get_ident())  # noqa: E731
    engine.reply([talk()], on_text=note, on_try=note)
    assert set(threads) == {threading.get_ident()}
    assert len(threads) >= 2
    with pytest.raises(ZeroDivisionError):
        engine.reply([talk()], on_text=lambda *_: 1 / 0)
    engine.close()


def test_an_engine_that_nobody_holds_any_more_leaves_no_thread(quirks):
    def networks():
        return [thread for thread in threading.enumerate() if thread.name == "network"]

    before = len(networks())
    engine = RemoteEngine(quirks.url, "m", profile=PROFILE)
    engine.reply([talk()])
    assert len(networks()) == before + 1
    del engine
    until = time.monotonic() + 5
    while len(networks()) > before and time.monotonic() < until:
        time.sleep(0.02)
    assert len(networks()) == before
