"""The backend, started like the plugin starts it: a real child process, JSON lines in and out."""

import base64
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import replace

import numpy as np
import psutil
import pytest
from child import Backend
from PIL import Image
from quirks import Answer, Quirks, chunk, streamed
from rasters import NORTH_UP, ROTATED, city, copy, make
from tiny import make_tiny

from zoomearth.backend.scene.mask import inside
from zoomearth.backend.scene.scene import Scene
from zoomearth.core.geometry import Box, Grid, Size, View
from zoomearth.core.protocol import VERSION
from zoomearth.core.requests import Ask, Describe, Load
from zoomearth.core.settings import Settings
from zoomearth.core.source import SceneSource, Where

ZOOM = '<think>It lies in the north.</think>[{"bbox_2d": [10, 20, 110, 120], "label": "northern harbour"}]'
ANSWER = "<think>It is red.</think><answer>red</answer>"
ENDLESS = "word " * 5000


def copied(root, folder, of="", to=""):
    """The backend in another folder, with a changed `of` in its scripted engine: an error that the process must survive."""
    for name in ("core", "backend", "resources"):
        shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("demo", "__pycache__"))
    shutil.copy(root / "__init__.py", folder)
    scripted = folder / "backend" / "engines" / "scripted.py"
    text = scripted.read_text()
    assert of in text
    scripted.write_text(text.replace(of, to, 1))
    return folder


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    pixels = np.random.default_rng(1).integers(0, 16, (3, 1200, 1600), dtype=np.uint8)
    return str(make(tmp_path_factory.mktemp("scene") / "scene.tif", pixels))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("tiny") / "tiny")


def test_ready_comes_first_and_before_anything_heavy_is_imported(fresh):
    ready = fresh.hear()
    maps = " ".join(file.path for file in psutil.Process(fresh.process.pid).memory_maps())
    assert ready["event"] == "ready"
    assert (ready["protocol"], ready["pid"]) == (VERSION, fresh.process.pid)
    assert ready["version"]
    assert not [name for name in ("torch", "numpy", "rasterio", "PIL") if f"/{name}/" in maps], "heavy imports before ready"


def test_it_starts_by_path_from_a_folder_of_any_name(root, tmp_path):
    backend = Backend(copied(root, tmp_path / "ein Ördner"))
    try:
        backend.scripted(ANSWER)
    finally:
        backend.end()


def test_an_answer_comes_with_everything_the_plugin_draws(backend, scene):
    backend.scripted(ZOOM, ANSWER)
    id = backend.ask(scene, "What colour is it?")
    done = backend.last(id)
    told = [event for event in backend.history if event.get("id") == id]
    result = done["result"]
    assert done["event"] == "done"
    assert (result["question"], result["answer"], result["stopped"]) == ("What colour is it?", "red", "answered")
    assert (result["scene"]["path"], result["scene"]["width"], result["scene"]["crs"]) == (scene, 1600, "EPSG:32615")
    assert "".join(event["delta"] for event in told if event["event"] == "text") == ZOOM + ANSWER
    first, second = [event for event in told if event["event"] == "saw"]
    assert (first["view"]["step"], first["view"]["window"], first["view"]["roi"]) == (0, [0, 0, 1600, 1200], None)
    assert (second["view"]["step"], second["view"]["label"]) == (1, "northern harbour")
    assert second["view"]["polygon"]
    assert [second["view"]] == result["zooms"], "one JSON of a view"
    assert "thinking" in {event["stage"] for event in told if event["event"] == "progress"}
    order = [event["event"] for event in told if event["event"] != "progress"]
    assert order.index("text") > order.index("saw"), "text before the view it is about"


def test_the_picture_told_is_the_one_the_model_saw(backend, scene):
    backend.scripted(ZOOM, ANSWER)
    backend.last(backend.ask(scene))
    with Scene.open(scene) as opened:
        for saw in [event for event in backend.history if event["event"] == "saw"]:
            picture = Image.open(io.BytesIO(base64.b64decode(saw["picture"])))
            shown = opened.part(View(Box(*saw["view"]["window"]), Size(*saw["view"]["shown"])))
            assert len(saw["picture"]) <= 1_000_000
            assert (picture.mode, picture.size) == ("RGB", shown.size)
            assert picture.tobytes() == shown.tobytes()


def test_a_picture_too_large_for_the_wire_is_told_smaller(backend, tmp_path):
    pixels = np.random.default_rng(1).integers(0, 255, (3, 600, 600), dtype=np.uint8)
    backend.scripted(ANSWER)
    backend.last(backend.ask(str(make(tmp_path / "noise.tif", pixels)), policy={"view": 588}))
    saw = next(event for event in backend.history if event["event"] == "saw")
    assert len(saw["picture"]) <= 1_000_000
    assert Image.open(io.BytesIO(base64.b64decode(saw["picture"]))).size == (294, 294)


def test_a_region_bands_and_policy_are_what_the_question_is_asked_with(backend, scene):
    backend.scripted(ZOOM, ANSWER)
    id = backend.ask(scene, where=Where(window=(100, 200, 500, 700)), bands=(3,), policy={"view": 280, "max_zooms": 0})
    result = backend.last(id)["result"]
    saw = next(event for event in backend.history if event["event"] == "saw")
    assert saw["view"]["window"] == [100, 200, 500, 700]
    assert max(saw["view"]["shown"]) == 280
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(saw["picture"]))))
    assert (picture[..., 0] == picture[..., 2]).all(), "one band is grey"
    assert (result["stopped"], result["zooms"]) == ("limit", [])


def pictures(backend):
    """The pictures and the views in the events."""
    saws = [event for event in backend.history if event["event"] == "saw"]
    views = [View(Box(*saw["view"]["window"]), Size(*saw["view"]["shown"])) for saw in saws]
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(saw["picture"])))) for saw in saws], views


@pytest.mark.parametrize("placed", [True, False], ids=["on the map", "lying nowhere"])
def test_an_outline_is_what_is_shown_and_told(backend, tmp_path, placed):
    """Rotated on the map; without georeference, in pixels with y upwards, as QGIS shows it. Two parts, one with a hole."""
    affine = ROTATED if placed else (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
    path = make(tmp_path / "town.tif", city(1200, 800), **({"affine": affine} if placed else {"affine": None, "crs": ""}))
    pixels = [[(300, 200), (700, 250), (650, 600)], [(520, 300), (560, 300), (560, 380)], [(200, 700), (330, 500), (340, 700)]]
    rings = [[list(Grid(affine).to_map(x, y)) for x, y in ring] for ring in pixels]
    backend.scripted('[{"bbox_2d": [70, 40, 200, 200], "label": "a place"}]', ANSWER)
    result = backend.last(backend.ask(str(path), where=Where(outline=rings)))["result"]
    assert result["region"] == {"window": [200, 200, 700, 700], "outline": rings}
    shown, views = pictures(backend)
    assert views[0].window == Box(200, 200, 700, 700)
    assert len(views) == 2
    with Scene.open(str(path)) as scene:
        for picture, view in zip(shown, views):
            visible = inside(replace(view, rings=tuple(tuple(ring) for ring in pixels)))
            assert 0 < visible.mean() < 1
            assert (picture[~visible] == 128).all()
            assert (picture[visible] == np.asarray(scene.part(view))[visible]).all()


def test_a_zoom_outside_the_outline_is_no_evidence(backend, scene):
    affine = Grid(NORTH_UP)
    corners = [affine.to_map(x, y) for x, y in ((0, 0), (1600, 0), (1600, 200), (400, 200), (400, 1200), (0, 1200))]
    backend.scripted('[{"bbox_2d": [250, 150, 300, 200], "label": "a place"}]', ANSWER)
    result = backend.last(backend.ask(scene, where=Where(outline=[corners]), policy={"view": 504}))["result"]
    assert (result["stopped"], result["answer"], result["zooms"]) == ("bad_box", None, [])
    assert result["why"] == "the box lies outside the outline"


def test_the_text_is_gathered_to_twenty_events_a_second(backend, scene):
    backend.scripted("word " * 300 + ANSWER, pace=0.002)
    id = backend.ask(scene)
    started = time.monotonic()
    backend.last(id)
    texts = [event for event in backend.history if event["event"] == "text"]
    assert "".join(event["delta"] for event in texts) == "word " * 300 + ANSWER
    assert 3 < len(texts) <= 20 * (time.monotonic() - started) + 2


def test_a_cancel_is_heard_within_a_token_and_the_next_question_works(backend, scene):
    backend.scripted(ENDLESS, ANSWER, pace=0.05)
    first = backend.ask(scene)
    backend.until("text", id=first)
    asked = time.monotonic()
    backend.send(op="cancel", id=first)
    assert backend.last(first) == {"event": "cancelled", "id": first}
    assert time.monotonic() - asked < 1
    backend.send(op="cancel", id=first)
    backend.send(op="cancel", id="never heard of")
    second = backend.ask(scene)
    assert backend.last(second)["result"]["answer"] == "red"
    assert [event["id"] for event in backend.history if event["event"] in ("done", "cancelled", "failed")] == [first, second]


def test_a_question_that_waits_is_cancelled_at_once(backend, scene):
    backend.scripted(ENDLESS, ANSWER, pace=0.05)
    first, second, third = [backend.ask(scene) for _ in range(3)]
    backend.until("text", id=first)
    backend.send(op="cancel", id=second)
    assert backend.last(second) == {"event": "cancelled", "id": second}
    backend.send(op="cancel", id=first)
    assert backend.last(first)["event"] == "cancelled"
    assert backend.last(third)["result"]["answer"] == "red"


def row(id, scene, question="What?", **more):
    return Ask(SceneSource(str(scene)), question, id=id, **more)


def told_of(backend, id, name):
    return [event for event in backend.history if event["event"] == name and event["id"] == id]


def test_a_batch_tells_of_each_row_once_and_one_that_fails_costs_itself(backend, scene):
    """70 rows, more than are under way at a time; two about no raster, one about no part of it, one that no policy fits."""
    backend.scripted(ANSWER)
    rows = [row(f"row {at}", scene, f"What is {at}?") for at in range(70)]
    rows[3] = row("row 3", "nowhere.tif")
    rows[40] = row("row 40", scene, where=Where(window=(5000, 5000, 6000, 6000)))
    rows[41] = row("row 41", scene, policy={"view": 20})
    rows[69] = row("row 69", "nowhere.tif")
    id = backend.batch(*rows)
    assert backend.last(id) == {"event": "done", "id": id, "result": {"answered": 66, "unanswered": 0, "failed": 4}}
    started, ended = told_of(backend, id, "row_started"), told_of(backend, id, "row_ended")
    assert [event["row"] for event in started] == [each.id for each in rows]
    lasts = {event["last"]["id"]: event["last"] for event in ended}
    assert len(ended) == len(lasts) == 70
    assert {id: last["code"] for id, last in lasts.items() if "code" in last} == {
        **dict.fromkeys(("row 3", "row 40", "row 69"), "scene"),
        "row 41": "data",
    }
    for each in rows:
        if each.id not in ("row 3", "row 40", "row 41", "row 69"):
            assert (lasts[each.id]["result"]["question"], lasts[each.id]["result"]["answer"]) == (each.question, "red")
    shares = [event["done"] for event in told_of(backend, id, "progress") if event["stage"] == "thinking"]
    assert shares == sorted(shares)
    assert shares[-1] == 70


def test_the_rows_of_a_batch_are_in_its_file_before_anybody_hears_of_them(backend, scene, tmp_path):
    """As the command line writes them, after those of an earlier batch; another model's answers are refused."""
    out = tmp_path / "new folder" / "answers.jsonl"
    for ids in (("a", "nowhere", "b"), ("c", "nowhere")):
        backend.scripted(ANSWER)
        id = backend.batch(*(row(id, "nowhere.tif" if id == "nowhere" else scene) for id in ids), out=str(out))
        while (event := backend.hear())["event"] != "done":
            if event["event"] == "row_ended":
                assert event["last"]["id"] in [json.loads(line)["id"] for line in out.read_text().splitlines()]
        assert event["id"] == id
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert sorted(line["id"] for line in lines[:3]) == ["a", "b", "nowhere"]
    assert sorted(line["id"] for line in lines[3:]) == ["c", "nowhere"]
    assert {line["id"]: line["answer"] for line in lines} == {"a": "red", "b": "red", "c": "red", "nowhere": None}
    assert all(bool(line["error"]) == (line["id"] == "nowhere") for line in lines)
    other = out.with_name("other.jsonl")
    other.write_text(out.read_text().replace('"model": "scripted"', '"model": "x"'))
    failed = backend.last(backend.batch(row("d", scene), out=str(other)))
    assert (failed["event"], failed["code"]) == ("failed", "data")
    assert "model differs" in failed["message"]
    assert "Choose the model with which this run began" in failed["hint"]


def test_a_row_ends_with_what_an_ask_of_its_own_would_have(backend, scene):
    more = {"where": Where(window=(100, 200, 900, 1000)), "policy": {"view": 280}}
    backend.scripted(ZOOM, '[{"zoom_out": true}]', ANSWER)
    backend.request(replace(row("alone", scene, "What colour is it?", **more), id=(alone := backend.id())))
    result = backend.last(alone)["result"]
    views = [event["view"] for event in told_of(backend, alone, "saw")]
    texts = "".join(event["delta"] for event in told_of(backend, alone, "text"))
    backend.scripted(ZOOM, '[{"zoom_out": true}]', ANSWER)
    backend.last(id := backend.batch(row(7, scene, "What colour is it?", **more)))
    (ended,) = told_of(backend, id, "row_ended")
    assert ended["last"]["id"] == 7
    seconds = {"seconds": None}
    assert {**ended["last"]["result"], **seconds} == {**result, **seconds}
    assert ended["views"] == views
    assert len(views) == 3
    assert "".join(ended["replies"]) == texts


def test_a_server_is_asked_as_many_questions_at_a_time_as_are_wanted(backend, scene):
    meeting, lock = threading.Barrier(6), threading.Lock()
    under_way, most = 0, 0

    def reply(asked):
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        meeting.wait(60)  # nobody is answered before six have asked
        with lock:
            under_way -= 1
        if b"What is 13?" in asked.body:
            return Answer([b'{"error": {"message": "too many pictures"}}'], 413, "application/json")
        return Answer(streamed(chunk(ANSWER), chunk(finish="stop")))

    with Quirks(reply).serving() as quirks:
        load = Load(Settings(model="zoomearth-3b", remote=quirks.url, remote_model="m"), id=backend.id())
        backend.request(load)
        assert backend.last(load.id)["event"] == "done"
        backend.history.clear()
        last = backend.last(id := backend.batch(*(row(at, scene, f"What is {at}?") for at in range(30)), at_once=6))
    assert not meeting.broken
    assert most == 6
    assert last["result"] == {"answered": 29, "unanswered": 0, "failed": 1}
    assert [event["last"]["id"] for event in told_of(backend, id, "row_ended") if "code" in event["last"]] == [13]


def test_what_a_server_refuses_is_a_note_of_the_answer(backend, scene):
    def reply(asked):
        if b'"logprobs": true' in asked.body or b'"logprobs":true' in asked.body:
            return Answer([b'{"error": {"message": "logprobs is not supported"}}'], 400, "application/json")
        return Answer(streamed(chunk(ANSWER), chunk(finish="stop")))

    with Quirks(reply).serving() as quirks:
        backend.request(Load(Settings(model="zoomearth-3b", remote=quirks.url, remote_model="m"), id=backend.id()))
        last = backend.last(backend.ask(scene, "How many?"))
    assert any("probabilities" in note for note in last["result"]["notes"]), last["result"]["notes"]


@pytest.mark.parametrize("server", [False, True], ids=["here", "on a server"])
def test_a_batch_is_cancelled_soon_and_what_had_ended_stays_told(backend, scene, server):
    leave = threading.Event()

    def reply(asked):
        leave.wait(60 * (b"What is 7?" in asked.body))
        return Answer(streamed(chunk(ANSWER), chunk(finish="stop")))

    with Quirks(reply).serving() as quirks:
        if server:
            backend.request(Load(Settings(model="zoomearth-3b", remote=quirks.url, remote_model="m"), id=(load := backend.id())))
            assert backend.last(load)["event"] == "done"
        else:
            backend.scripted(f"{'word ' * 20}{ANSWER}", pace=0.002)
        id = backend.batch(*(row(at, scene, f"What is {at}?") for at in range(400)))
        until = next(event for event in iter(backend.hear, None) if event["event"] == "row_ended")
        asked = time.monotonic()
        backend.send(op="cancel", id=id)
        assert backend.last(id) == {"event": "cancelled", "id": id}
        assert time.monotonic() - asked < 3
        leave.set()
    ended = [event["last"] for event in told_of(backend, id, "row_ended")]
    assert until["last"] in ended
    assert 0 < len(ended) < 400
    assert {last["result"]["answer"] for last in ended} == {"red"}
    backend.scripted(ANSWER)
    assert backend.last(backend.ask(scene))["result"]["answer"] == "red"


def test_a_batch_that_waits_is_cancelled_at_once_and_one_after_a_failed_load_fails_as_that(backend, scene):
    backend.scripted(ENDLESS, pace=0.05)
    first, second = backend.ask(scene), backend.batch(row(1, scene))
    backend.until("text", id=first)
    backend.send(op="cancel", id=second)
    assert backend.last(second) == {"event": "cancelled", "id": second}
    backend.send(op="cancel", id=first)
    assert backend.last(first)["event"] == "cancelled"
    backend.request(Load(Settings(model="no-such-model"), id=(load := backend.id())))
    failed = backend.last(load)
    assert backend.last(id := backend.batch(row(1, scene))) == {**failed, "id": id}


def test_stop_ends_the_work_and_the_process(fresh, scene):
    fresh.scripted(ENDLESS, pace=0.05)
    first, second = fresh.ask(scene), fresh.ask(scene)
    fresh.until("text", id=first)
    fresh.send(op="stop")
    assert {fresh.until("cancelled")["id"], fresh.until("cancelled")["id"]} == {first, second}
    assert fresh.process.wait(3) == 0


def test_what_comes_after_stop_is_cancelled_while_work_ends(fresh, scene):
    fresh.scripted(ENDLESS, pace=1.0)
    first = fresh.ask(scene)
    fresh.until("text", id=first)
    time.sleep(0.3)  # by then the engine sleeps before its next word, and the process is not gone before the late question comes
    fresh.send(op="stop")
    late = fresh.ask(scene)
    assert {fresh.until("cancelled", timeout=10)["id"] for _ in range(2)} == {first, late}


def test_the_end_of_stdin_ends_the_process(fresh):
    fresh.hear()
    fresh.process.stdin.close()
    assert fresh.process.wait(2) == 0


PARENT = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
print(child.pid, flush=True)
child.stdin.write(b'{"op":"load","id":1,"settings":{"model":"%s","device":"cpu"}}\\n' % MODEL)
child.stdin.write(b'{"op":"ask","id":2,"source":{"path":"%s"},"question":"What?"}\\n' % SCENE); child.stdin.flush()
for line in child.stdout:
    if b'"event":"text"' in line or b'"event":"failed"' in line: print(line.decode(), flush=True)
"""


def test_a_killed_parent_takes_a_busy_backend_with_it_within_a_second(root, scene, checkpoint):
    code = f"MODEL, SCENE = {os.fsencode(checkpoint)!r}, {os.fsencode(scene)!r}\n{PARENT}"
    command = [sys.executable, "-I", "-X", "utf8", str(root / "backend" / "__main__.py"), "serve"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    parent = subprocess.Popen([sys.executable, "-c", code, *command], stdout=subprocess.PIPE, env=environment)
    child = psutil.Process(int(parent.stdout.readline()))
    assert b'"event":"text"' in parent.stdout.readline(), "torch is not at work"
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    until = time.monotonic() + 1
    while alive := child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > until:
            child.kill()
            break
        time.sleep(0.02)
    assert not alive


def test_a_checkpoint_is_loaded_once_answers_and_is_cancelled_within_a_token(backend, scene, checkpoint):
    backend.history.clear()
    first, second = backend.id(), backend.id()
    settings = Settings(model=str(checkpoint), device="cpu")
    backend.request(Load(settings, id=first))
    backend.request(Load(settings, id=second))
    done = backend.last(first)["result"]
    assert (done["model"], done["dialect"], done["device"]) == ("tiny", "zoomearth", "cpu")
    question = backend.ask(scene)
    backend.until("text", id=question)
    backend.send(op="cancel", id=question)
    assert backend.last(question)["event"] == "cancelled"
    assert len("".join(event.get("delta", "") for event in backend.history)) < 500, "it went on"
    assert [event["id"] for event in backend.history if event.get("stage") == "loading"] == [first], "it was loaded again"


def test_a_model_trained_anew_or_another_prompt_is_loaded_again(backend, checkpoint, tmp_path):
    folder = shutil.copytree(checkpoint, tmp_path / "model")
    prompt = tmp_path / "prompt.txt"
    prompt.write_text("Say it.\n")
    told = []
    for change in (None, prompt, folder / "zoomearth.json", None):
        if change == prompt:
            prompt.write_text("Say it shortly.\n")
        elif change:
            change.write_text(change.read_text().replace('"tiny"', '"tinier"'))
        backend.request(Load(Settings(model=str(folder), device="cpu", prompt_file=str(prompt)), id=(id := backend.id())))
        result = backend.last(id)["result"]
        told.append((result["model"], result["prompt_hash"]))
    assert [model for model, _ in told] == ["tiny", "tiny", "tinier", "tinier"]
    assert told[0][1] != told[1][1] == told[2][1]


FAILED_LOADS = {
    "no such model": {"settings": {"model": "no-such-model"}},
    "a setting that is no choice": {"settings": {"model": "zoomearth-demo", "device": "toaster"}},
    "a message that can't be read": {"engine": "cloud"},
}


@pytest.mark.parametrize("load", FAILED_LOADS.values(), ids=FAILED_LOADS)
@pytest.mark.parametrize("before", [True, False], ids=["after a good one", "the first one"])
def test_no_other_model_answers_for_one_that_could_not_be_loaded(backend, fresh, scene, load, before):
    child = backend if before else fresh
    if before:
        child.scripted(ANSWER)
    child.send(op="load", id=(id := child.id()), **load)
    failed = child.last(id)
    assert failed["event"] == "failed"
    for _ in range(2):
        refused = child.last(question := child.ask(scene))
        assert refused == {**failed, "id": question}
    child.request(Describe(SceneSource(scene), id=(id := child.id())))
    assert child.last(id)["event"] == "done"
    child.scripted(ANSWER)
    assert child.last(child.ask(scene))["result"]["answer"] == "red"


def test_stray_prints_never_reach_the_wire(root, scene, tmp_path):
    noise = (
        "import ctypes, os, time\nprint('stray python')\nctypes.CDLL(None).puts(b'stray C')\nctypes.CDLL(None).fflush(None)\n"
        "os.system('echo stray child')\nos.read(0, 10)\n"
    )
    backend = Backend(copied(root, tmp_path / "copy", "import time\n", noise))
    try:
        backend.scripted(ANSWER)
        backend.send(op="stop")
        backend.process.wait(5)
        time.sleep(0.1)
        assert {line.strip() for line in backend.log} >= {b"stray python", b"stray C", b"stray child"}
    finally:
        backend.end()


def test_a_job_that_crashes_fails_alone(root, scene, tmp_path):
    bug = '        self.given += 1\n        assert self.given != 1, "a bug"\n'
    backend = Backend(copied(root, tmp_path / "copy", "        self.given += 1\n", bug))
    try:
        backend.scripted(ANSWER)
        failed = backend.last(backend.ask(scene))
        assert (failed["event"], failed["code"]) == ("failed", "internal")
        assert "a bug" in failed["message"]
        assert backend.last(backend.ask(scene))["result"]["answer"] == "red"
        assert any(b"Traceback" in line for line in backend.log)
    finally:
        backend.end()


BAD = {
    "no JSON": (b"hello", None),
    "no object": (b"[1, 2]", None),
    "half a line": (b'{"op": "ask", "id": 1', None),
    "no UTF-8": (b'{"op": "\xff"}', None),
    "no op": (b'{"id": 5}', 5),
    "unknown op": (b'{"op": "dance", "id": 5}', 5),
    "op of another kind": (b'{"op": ["ask"], "id": 5}', 5),
    "no id": (b'{"op": "ask", "source": {"path": "a.tif"}, "question": "b"}', None),
    "id of another kind": (b'{"op": "ask", "id": {"a": 1}, "source": {"path": "a.tif"}, "question": "b"}', None),
    "no question": (b'{"op": "ask", "id": 5, "source": {"path": "a.tif"}}', 5),
    "empty question": (b'{"op": "ask", "id": 5, "source": {"path": "a.tif"}, "question": "  "}', 5),
    "unknown field": (b'{"op": "ask", "id": 5, "source": {"path": "a.tif"}, "question": "b", "bnads": [1]}', 5),
    "reversed region": (b'{"op": "ask", "id": 5, "source": {"path": "a.tif"}, "question": "b", "where": {"window": [9, 9, 1, 1]}}', 5),
    "NaN in a region": (b'{"op": "ask", "id": 5, "source": {"path": "a.tif"}, "question": "b", "where": {"window": [NaN, 0, 1, 1]}}', 5),
    "corners for rings": (
        b'{"op": "ask", "id": 5, "source": {"path": "a.tif"}, "question": "b", "where": {"outline": [[1, 2], [3, 4], [5, 6]]}}',
        5,
    ),
    "no rings": (b'{"op": "ask", "id": 5, "source": {"path": "a.tif"}, "question": "b", "where": {"outline": []}}', 5),
    "a ring of two corners": (
        b'{"op": "ask", "id": 5, "source": {"path": "a.tif"}, "question": "b", "where": {"outline": [[[1, 2], [3, 4]]]}}',
        5,
    ),
    "NaN in an outline": (
        b'{"op": "ask", "id": 5, "source": {"path": "a.tif"}, "question": "b", "where": {"outline": [[[1, 2], [3, 4], [NaN, 5]]]}}',
        5,
    ),
    "too many corners": (
        b'{"op": "ask", "id": 5, "source": {"path": "a"}, "question": "b", "where": {"outline": [[' + b"[1, 2]," * 200_000 + b"[3, 4]]]}}",
        5,
    ),
    "two bands": (b'{"op": "ask", "id": 5, "source": {"path": "a.tif", "bands": [1, 2]}, "question": "b"}', 5),
    "scripted without replies": (b'{"op": "load", "id": 5, "replies": []}', 5),
    "a setting of another kind": (b'{"op": "load", "id": 5, "settings": {"remote": 8000}}', 5),
    "unknown setting": (b'{"op": "load", "id": 5, "settings": {"engine": "cloud"}}', 5),
    "unknown device": (b'{"op": "load", "id": 5, "settings": {"device": "toaster"}}', 5),
    "a message of the protocol before this one": (b'{"op": "ask", "id": 5, "scene": "a.tif", "question": "b"}', 5),
    "a cancel without an id": (b'{"op": "cancel"}', None),
}


def test_whatever_comes_in_is_answered_and_the_process_lives_on(backend, scene):
    for line, id in BAD.values():
        given = backend.id()
        backend.line(line.replace(b'"id": 5', b'"id": %d' % given))
        failed = backend.until("failed")
        assert failed["id"] == (given if id else None), line
        assert failed["code"] == "backend", line
        assert len(failed["message"]) > 10, line
    backend.line(b"")
    backend.scripted(ANSWER)
    assert backend.last(backend.ask(scene))["event"] == "done"


def test_an_id_used_twice_is_refused_and_the_first_goes_on(backend, scene):
    backend.scripted(ANSWER, pace=0.2)
    id = backend.ask(scene)
    backend.request(Ask(SceneSource(scene), "What else?", id=id))
    refused = backend.until("failed")
    assert (refused["id"], refused["code"]) == (None, "backend")
    assert backend.last(id)["result"]["question"] == "What?"


IMPOSSIBLE = {
    "no such raster": ({"op": "ask", "source": {"path": "nowhere.tif"}, "question": "What?"}, "scene"),
    "nothing to describe": ({"op": "describe", "source": {"path": "nowhere.tif"}}, "scene"),
    "a region outside": ({"op": "ask", "question": "What?", "where": {"window": [5000, 5000, 6000, 6000]}}, "scene"),
    "an outline outside": ({"op": "ask", "question": "What?", "where": {"outline": [[[-9e6, -9e6], [-8e6, -9e6], [-8e6, -8e6]]]}}, "scene"),
    "an outline around the raster": (
        {
            "op": "ask",
            "question": "What?",
            "where": {"outline": [[[0, 0], [0, 9e6], [9e6, 9e6], [9e6, 0]], [[1, 1], [1, 8e6], [8e6, 8e6], [8e6, 1]]]},
        },
        "scene",
    ),
    "an outline without area": (
        {"op": "ask", "question": "What?", "where": {"outline": [[[500_010, 4_599_990], [500_020, 4_599_990]] * 2]}},
        "scene",
    ),
    "an outline beyond all maps": ({"op": "ask", "question": "What?", "where": {"outline": [[[0, 0], [1e299, 0], [0, 1e299]]]}}, "scene"),
    "a policy of other fields": ({"op": "ask", "question": "What?", "policy": {"veiw": 1}}, "backend"),
    "a policy of other words": ({"op": "ask", "question": "What?", "policy": {"crop": "round"}}, "backend"),
    "a policy of other kinds": ({"op": "ask", "question": "What?", "policy": {"view": "wide"}}, "backend"),
    "no such model": ({"op": "load", "settings": {"model": "no-such-model"}}, "model"),
    "no address": ({"op": "load", "settings": {"remote": "localhost:8000"}}, "engine"),
}


@pytest.mark.parametrize(("job", "code"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_can_not_be_done_fails_with_a_sentence(backend, scene, job, code):
    backend.scripted(ANSWER)
    id = backend.id()
    backend.send(id=id, **({"source": {"path": scene}} if job["op"] == "ask" else {}) | job)
    failed = backend.last(id)
    assert (failed["event"], failed["code"]) == ("failed", code), failed
    assert failed["message"].endswith(".")


def test_describe_says_what_a_raster_is_even_with_nan_for_nodata(backend, tmp_path):
    path = make(tmp_path / "float.tif", np.full((1, 64, 80), 3.5, dtype=np.float32), nodata=float("nan"))
    id = backend.id()
    backend.request(Describe(SceneSource(str(path)), id))
    result = backend.last(id)["result"]["facts"]
    assert (result["width"], result["height"], result["crs"]) == (80, 64, "EPSG:32615")


def test_a_raster_changed_between_two_questions_is_opened_anew(backend, tmp_path):
    path = make(tmp_path / "scene.tif", np.zeros((3, 100, 100), dtype=np.uint8))
    backend.scripted(ANSWER)
    first = backend.ask(str(path))
    backend.last(first)
    backend.last(backend.ask(str(path)))
    make(tmp_path / "scene.tif", np.full((3, 60, 90), 200, dtype=np.uint8))
    third = backend.ask(str(path))
    assert backend.last(third)["result"]["scene"]["width"] == 90
    opened = [event["id"] for event in backend.history if event.get("stage") == "opening" and event["done"] == 0]
    assert opened == [first, third]


@pytest.mark.parametrize("kind", ["a VRT's source", "an archive"])
def test_a_raster_whose_files_lie_elsewhere_is_opened_anew_when_they_change(backend, tmp_path, kind):
    source, archive = tmp_path / "source.tif", tmp_path / "scene.zip"
    backend.scripted(ANSWER)
    asked, scene = [], ""
    for value in (0, 200):
        make(source, np.full((3, 60, 90), value, dtype=np.uint8))
        with zipfile.ZipFile(archive, "w") as made:
            made.write(source, "source.tif")
        if not scene:
            scene = f"/vsizip/{archive}/source.tif" if kind == "an archive" else str(tmp_path / "scene.vrt")
            copy(source, tmp_path / "scene.vrt", "VRT")
        for _ in range(2):
            asked.append(backend.ask(scene))
            backend.last(asked[-1])
    opened = [event["id"] for event in backend.history if event.get("stage") == "opening" and event["done"] == 0]
    assert opened == [asked[0], asked[2]]
    pictures = [event["picture"] for event in backend.history if event["event"] == "saw"]
    assert pictures[0] == pictures[1] != pictures[2] == pictures[3], "it was opened, and shown as before"


def test_the_wire_says_whether_an_answer_is_meaningless(backend, root, scene):
    for model, asked, meaningless in (
        ("zoomearth-demo", scene, True),
        ("zoomearth-demo", str(root / "resources" / "scene" / "demo.tif"), False),
        ("zoomearth-3b", scene, False),
    ):
        load = backend.id()
        backend.request(Load(Settings(model=model), replies=(ANSWER,), id=load))
        assert backend.last(load)["event"] == "done"
        result = backend.last(backend.ask(asked))["result"]
        assert (result["answer"], result["meaningless"], result["confidence"]) == ("red", meaningless, None)


def test_without_a_load_the_environment_or_the_demo_model_answers(root, scene):
    backend = Backend(root, {"ZOOMEARTH_MODEL": "no-such-model"})
    try:
        failed = backend.last(backend.ask(scene))
        assert failed["code"] == "model"
        assert "no-such-model" in failed["message"]
    finally:
        backend.end()


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_in_the_terminal_of_qgis_is_not_the_backends_business(backend, scene):
    backend.scripted(ANSWER)
    os.kill(backend.process.pid, signal.SIGINT)
    assert backend.last(backend.ask(scene))["event"] == "done"
