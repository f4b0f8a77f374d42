"""An evaluation: the questions of each mode, the accidents that a run survives, and the counts."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from evaluating import PROFILE, ByRule, make_set, write_rows
from foreign import LETTERS
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from zoomearth.backend.answer import IN_HAND
from zoomearth.backend.cli.main import main
from zoomearth.backend.engines import Reply
from zoomearth.core.errors import DataError, EngineError, ModelError
from zoomearth.core.geometry import Box
from zoomearth.training.data.sets import BENCHMARKS
from zoomearth.training.evaluation import evaluate
from zoomearth.training.evaluation import runner as asking
from zoomearth.training.evaluation.records import Book, Record, read
from zoomearth.training.evaluation.runner import MODES, Asker, run, tasks

CHILD = Path(__file__).with_name("evaluating.py")
TIMINGS = ("seconds", "bytes_read", "tokens_computed")


@pytest.fixture
def dataset(tmp_path):
    make_set(tmp_path / "data", 30)
    return tmp_path / "data"


@pytest.fixture
def engine(monkeypatch):
    engine = ByRule()
    monkeypatch.setattr(evaluate, "open_engine", lambda settings: engine)
    return engine


def command(dataset, out, *more):
    return ["evaluate", "lrs-gro", "--data", str(dataset), "--out", str(out), *more]


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def comparable(records):
    return {record["question_id"]: {name: value for name, value in record.items() if name not in TIMINGS} for record in records}


def test_a_run_killed_five_times_equals_one_that_was_not(tmp_path):
    """1,000 questions: no answer is lost, no written one is asked again, and the figures are the same."""
    make_set(tmp_path / "data", 1000)

    def start(out, log):
        process = [sys.executable, str(CHILD), str(tmp_path / log), *command(tmp_path / "data", tmp_path / out), "--json"]
        return subprocess.Popen(process, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"})

    whole = start("whole", "whole.log")
    rng, file = random.Random(5), tmp_path / "killed" / "zoom.jsonl"
    written = 0
    for kill in range(5):
        process = start("killed", f"{kill}.log")
        until = written + rng.randint(20, 180)
        while len(file.read_bytes().splitlines() if file.exists() else []) < until:
            assert process.poll() is None, process.stderr.read().decode()
            time.sleep(0.005)
        time.sleep(rng.random() * 0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        before = set(questions(file))
        written = len(before)
        with file.open("ab") as torn:
            torn.write(b'{"question_id": "Q-9')
    last = start("killed", "5.log")
    figures = [json.loads(process.communicate(timeout=200)[0]) for process in (whole, last)]
    assert figures[0] == figures[1]
    assert figures[0]["n"] == 1000
    assert before.isdisjoint((tmp_path / "5.log").read_text().splitlines()), "what was written down was asked again"
    records = [lines(tmp_path / name / "zoom.jsonl") for name in ("killed", "whole")]
    assert len(records[0]) == 1000, "a question was written down twice, or lost"
    assert comparable(records[0]) == comparable(records[1])
    asked = Counter(question for kill in range(6) for question in (tmp_path / f"{kill}.log").read_text().splitlines())
    assert len(asked) == 1000
    assert sum(asked.values()) <= 1000 + 5 * 8 * IN_HAND, "more was asked twice than was under way when it was killed"


def questions(file):
    for line in file.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            yield json.loads(line)["question"]


def test_only_what_failed_is_asked_again(dataset, tmp_path, engine):
    out = tmp_path / "out"
    image = dataset / "images" / "0.png"
    image.rename(tmp_path / "elsewhere.png")
    (dataset / "images" / "1.png").write_bytes(b"no picture")
    assert main(command(dataset, out)) == 0
    records = lines(out / "zoom.jsonl")
    failed = [record for record in records if record["error"]]
    assert len(records) == 30
    assert {Path(record["image"]).name for record in failed} == {"0.png", "1.png"}
    assert all(record["score"] is None and record["error"]["code"] == "scene" for record in failed)
    (tmp_path / "elsewhere.png").rename(image)
    engine.talks.clear()
    assert main(command(dataset, out)) == 0
    again = lines(out / "zoom.jsonl")[30:]
    assert Counter(Path(record["image"]).name for record in again) == {"0.png": 6, "1.png": 6}
    assert len(engine.talks) == 6 + 4, "the six of the mended image, four of them zoom"
    assert len({record.question_id for record in read(out / "zoom.jsonl")}) == 30
    assert sum(record.error is None for record in read(out / "zoom.jsonl")) == 24


def test_rows_that_cant_be_asked_are_counted_apart_and_named(dataset, tmp_path, engine, capsys):
    rows = lines(dataset / "test.jsonl")
    write_rows(dataset / "test.jsonl", [*rows[:3], rows[1], "{torn", {**rows[4], "ground_truth": None}])
    assert main(command(dataset, tmp_path / "out", "--json")) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["n"], result["errors"]) == (3, 3)
    why = {record["question_id"]: record["error"]["message"] for record in lines(tmp_path / "out" / "zoom.jsonl") if record["error"]}
    assert "an earlier row of the set has the same id, 'Q-1'" in why["Q-1#2"]
    assert "not JSON" in why["test.jsonl:5"]
    assert "no ground_truth" in why["Q-4"]


def test_another_run_is_never_mixed_in(dataset, tmp_path, engine, capsys):
    out = tmp_path / "out"
    assert main(command(dataset, out)) == 0
    spec = lines(out / "zoom.jsonl")[0]["spec"]
    book = (out / "zoom.jsonl").read_text().replace(spec["prompt_hash"], "another")
    (out / "zoom.jsonl").write_text(book)
    assert main(command(dataset, out)) == 2
    assert "its prompt_hash differs" in capsys.readouterr().err


def ask(dataset, mode, engine=None, together=4, rows=30):
    engine = engine or ByRule()
    asker = Asker(engine, BENCHMARKS["lrs-gro"](), mode, engine.profile.policy, limit=64)
    records = []
    run(asker, list(tasks(asker.benchmark.load(dataset)))[:rows], together, False, records.append)
    return engine, sorted(records, key=lambda record: record.place)


def test_each_mode_shows_what_it_says(dataset):
    for mode in MODES:
        engine, records = ask(dataset, mode)
        assert len(records) == 30
        assert not any(record.error for record in records)
        views = [len(record.views) for record in records]
        pictures = [sum(turn.picture is not None for turn in talk.turns) for talk in engine.talks]
        if mode == "zoom":
            assert views[:3] == [1, 2, 2]
            assert records[1].bbox[0] == pytest.approx(
                [4 / 56 * 512, 4 * 120 / 56 / 160 * 512, 40 / 56 * 512, 40 * 120 / 56 / 160 * 512], abs=1e-3
            )
        if mode == "no-crop":
            assert views == [1] * 30
            assert {talk.turns[2].text for talk in engine.talks} == {"<answer"}, "the answer is asked for at once"
            assert all(record.stopped == "limit" and record.answer2 is None for record in records)
        if mode == "oracle-box":
            assert views[:3] == [1, 2, 2]
            roi = Box(*records[1].views[1]["roi"])
            assert roi == pytest.approx((10, 10, 80, 80), abs=3), "the label's box, as the model would have written it"
        if mode == "blind":
            assert views == [0] * 30
            assert pictures == [0] * 30
            assert all(record.bytes_read == 0 for record in records)


def test_real_rows_are_asked_and_their_boxes_kept(real_records, tmp_path):
    """The first sixty rows of LRS-GRO's RL split, with small square images in place of the real ones."""
    rows = lines(real_records / "lrs_gro_rl.jsonl")[:60]
    write_rows(tmp_path / "test.jsonl", rows)
    (tmp_path / "images").mkdir()
    for at, name in enumerate(sorted({row["image_name"] for row in rows})):
        Image.new("RGB", (100 + 40 * at, 100 + 40 * at), (90, 60, 30 * at)).save(tmp_path / "images" / name)
    _, records = ask(tmp_path, "zoom", rows=60)
    assert [record.question_id for record in records] == [row["question_id"] for row in rows]
    assert not any(record.error for record in records)
    for record, row in zip(records, rows):
        assert (record.bbox_ref or []) == pytest.approx(row["bbox"])
        assert (record.type, record.category, record.ground_truth) == (row["type"], row["category"], row["ground_truth"])
    _, oracle = ask(tmp_path, "oracle-box", rows=60)
    assert all(len(record.views) == 2 for record in oracle if record.bbox_ref)


def test_what_was_said_before_and_after_the_zoom_is_kept_apart(dataset):
    _, records = ask(dataset, "zoom")
    whole, zoomed = records[0], records[1]
    assert (whole.answer1, whole.answer2) == (whole.answer, None)
    assert (zoomed.answer1, zoomed.answer2) == (None, zoomed.answer)
    assert zoomed.zoomed
    assert not whole.zoomed
    assert len(zoomed.replies) == 2
    assert [message["role"] for message in zoomed.messages] == ["system", "user", "assistant", "tool", "assistant"]
    assert zoomed.size == [160, 120]
    assert zoomed.bbox_ref == [64, 64, 512, 512]
    assert zoomed.score["why"]


def test_a_pool_of_threads_finds_what_lockstep_finds(dataset):
    _, records = ask(dataset, "zoom")
    engine = ByRule()
    asker = Asker(engine, BENCHMARKS["lrs-gro"](), "zoom", PROFILE.policy)
    pooled = []
    run(asker, list(tasks(asker.benchmark.load(dataset))), 7, True, pooled.append)
    strip = ("together", *TIMINGS)
    as_dicts = [{name: value for name, value in vars(record).items() if name not in strip} for record in records]
    assert sorted(({n: v for n, v in vars(r).items() if n not in strip} for r in pooled), key=lambda r: r["place"]) == as_dicts


def test_a_reply_without_an_answer_is_wrong_and_an_engine_without_a_reply_an_error(dataset):
    class Mumbling(ByRule):
        def one(self, talk):
            return Reply("mumble " * 64, cut=True)

    _, records = ask(dataset, "zoom", Mumbling())
    assert all(record.score == {"right": False, "why": "no answer"} and record.stopped == "endless" for record in records)

    class Gone(ByRule):
        def reply(self, talks, **options):
            if len(talks) > 2 or any("Is 3 " in talk.turns[1].text for talk in talks):
                raise ModelError("The memory does not suffice.", "Ask fewer at once.")
            return super().reply(talks, **options)

    _, records = ask(dataset, "zoom", Gone())
    assert [record.question_id for record in records if record.error] == ["Q-3"], "one that fails costs only itself"


@pytest.mark.parametrize("remote", [False, True])
@pytest.mark.parametrize("where", ["engine", "scene", "prompt"])
def test_an_error_that_nobody_foresaw_costs_its_question_only(dataset, monkeypatch, remote, where):
    """Like a tokenizer's TypeError about half a character, which ended the run and each continuation of it."""

    class Failing(ByRule):
        def reply(self, talks, **options):
            if where == "engine" and any("Is 3 " in talk.turns[1].text for talk in talks):
                raise TypeError("TextEncodeInput must be Union[TextInputSequence, ...]")
            return super().reply(talks, **options)

    class Puts(BENCHMARKS["lrs-gro"]):
        def prompt(self, example):
            return example.question[1000] if where == "prompt" and example.id == "Q-3" else example.question

    if where == "scene":
        before = asking.Scene.part
        monkeypatch.setattr(asking.Scene, "part", lambda scene, view: before(scene, view) if "0.png" not in scene.path else 1 / 0)
    engine = Failing()
    asker = Asker(engine, Puts(), "zoom", PROFILE.policy)
    records = []
    run(asker, list(tasks(asker.benchmark.load(dataset))), 4, remote, records.append)
    failed = sorted((record for record in records if record.error), key=lambda record: record.place)
    assert len(records) == 30
    assert [record.question_id for record in failed] == ([f"Q-{at}" for at in range(6)] if where == "scene" else ["Q-3"])
    kind = {"engine": "TypeError", "scene": "ZeroDivisionError", "prompt": "IndexError"}[where]
    assert failed[0].error["code"] == "internal"
    assert failed[0].error["message"].startswith(kind)


def test_where_no_answer_can_be_scored_the_run_ends_at_once(dataset):
    class Unscored(BENCHMARKS["lrs-gro"]):
        def score(self, truth, reply, choices=()):
            raise DataError("WordNet is not here.", "Install it.")

    for remote in (False, True):
        asker = Asker(ByRule(), Unscored(), "zoom", PROFILE.policy)
        with pytest.raises(DataError, match="WordNet"):
            run(asker, list(tasks(asker.benchmark.load(dataset))), 4, remote, lambda record: None)


@pytest.mark.parametrize("field", ["question", "ground_truth", "label", "stage_1_reasoning"])
def test_half_a_character_costs_its_row_only_and_the_run_goes_on(dataset, tmp_path, engine, capsys, field):
    rows = lines(dataset / "test.jsonl")
    rows[4][field] = "\ud83d ships?"
    write_rows(dataset / "test.jsonl", rows)
    for _ in range(2):
        assert main(command(dataset, tmp_path / "out", "--ablation", "--json")) == 0
        result = json.loads(capsys.readouterr().out)
        assert {mode: (result[mode]["n"], result[mode]["errors"]) for mode in MODES} == dict.fromkeys(MODES, (29, 1))
    assert "half a character" in lines(tmp_path / "out" / "zoom.jsonl")[-1]["error"]["message"]


def test_a_run_whose_answers_hold_separators_and_half_characters_is_scored_and_compared(dataset, tmp_path, monkeypatch, capsys):
    odd = "three\u2028ships\x85and\x0b\ud83d"

    class Odd(ByRule):
        def one(self, talk):
            return Reply(f"<answer>{odd}</answer>")

    monkeypatch.setattr(evaluate, "open_engine", lambda settings: Odd())
    assert main(command(dataset, tmp_path / "out")) == 0
    file = tmp_path / "out" / "zoom.jsonl"
    assert {record.answer for record in read(file)} == {odd.replace("\ud83d", "\ufffd")}
    assert main(["evaluate", "lrs-gro", "--score-only", str(file)]) == 0
    assert main(["compare", str(file), str(file)]) == 0
    assert main(["evaluate", "report", str(tmp_path / "out")]) == 0
    capsys.readouterr()
    assert main(["evaluate", "lrs-gro", "--score-only", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 30


@given(st.fixed_dictionaries(dict.fromkeys(("ground_truth", "answer1", "answer2", "question", "why", "image"), LETTERS)), LETTERS)
def test_whatever_a_record_holds_is_read_back_as_it_was(texts, said):
    # two halves of one character side by side are one character in JSON
    texts, said = ({name: json.loads(json.dumps(text)) for name, text in texts.items()}, json.loads(json.dumps(said)))
    score, views = {"right": True, "why": said}, [{"window": [0, 0, 9, 9], "size": [9, 9], "label": said, "roi": None}]
    more = {"size": [9, 9], "bbox": [[1, 2, 3, 4]], "bbox_ref": [], "scale": 2.5, "confidence": 0.5, "seconds": 1.5, "together": 8}
    more |= {"choices": [said], "replies": [said, ""], "messages": [{"role": "user", "text": said}], "type": "object", "stopped": "limit"}
    records = [Record("a", **texts, **more, score=score, views=views), Record("b", error=EngineError(said, said).to_dict(), place=1)]
    with TemporaryDirectory() as folder:
        book = Book(Path(folder) / "x.jsonl", {"benchmark": said})
        for record in records:
            book.add(record)
        book.close()
        assert read(book.path) == records
        again = Book(book.path, {"benchmark": said})
        again.close()
        assert again.records() == records


def test_a_book_that_an_editor_has_saved_in_another_encoding_is_not_mixed(tmp_path):
    book = Book(tmp_path / "x.jsonl", {"a": 1})
    book.add(Record("q", "t"))
    book.close()
    content = book.path.read_text()
    book.path.write_text(content, encoding="utf-8-sig")
    assert set(Book(book.path, {"a": 1}).lines) == {"q"}
    book.path.write_text(content, encoding="utf-16")
    with pytest.raises(DataError, match="is in UTF-16"):
        Book(book.path, {"a": 1})


def test_a_place_where_nothing_can_be_written_is_one_sentence(dataset, tmp_path, engine, capsys):
    (tmp_path / "file").write_text("")
    assert main(command(dataset, tmp_path / "file")) == 2
    assert "can't be written" in capsys.readouterr().err


def test_the_command_asks_all_four_ways_and_goes_on_where_it_was(dataset, tmp_path, engine, capsys):
    out = tmp_path / "out"
    assert main(command(dataset, out, "--ablation", "--json")) == 0
    result = json.loads(capsys.readouterr().out)
    assert list(result) == list(MODES)
    assert {path.name for path in out.glob("*.jsonl")} == {f"{mode}.jsonl" for mode in MODES}
    asked = len(engine.talks)
    assert main(command(dataset, out, "--ablation")) == 0
    assert len(engine.talks) == asked, "nothing is asked twice"
    table = capsys.readouterr().out
    for word in ("oracle-box", "with a box", "constant", "kind 3"):
        assert word in table
    assert main(command(dataset, out, "--view-size", "84", "--max-zooms", "0")) == 0
    record = lines(out / "zoom-view84-zooms0.jsonl")[0]
    assert record["views"][0]["size"] == [84, 56]
    assert record["spec"]["policy"]["view"] == 84


def test_one_run_compares_what_a_zoom_shows_on_the_same_questions(dataset, tmp_path, engine, capsys):
    engine.box = [4, 4, 20, 20]  # small enough to be enlarged inside the rest
    out = tmp_path / "out"
    assert main(command(dataset, out, "--zoom", "all", "--json")) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["crop", "context", "both", "no-crop"]
    assert len({way["n"] for way in found.values()}) == 1
    runs = {path.stem: lines(path) for path in out.glob("*.jsonl")}
    assert set(runs) == {"zoom-crop", "zoom-context", "zoom-both", "no-crop"}
    for way in ("crop", "context", "both"):
        assert {record["spec"]["policy"]["zoom"] for record in runs[f"zoom-{way}"]} == {way}
    zoomed = [record for record in runs["zoom-context"] if len(record["views"]) > 1]
    assert zoomed
    for record in zoomed:
        first, second = record["views"][:2]
        assert second["focus"]
        assert (first["focus"], second["window"], second["size"]) == (None, first["window"], first["size"])
    assert not any(view["focus"] for record in runs["zoom-crop"] for view in record["views"])
    assert main(command(dataset, out, "--zoom", "all")) == 0
    assert "context" in capsys.readouterr().out
    assert (out / "report.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["evaluate", "lrs-gro", "--data", "nowhere"], "does not contain LRS-GRO"),
        (["evaluate", "lrs-gro", "--zoom", "all", "--blind"], "can't be combined with --blind"),
        (["evaluate", "lrs-gro", "--score-only", "nowhere.jsonl"], "does not exist"),
        (["evaluate", "lrs-gro", "--view-size", "0"], "is not a whole number"),
        (["evaluate", "lrs-gro", "--no-crop", "--blind"], "not allowed with"),
        (["evaluate", "mme-realworld-rs", "--extractor", "mine"], "invalid choice"),
        (["evaluate", "nonsense"], "invalid choice"),
        (["compare", "a", "b"], "does not exist"),
    ],
)
def test_a_wrong_command_is_one_sentence_and_exit_code_2(arguments, says, capsys, engine):
    assert main(arguments) == 2
    assert says in capsys.readouterr().err


def test_a_view_smaller_than_a_cell_is_refused(dataset, tmp_path, engine, capsys):
    assert main(command(dataset, tmp_path / "out", "--view-size", "20")) == 2
    assert "at least 28" in capsys.readouterr().err


def test_two_runs_side_by_side(dataset, tmp_path, engine, capsys):
    main(command(dataset, tmp_path / "a"))
    main(command(dataset, tmp_path / "b"))
    rows = lines(tmp_path / "b" / "zoom.jsonl")
    for row in rows[:7]:
        row["score"]["right"] = not row["score"]["right"]
    write_rows(tmp_path / "b" / "zoom.jsonl", rows)
    capsys.readouterr()
    files = [str(tmp_path / run / "zoom.jsonl") for run in "ab"]
    assert main(["compare", *files, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert len(result["better"]) + len(result["worse"]) == 7
    assert result["n"] == 30
    assert main(["compare", *files]) == 0
    assert "McNemar" in capsys.readouterr().out


def test_a_book_loses_no_row_to_a_damaged_line(tmp_path):
    book = Book(tmp_path / "x.jsonl", {"a": 1})
    for at in range(3):
        book.add(Record(f"q{at}", "t"))
    book.close()
    content = (tmp_path / "x.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "x.jsonl").write_bytes(content[0] + b"\x00garbage\n" + content[2] + content[1][:40])
    book = Book(tmp_path / "x.jsonl", {"a": 1})
    assert set(book.lines) == {"q0", "q2"}
    book.add(Record("q1", "t"))
    book.close()
    with pytest.raises(DataError, match="its a differs"):
        Book(tmp_path / "x.jsonl", {"a": 2})


def test_an_unreachable_server_is_one_error_a_question(dataset):
    class Down(ByRule):
        def reply(self, talks, **_):
            raise EngineError("no connection", "Is it running?")

    engine = Down()
    asker = Asker(engine, BENCHMARKS["lrs-gro"](), "zoom", PROFILE.policy)
    records = []
    run(asker, list(tasks(asker.benchmark.load(dataset))), 4, True, records.append)
    assert [record.error["code"] for record in records] == ["engine"] * 30


def test_scenes_are_opened_once_and_closed(dataset, monkeypatch):
    from zoomearth.training.evaluation import runner as asking

    opened = []
    before = asking.Scene.open
    monkeypatch.setattr(asking.Scene, "open", lambda path, **options: opened.append(path) or before(path, **options))
    ask(dataset, "zoom")
    assert len(opened) == 5


def test_scripted_answers_do_not_depend_on_the_batch(dataset):
    answers = [[record.answer for record in ask(dataset, "zoom", together=together)[1]] for together in (1, 8, 64)]
    assert answers[0] == answers[1] == answers[2]
    assert np.unique(answers[0]).tolist() == ["no", "yes"]
