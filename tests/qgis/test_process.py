"""The backend as a child process of QGIS: started when needed, killed, crashed, cancelled, and ended with the panel."""

import json
import os
import signal
import sys

import pytest
from panel import ANSWER, BOX, last_of, wait
from qgis.core import QgsApplication
from qgis.PyQt.QtTest import QTest

from zoomearth.core.errors import BackendError
from zoomearth.core.events import LAST, Cancelled, Done, Failed, Progress, Saw, Text
from zoomearth.core.protocol import VERSION
from zoomearth.core.requests import Ask, Describe, Load
from zoomearth.core.source import SceneSource
from zoomearth.plugin.child.backend_process import Backend, State, command
from zoomearth.plugin.log import TAG

SLOW = "<think>" + "and then " * 2000


@pytest.fixture
def backend(qgis_app, python):
    backend = Backend(lambda: command(python))
    yield backend
    backend.close()


def script(backend, *replies, pace=0.0):
    return backend.submit(Load(replies=replies, pace=pace))


def ask(backend, scene, question="What?"):
    return backend.submit(Ask(SceneSource(str(scene)), question))


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0] != "Z"


def test_nothing_runs_before_something_is_asked(backend):
    assert backend.state is State.DOWN
    assert backend.pid is None


def test_a_job_ends_once_and_last(backend, demo_scene):
    script(backend, BOX, ANSWER)
    job, heard, ended = ask(backend, demo_scene), [], []
    job.heard.connect(heard.append)
    job.ended.connect(ended.append)
    assert last_of(backend, job).result.answer == "3"
    assert backend.state is State.UP
    assert [type(event) for event in ended] == [Done]
    assert {type(event) for event in heard} >= {Saw, Text, Progress}
    assert not any(isinstance(event, LAST) for event in heard)


def test_killed_mid_answer_it_says_so_with_the_log_and_the_next_ask_restarts_it(backend, demo_scene):
    script(backend, SLOW, pace=0.01)
    job, heard = ask(backend, demo_scene), []
    job.heard.connect(heard.append)
    wait(lambda: any(isinstance(event, Text) for event in heard))
    first = backend.pid
    backend.log.append("the last words")
    os.kill(first, signal.SIGKILL)
    failed = last_of(backend, job)
    assert isinstance(failed, Failed)
    assert "crashed or was killed" in failed.message
    assert failed.log[-1] == "the last words"
    assert backend.state is State.DOWN
    script(backend, ANSWER)
    assert last_of(backend, ask(backend, demo_scene)).result.answer == "3"
    assert backend.pid != first


def test_all_that_waits_fails_with_the_process_and_is_never_sent_again(backend, demo_scene):
    script(backend, SLOW, pace=0.01)
    jobs = [ask(backend, demo_scene, f"Question {n}?") for n in range(3)]
    wait(lambda: backend.state is State.UP)
    os.kill(backend.pid, signal.SIGKILL)
    assert [type(last_of(backend, job)) for job in jobs] == [Failed] * 3
    assert backend.pid is None


@pytest.fixture
def logged():
    """What is written to the ZoomEarth tab of QGIS's log messages."""
    texts, log = [], QgsApplication.messageLog()

    def hear(text, tag, level):
        if tag == TAG:
            texts.append(text)

    log.messageReceived.connect(hear)
    yield texts
    log.messageReceived.disconnect(hear)


def test_two_crashes_in_a_minute_and_it_stays_down_until_it_is_revived(backend, demo_scene, logged):
    for _ in range(2):
        script(backend, SLOW, pace=0.01)
        job = ask(backend, demo_scene)
        wait(lambda: backend.state is State.UP)
        os.kill(backend.pid, signal.SIGKILL)
        failed = last_of(backend, job)
    assert backend.state is State.BROKEN
    assert "twice" in failed.message
    assert "twice" in last_of(backend, ask(backend, demo_scene)).message
    assert [text.partition(".")[0] for text in logged if "crashed" in text] == [
        "The model process crashed or was killed",
        "The model process crashed or was killed",
        "The model process crashed twice within a minute and was not started again",
    ]
    assert backend.pid is None
    backend.revive()
    script(backend, ANSWER)
    assert last_of(backend, ask(backend, demo_scene)).result.answer == "3"


def test_cancel_ends_the_job_and_the_process_lives_on(backend, demo_scene):
    script(backend, SLOW, pace=0.01)
    job, heard = ask(backend, demo_scene), []
    job.heard.connect(heard.append)
    wait(lambda: any(isinstance(event, Text) for event in heard))
    pid = backend.pid
    job.cancel()
    assert isinstance(last_of(backend, job), Cancelled)
    job.cancel()  # the job has ended: this does nothing
    assert backend.pid == pid


def test_one_that_does_not_hear_a_cancel_is_killed(backend, demo_scene, monkeypatch):
    monkeypatch.setattr("zoomearth.plugin.child.backend_process.PATIENCE", 300)
    script(backend, SLOW, pace=60)  # it does not react for a minute a word
    job, heard = ask(backend, demo_scene), []
    job.heard.connect(heard.append)
    wait(lambda: any(isinstance(event, Saw) for event in heard))
    QTest.qWait(500)  # the engine sleeps now
    pid = backend.pid
    job.cancel()
    assert isinstance(last_of(backend, job), Cancelled)
    wait(lambda: backend.state is State.DOWN)
    assert not alive(pid)
    assert isinstance(last_of(backend, script(backend, ANSWER)), Done)  # a killed process is not counted as a crash


def test_what_is_asked_as_a_deaf_process_is_killed_is_answered_by_the_next(backend, demo_scene, monkeypatch):
    monkeypatch.setattr("zoomearth.plugin.child.backend_process.PATIENCE", 300)
    script(backend, SLOW, pace=60)
    job, heard, later = ask(backend, demo_scene), [], []
    job.heard.connect(heard.append)
    job.ended.connect(lambda _: later.extend([script(backend, ANSWER), ask(backend, demo_scene)]))
    wait(lambda: any(isinstance(event, Saw) for event in heard))
    job.cancel()
    assert isinstance(last_of(backend, job), Cancelled)
    assert isinstance(last_of(backend, later[1]), Done), later[1].result


def test_closing_leaves_no_process_and_no_open_job(backend, demo_scene):
    script(backend, SLOW, pace=0.01)
    job, ended = ask(backend, demo_scene), []
    job.ended.connect(ended.append)
    wait(lambda: backend.state is State.UP)
    pid = backend.pid
    backend.close()
    assert [type(event) for event in ended] == [Cancelled]
    assert not alive(pid)


def test_an_interpreter_that_is_not_there_is_named(qgis_app):
    backend = Backend(lambda: command("/nowhere/python"))
    failed = last_of(backend, backend.submit(Describe(SceneSource("a.tif"))))
    assert "/nowhere/python" in failed.message
    assert backend.state is State.BROKEN  # the next question would fail in the same way
    assert "/nowhere/python" in backend.trouble[0]
    backend.revive()
    assert backend.state is State.DOWN


def test_a_backend_that_is_not_set_up_says_how(qgis_app):
    def nothing():
        raise BackendError("Not set up.", "Set it up.")

    backend = Backend(nothing)
    failed = last_of(backend, backend.submit(Describe(SceneSource("a.tif"))))
    assert (failed.message, failed.hint) == ("Not set up.", "Set it up.")


def test_one_that_ends_by_itself_is_told_with_its_exit_code_and_log(qgis_app):
    backend = Backend(lambda: [sys.executable, "-c", "import sys; sys.stderr.write('no such module\\n'); sys.exit(3)"])
    failed = last_of(backend, backend.submit(Describe(SceneSource("a.tif"))))
    assert "exit code 3" in failed.message
    assert failed.log == ("no such module",)


WAITS = "import sys, time; print({!r}, flush=True); sys.stdin.read()"


@pytest.mark.parametrize(("version", "update"), [(VERSION - 1, "Update the backend"), (VERSION + 1, "Update the plugin")])
def test_a_process_of_another_protocol_gets_no_job_and_says_what_to_update(qgis_app, version, update):
    ready = json.dumps({"event": "ready", "protocol": version, "version": "0.0.1", "pid": 1, "of another": "version"})
    backend = Backend(lambda: [sys.executable, "-c", WAITS.format(ready)])
    jobs = [backend.submit(Describe(SceneSource("a.tif"))) for _ in range(2)]
    wait(lambda: backend.pid is not None)
    pid = backend.pid
    for job in jobs:
        failed = last_of(backend, job)
        assert "0.0.1" in failed.message
        assert update in failed.hint
    assert backend.state is State.BROKEN
    assert not alive(pid)
    backend.close()


def test_an_event_that_can_not_be_read_ends_its_job(qgis_app):
    lines = [{"event": "ready", "protocol": VERSION, "version": "1", "pid": 1}, {"event": "saw", "id": 1, "view": {}, "picture": ""}]
    backend = Backend(lambda: [sys.executable, "-c", WAITS.format("\n".join(map(json.dumps, lines)))])
    failed = last_of(backend, backend.submit(Describe(SceneSource("a.tif"))))
    assert "saw.view lacks its field" in failed.message
    backend.close()
