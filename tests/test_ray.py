"""Batches on a real local Ray cluster: workers, nodes and drivers die, and no row is lost or written twice."""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import psutil
import pytest
import ray_parts
from evaluating import rule
from hypothesis import given
from hypothesis import strategies as st
from quirks import Answer, Quirks, chunk, streamed
from rasters import make

from zoomearth.backend.cli.main import main
from zoomearth.backend.cluster import Cluster
from zoomearth.backend.handout import ALONE, LIVES, Work
from zoomearth.core.requests import Ask, RunSurvey
from zoomearth.core.settings import Settings
from zoomearth.core.source import SceneSource

ray = pytest.importorskip("ray", reason="the extra zoomearth[ray] is not installed")
nodes = pytest.importorskip("ray.cluster_utils", reason="the extra zoomearth[ray] is not installed")

SMALL = {"object_store_memory": 100 << 20}
PROMPT = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 1000, "health_check_failure_threshold": 3}


@pytest.fixture(scope="module")
def cluster():
    """A node with two processors; `ray` is connected to it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", str(Path(__file__).parent))  # where workers find `ray_parts`
        yield from started()


def started():
    args = {"num_cpus": 2, "include_dashboard": False, "_system_config": PROMPT, **SMALL}
    try:
        head = nodes.Cluster(initialize_head=True, head_node_args=args)
    except Exception:  # Ray gives its node 30 s to start, which may be too little on a busy machine
        head = nodes.Cluster(initialize_head=True, head_node_args=args)
    ray.init(address=head.address, log_to_driver=False, logging_level="error")
    yield head
    ray.shutdown()
    head.shutdown()


class Model:
    """A server that answers each question by rule. most: requests at a time; asked: how often each question came."""

    def __init__(self):
        self.pace, self.under_way, self.most, self.asked, self.lock = 0.0, 0, 0, Counter(), threading.Lock()

    def __call__(self, asked):
        if asked.method == "GET":
            return Answer([json.dumps({"data": [{"id": "m"}]}).encode()], kind="application/json")
        parts = [part for message in json.loads(asked.body)["messages"] for part in message["content"] if isinstance(part, dict)]
        question = next(part["text"] for part in parts if part["type"] == "text" and part["text"].strip()).strip().split("\n")[0]
        with self.lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            self.asked[question] += 1
        time.sleep(self.pace)
        with self.lock:
            self.under_way -= 1
        return Answer(streamed(chunk(f"<answer>{rule(question)}</answer>"), chunk(finish="stop")))


@pytest.fixture
def model():
    return Model()


@pytest.fixture
def server(model):
    with Quirks(model).serving() as quirks:
        yield quirks


@pytest.fixture
def rasters(tmp_path):
    for at in range(3):
        make(tmp_path / f"{at}.tif", np.random.default_rng(at).integers(0, 255, (3, 120, 160), dtype=np.uint8))
    return tmp_path


def rows_over(rasters, count):
    return [Ask(SceneSource(str(rasters / f"{at % 3}.tif")), f"Is {at} there?", id=str(at)) for at in range(count)]


def settings(server):
    return Settings(remote=server.url, remote_model="m", dialect="zoomearth")


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def comparable(lines):
    """Without what differs from run to run: times, also that of a connection that failed."""
    timeless = (json.loads(re.sub(r"after \d+ ms", "after some ms", json.dumps(line))) for line in lines)
    return {line["id"]: {**line, "seconds": None, "spec": None} for line in timeless}


def workers():
    """The processes below this one that run workers."""
    found = []
    for each in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it ends just now
            found += [each] if "ray::Worker" in " ".join(each.cmdline()) else []
    return found


@given(st.integers(0, 40), st.booleans(), st.integers(1, 3), st.data())
def test_whatever_dies_every_row_is_over_once_and_one_that_kills_is_given_up(count, own_model, at_once, data):
    """Workers that have two calls under way each die at random, and always of row 3."""
    rows = [Ask(SceneSource(f"{at // 3}.tif"), "q", id=str(at)) for at in range(count)]
    work, over, calls = Work(rows, own_model, at_once), [], []
    for _ in range(2000):
        while len(calls) < 2 and not work.suspects and (shard := work.next()):
            calls.append(shard)
        if not calls and work.suspects:
            calls.append([work.suspects.popleft()])
        if not calls:
            break
        if any(row.id == "3" for row in calls[0]) or data.draw(st.integers(0, 9)) == 0:
            lost = [row for call in calls for row in call]
            over += [("fatal", row.id) for row in work.died(lost)]
            calls = []
        else:
            over += [("answered", row.id) for row in calls.pop(0)]
    assert not work.left()
    assert sorted(int(id) for _, id in over) == list(range(count))
    assert count <= 3 or ("fatal", "3") in over


def test_three_kills_by_chance_cost_no_row():
    work = Work([Ask(SceneSource("a.tif"), "q", id=str(at)) for at in range(8)], own_model=True, at_once=4)
    for _ in range(LIVES - ALONE):
        assert work.died(work.next()) == [], "in company"
    assert len(work.suspects) == 8
    first = work.suspects.popleft()
    assert work.died([first]) == [], "alone, for the first time"
    assert work.suspects[-1] is first
    assert work.died([work.suspects.pop()]) == [first]


def test_a_batch_on_ray_equals_the_batch_here(cluster, server, model, rasters, capsys):
    rows = [{"id": str(row.id), "path": row.source.path, "question": row.question} for row in rows_over(rasters, 60)]
    rows[5]["path"], rows[6]["path"] = "none.tif", "http://me:pw1234@127.0.0.1:9/gone.tif?sig=secret99"
    del rows[7]["question"]
    file = rasters / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    asked_of = ["--remote", server.url, "--remote-model", "m", "--dialect", "zoomearth", "--concurrency", "5"]
    assert main(["batch", str(file), "--out", str(rasters / "here.jsonl"), *asked_of]) == 1
    model.pace = 0.02
    assert main(["batch", str(file), "--out", str(rasters / "ray.jsonl"), "--on", "ray", *asked_of, "--json"]) == 1
    counts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (counts["rows"], counts["answered"], counts["failed"]) == (60, 57, 3)
    assert model.most <= 5, "more requests at a time than --concurrency"
    assert comparable(lines(rasters / "ray.jsonl")) == comparable(lines(rasters / "here.jsonl"))
    assert lines(rasters / "ray.jsonl")[0]["spec"] == lines(rasters / "here.jsonl")[0]["spec"]
    text = (rasters / "ray.jsonl").read_text()
    assert "secret99" not in text
    assert "pw1234" not in text


def test_workers_killed_at_random_lose_no_row_and_write_none_twice(cluster, server, model, rasters):
    model.pace = 0.05
    rows = rows_over(rasters, 120)
    done, killed, rng = [], 0, random.Random()
    with Cluster("ray", settings(server), at_once=4) as workers_of:
        profile, _ = workers_of.open()
        for line in workers_of.ask(rows, profile):
            done.append(line)
            if len(done) in (10, 45, 80) and (there := workers()):
                rng.choice(there).send_signal(signal.SIGKILL)
                killed += 1
    assert killed == 3
    assert len(done) == 120
    assert {line["id"] for line in done} == {row.id for row in rows}
    assert all(line["answer"] == rule(line["question"]) for line in done)
    assert sum(model.asked.values()) <= 120 + 3 * 4 * 3


def test_a_row_that_kills_its_worker_costs_itself_only(cluster, rasters):
    """With a model of its own in each worker, asked in lockstep."""
    rows = rows_over(rasters, 30)
    rows[4] = Ask(SceneSource("http://127.0.0.1:9/deadly.tif"), "Is it?", id="4")
    with Cluster("ray", Settings(), at_once=4, sign="ray_parts:deadly", open=ray_parts.by_rule) as workers_of:
        profile, _ = workers_of.open()
        done = {line["id"]: line for line in workers_of.ask(rows, profile)}
    assert set(done) == {row.id for row in rows}
    assert [id for id, line in done.items() if line["error"]] == ["4"]
    assert done["4"]["error"]["message"] == f"The worker that asked this row died, {LIVES} times."
    assert all(line["answer"] == rule(line["question"]) for line in done.values() if line["id"] != "4")


def test_a_node_that_leaves_takes_no_row_with_it(cluster, server, model, rasters):
    model.pace = 0.05
    node = cluster.add_node(num_cpus=1, **SMALL)
    rows = rows_over(rasters, 100)
    done = []
    with Cluster("ray", settings(server), at_once=6) as workers_of:
        assert workers_of.workers == 3
        profile, _ = workers_of.open()
        for line in workers_of.ask(rows, profile):
            done.append(line)
            if len(done) == 40:
                cluster.remove_node(node, allow_graceful=False)
    assert sorted(line["id"] for line in done) == sorted(row.id for row in rows)
    assert all(line["answer"] == rule(line["question"]) for line in done)


def test_a_driver_that_was_killed_continues_where_it_was(cluster, server, model, rasters):
    model.pace = 0.05
    file, out = rasters / "rows.jsonl", rasters / "out.jsonl"
    file.write_text("".join(json.dumps({"path": f"{at % 3}.tif", "question": f"Is {at} there?"}) + "\n" for at in range(100)))
    command = [sys.executable, "-m", "zoomearth", "batch", str(file), "--out", str(out), "--on", "ray://auto", "--json"]
    command += ["--remote", server.url, "--remote-model", "m", "--dialect", "zoomearth", "--concurrency", "4"]
    environment = {**os.environ, "RAY_ADDRESS": cluster.address}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until = time.monotonic() + 60
    while not (out.exists() and out.read_bytes().count(b"\n") >= 30):
        assert process.poll() is None, process.stderr.read().decode()
        assert time.monotonic() < until
        time.sleep(0.02)
    process.kill()
    process.communicate()
    before = out.read_bytes()
    done = subprocess.run(command, env=environment, capture_output=True, timeout=100)
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["answered"] == 100
    assert out.read_bytes().startswith(before)
    assert sorted(int(line["id"]) for line in lines(out)) == list(range(1, 101))
    assert all(line["answer"] == rule(line["question"]) for line in lines(out))


def test_what_can_not_be_used_is_one_sentence(cluster, server, rasters, capsys):
    (rasters / "rows.jsonl").write_text(json.dumps({"path": "0.tif", "question": "q"}) + "\n")
    arguments = ["batch", str(rasters / "rows.jsonl"), "--out", str(rasters / "out.jsonl")]
    for on in ("ray://", "dask", "ray://host"):
        assert main([*arguments, "--on", on]) == 2
        assert "is not ray, ray://auto or ray://HOST:PORT" in capsys.readouterr().err
    assert main([*arguments, "--on", "ray", "--model", str(rasters / "no-model")]) == 2
    assert "no-model" in capsys.readouterr().err
    assert not (rasters / "out.jsonl").exists()


def test_surveys_are_carried_out_by_workers_and_their_files_lie_with_the_answers(cluster, rasters):
    rows = [
        RunSurvey(SceneSource(str(rasters / f"{at}.tif")), "planes", str(rasters / f"found-{at}.gpkg"), size=20.0, id=str(at))
        for at in range(3)
    ]
    with Cluster("ray", Settings(), at_once=4, open=ray_parts.by_truth) as workers_of:
        profile, _ = workers_of.open()
        done = {line["id"]: line for line in workers_of.ask(rows, profile)}
    assert {id: (line["value"], line["error"]) for id, line in done.items()} == dict.fromkeys("012", (2, None))
    assert all((rasters / f"found-{at}.gpkg").exists() for at in range(3))
