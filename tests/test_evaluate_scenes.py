"""The demo model over scenes it has never seen: here, and on a real server behind a network that fails."""

import random

import pytest
import torch
from fault_proxy import Fault, FaultProxy
from server import serving

from zoomearth.backend.cli.main import main
from zoomearth.backend.engines.local import LocalEngine
from zoomearth.backend.engines.remote import RemoteEngine
from zoomearth.core.paths import RESOURCES
from zoomearth.core.profile import Profile
from zoomearth.training.data.sets.scenes import Scenes
from zoomearth.training.demo.model import export, make_model, make_tokenizer
from zoomearth.training.evaluation import statistics as figures
from zoomearth.training.evaluation.records import Book, read
from zoomearth.training.evaluation.runner import MODES, Asker, run, tasks
from zoomearth.training.scenes.questions import exam
from zoomearth.training.scenes.scene import make_scene

DEMO = RESOURCES / "demo"
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """Eight scenes: one mistaken site makes all questions about it wrong. They are not those of the README's figures."""
    loaded = Scenes(size=2048, seed=990_000_000).load(tmp_path_factory.mktemp("scenes"))
    return list(tasks(next(loaded) for _ in range(64)))


def test_an_exam_has_two_global_three_region_and_three_object_questions():
    levels = [question.level for seed in range(40) for question in exam(make_scene(seed), random.Random(seed))]
    for level, share in (("global", 0.25), ("region", 0.375), ("object", 0.375)):
        assert levels.count(level) / len(levels) == pytest.approx(share, abs=0.03)


def test_an_untrained_model_is_asked_in_every_mode_and_found_ignorant(tmp_path, capsys):
    torch.manual_seed(0)
    tokenizer = make_tokenizer()
    export(make_model(tokenizer, (32, 1, 2), (32, 1, 2, 1)), tokenizer, tmp_path / "model", {})
    where = ["--data", str(tmp_path / "data"), "--out", str(tmp_path / "run"), "--model", str(tmp_path / "model"), "--device", "cpu"]
    assert main(["evaluate", "scenes", *where, "--size", "1024", "--limit", "8", "--ablation"]) == 0
    assert "oracle-box" in capsys.readouterr().out
    for mode in MODES:
        records = read(tmp_path / "run" / f"{mode}.jsonl")
        assert len(records) == 8
        assert sum(map(figures.right, records)) < 5
        assert records[0].spec["revision"].startswith("sha256:")


@pytest.mark.skipif(not (DEMO / "model.safetensors").exists(), reason="the demo model is not in this checkout")
def test_the_demo_model_really_looks(scenes):
    engine, runs = LocalEngine(DEMO, device="cpu"), {}
    for mode in MODES:
        runs[mode] = []
        run(Asker(engine, Scenes(), mode, engine.profile.policy, limit=96), scenes, 8, False, runs[mode].append)
    detail = next(row for row in figures.ablation(runs) if row["what"] == "with a box")
    zoom, without, oracle, blind = (detail["modes"][mode]["share"] for mode in MODES)
    assert zoom > 0.85
    assert zoom > without + 0.35
    assert oracle > 0.9
    assert blind < 0.5
    assert detail["hit"] > 0.85
    assert detail["zoom_rate"] > 0.95


@pytest.mark.skipif(not (DEMO / "model.safetensors").exists(), reason="the demo model is not in this checkout")
def test_a_server_that_drops_and_refuses_costs_only_what_it_dropped(scenes, tmp_path):
    """Three questions at a time to a real server; the second run repeats only the failed ones."""
    pytest.importorskip("fastapi", reason="`transformers serve` needs fastapi and uvicorn")
    benchmark, asked = Scenes(), scenes[:12]
    with serving(DEMO, tmp_path) as server, FaultProxy(server.url) as proxy:
        engine = RemoteEngine(proxy.url, server.model, profile=Profile.of_folder(DEMO), retries=0)
        asker = Asker(engine, benchmark, "zoom", engine.profile.policy, limit=96)
        book = Book(tmp_path / "zoom.jsonl", {"run": "remote"})
        run(asker, asked[:1], 1, True, book.add)  # the first question alone finds out the server's API
        learned = len(proxy.asked)
        proxy.faults = [Fault(status=429, body="busy"), Fault(status=500, body="oops"), Fault(events=2, then="drop")]
        run(asker, asked[1:], 3, True, book.add)
        failed = [record for record in book.records() if record.error]
        assert len(failed) == 3
        assert {record.error["code"] for record in failed} == {"engine"}
        assert len(proxy.asked) > learned + 11
        again = [task for task in asked if not book.answered(task.id)]
        assert {task.id for task in again} == {record.question_id for record in failed}
        run(asker, again, 3, True, book.add)
        book.close()
    records = read(tmp_path / "zoom.jsonl")
    assert not any(record.error for record in records)
    here = []
    run(Asker(LocalEngine(DEMO, device="cpu"), benchmark, "zoom", engine.profile.policy, limit=96), asked, 8, False, here.append)
    local = {record.question_id: record.answer for record in here}
    assert sum(record.answer == local[record.question_id] for record in records) >= 11, "the server's model is the same model"
