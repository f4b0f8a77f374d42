"""Each benchmark: real rows are read, bad rows are named, and the official extractors and averages are reproduced to the digit."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from zoomearth.backend.scene.scene import Scene
from zoomearth.core.errors import DataError
from zoomearth.core.example import Example
from zoomearth.core.geometry import Box, Size
from zoomearth.training.data.sets import BENCHMARKS, Mark, Unusable
from zoomearth.training.data.sets.scenes import Scenes
from zoomearth.training.scenes.scene import HELD_OUT


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def vectors(real_records):
    return json.loads((real_records / "mcq_extractors.json").read_text())


@pytest.mark.parametrize(
    ("benchmark", "extractor", "column"),
    [
        ("mme-realworld-rs", "official", "mme_official_script"),
        ("mme-realworld-rs", "lmms-eval", "mme_lmms_eval_and_vlmevalkit"),
        ("xlrs-bench-lite", "lmms-eval", "xlrs_lmms_eval"),
    ],
)
def test_the_official_extractors_read_what_they_were_seen_to_read(vectors, benchmark, extractor, column):
    reader = BENCHMARKS[benchmark](extractor)
    assert len(vectors["vectors"]) >= 16
    for vector in vectors["vectors"]:
        assert reader.extract(vector["output"], vectors["choices"]) == vector[column], vector["output"]


def test_the_official_script_alone_falls_back_on_the_choices_words(vectors):
    assert BENCHMARKS["mme-realworld-rs"]("official").extract("455", vectors["choices"]) == "D"
    assert BENCHMARKS["mme-realworld-rs"]("lmms-eval").extract("455", vectors["choices"]) == ""


def test_nothing_said_is_right_for_nobody_but_the_official_script():
    choices = ("(A) 1", "(B) 2")
    assert BENCHMARKS["mme-realworld-rs"]("official").score("A", "", choices).right
    assert not BENCHMARKS["mme-realworld-rs"]("strict").score("A", "", choices).right
    for name in BENCHMARKS:
        assert not BENCHMARKS[name]().score("A", None, choices).right


@pytest.mark.parametrize(("reply", "letter"), [("(B)", "B"), ("Best answer: D", "D"), ("A or rather C", "C"), ("because", ""), ("", "")])
def test_the_strict_extractor_takes_only_a_letter_that_stands_alone(reply, letter):
    assert BENCHMARKS["mme-realworld-rs"]("strict").extract(reply, ()) == letter


def test_several_letters_are_right_only_together():
    xlrs = BENCHMARKS["xlrs-bench-lite"]()
    assert xlrs.score("AC", "(C) and (A)").right
    assert not xlrs.score("AC", "A").right
    assert BENCHMARKS["geollava"]().score("The answer is (B).", "B").right


def test_real_lrs_vqa_predictions_get_their_published_figures(real_records):
    """Qwen2-VL-7B on 1,000 questions, scored like the authors' script."""
    benchmark = BENCHMARKS["lrs-vqa"]()
    marks = []
    for row in rows(real_records / "lrsvqa_predictions_qwen2vl.jsonl"):
        right = benchmark.score(row["ground_truth"], row["answer1"]).right
        marks.append(Mark(benchmark.group(row), row["category"], right))
    counts = {name: [mark.right for mark in marks if mark.group == name] for name in ("STAR", "GLH-Bridge", "FAIR")}
    assert {name: (sum(group), len(group)) for name, group in counts.items()} == {
        "STAR": (111, 540),
        "GLH-Bridge": (36, 136),
        "FAIR": (69, 324),
    }
    assert {name: f"{100 * value:.2f}" for name, value in benchmark.averages(marks).items()} == {
        "STAR OA": "20.56",
        "STAR AA": "20.22",
        "GLH-Bridge OA": "26.47",
        "GLH-Bridge AA": "28.20",
        "FAIR OA": "21.30",
        "FAIR AA": "20.03",
    }


def test_every_real_lrs_gro_row_is_an_example(real_records):
    examples = list(BENCHMARKS["lrs-gro"]().load(real_records / "lrs_gro_rl.jsonl"))
    assert len(examples) == 6622
    assert all(isinstance(example, Example) for example in examples)
    assert {level: sum(e.level == level for e in examples) for level in ("global", "region", "object")} == {
        "global": 1593,
        "region": 1598,
        "object": 3431,
    }
    assert sum(example.box is not None for example in examples) == 5029
    third = examples[2]
    assert third.box_in(Size(4096, 2048)) == Box(4 * 163, 4 * 78, 4 * 196, 4 * 601)
    assert (third.id, third.answer, third.category) == ("LRS-GRO-3314", "light grey", "Object color / pattern")


def test_a_split_is_found_by_its_file_or_by_its_rows(tmp_path):
    row = {"image_name": "a.tif", "question": "?", "ground_truth": "x", "type": "global", "bbox": []}
    write(tmp_path / "test.jsonl", [{**row, "question_id": "t"}])
    write(tmp_path / "rl.jsonl", [{**row, "question_id": "r", "split": "RL"}])
    load = BENCHMARKS["lrs-gro"]().load
    assert [example.id for example in load(tmp_path)] == ["t"]
    assert [example.id for example in load(tmp_path, "RL")] == ["r"]
    mixed = [{**row, "question_id": "t", "split": "test"}, {**row, "question_id": "s", "split": "SFT"}]
    both = write(tmp_path / "other" / "all.jsonl", mixed)
    assert [example.id for example in load(both.parent, "SFT")] == ["s"]


def test_a_dirty_row_costs_itself_and_nothing_else(tmp_path):
    good = {"question_id": "good", "image_name": "a.tif", "question": "What?", "ground_truth": "a qlarge ship", "type": None, "category": 7}
    file = write(
        tmp_path / "test.jsonl",
        [
            "{broken",
            "[1]",
            {**good, "question_id": "no question", "question": " "},
            {**good, "question_id": "no truth", "ground_truth": None},
            {**good, "question_id": "boxed", "bbox": [1, 2, 3], "ground_truth": 3},
            {**good, "question_id": "reversed", "bbox": [9, 9, 1, 1]},
            "",
            good,
        ],
    )
    result = list(BENCHMARKS["lrs-gro"]().load(file))
    bad = {each.id: each.why for each in result if isinstance(each, Unusable)}
    assert set(bad) == {"test.jsonl:1", "test.jsonl:2", "no question", "no truth"}
    assert "no ground_truth" in bad["no truth"]
    boxed, reversed_, plain = (each for each in result if isinstance(each, Example))
    assert (boxed.box, boxed.answer) == (None, "3")
    assert "[1, 2, 3]" in boxed.extra["dirty"]
    assert reversed_.box is None
    assert (plain.level, plain.category) == ("", "7")


def test_mme_asks_only_about_remote_sensing_and_in_the_official_words(tmp_path):
    row = {
        "Question_id": "perception/remote_sensing/color/0001",
        "Image": "remote_sensing/x.png",
        "Text": "What color is the car?",
        "Answer choices": ["(A) Red", "(B) Blue"],
        "Ground truth": "B",
        "Category": "color",
        "Subtask": "Remote Sensing",
    }
    (tmp_path / "deep" / "remote_sensing").mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(tmp_path / "deep" / "remote_sensing" / "x.png")
    (tmp_path / "MME_RealWorld.json").write_text(json.dumps([{**row, "Subtask": "Monitoring"}, row, {**row, "Text": None}, 3]))
    benchmark = BENCHMARKS["mme-realworld-rs"]()
    example, *bad = benchmark.load(tmp_path)
    assert len(bad) == 2
    assert example.image == tmp_path / "deep" / "remote_sensing" / "x.png"
    assert benchmark.prompt(example) == (
        "What color is the car? The choices are listed below:\n(A) Red\n(B) Blue\nSelect the best answer to the above multiple-choice "
        "question based on the image. Respond with only the letter (A, B, C, D, or E) of the correct option.\nThe best answer is:"
    )
    marks = [Mark("color", "color", True), Mark("color", "color", False), Mark("count", "count", True)]
    assert benchmark.averages(marks) == {"color": 0.5, "count": 1.0}


def png(color, size=(60, 40)):
    data = io.BytesIO()
    Image.new("RGB", size, color).save(data, "PNG")
    return data.getvalue()


def test_xlrs_is_read_from_parquet_and_a_pair_of_images_is_one_scene(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    def row(**changes):
        base = {"index": 1, "question": "What changed?", "answer": "A", "category": "Counting/Overall counting", "l2-category": "x"}
        return {**base, "multi-choice options": ["(A) 1", "(B) 2"], "image": [{"bytes": png("red"), "path": None}], **changes}

    pair = [{"bytes": png("red"), "path": None}, {"bytes": png("blue", (20, 40)), "path": None}]
    several = "Land use classification/Overall Land use classification"
    table = pa.Table.from_pylist([row(), row(image=pair), row(category=several), row(question=None)])
    (tmp_path / "data").mkdir()
    parquet.write_table(table, tmp_path / "data" / "train-0.parquet")
    benchmark = BENCHMARKS["xlrs-bench-lite"]()
    one, two, plural, bad = benchmark.load(tmp_path)
    assert [example.id for example in (one, two, plural, bad)] == ["0001", "0002", "0003", "0004"], "index is not unique"
    assert isinstance(bad, Unusable)
    assert one.image == plural.image, "the same pixels are unpacked once"
    with Scene.open(two.image) as scene:
        assert scene.size == (80, 40)
        pixels = np.asarray(scene.preview(80))
    assert pixels[20, 30].tolist() == [255, 0, 0]
    assert pixels[20, 70].tolist() == [0, 0, 255]
    assert benchmark.prompt(one).endswith("Only respond with the letter corresponding to the correct answer (A, B, C, D).\nThe answer is:")
    assert benchmark.prompt(one).startswith("What changed?The choices are listed below:\n(A) 1\n(B) 2\n\nSelect the best answer for")
    assert "answer(s) is(are):" in benchmark.prompt(plural)
    marks = [Mark("Counting", "a", True), Mark("Counting", "a", True), Mark("Counting", "a", True), Mark("x", "b", False)]
    assert benchmark.averages(marks) == {"micro": 0.75, "macro": 0.5}


def test_geollava_says_that_it_is_not_the_papers_column(tmp_path):
    turns = [{"from": "human", "value": "<image>\nWhich?\n(A) a"}, {"from": "gpt", "value": "A"}]
    write(tmp_path / "rows.jsonl", [{"id": 3, "image": ["x.jpg"], "conversations": turns}, {"id": 4, "image": [], "conversations": turns}])
    benchmark = BENCHMARKS["geollava"]()
    example, bad = benchmark.load(tmp_path)
    assert (example.id, example.question, example.answer) == ("3", "Which?\n(A) a", "A")
    assert bad.id == "4"
    assert "can't be reproduced" in benchmark.note


def test_scenes_are_held_out_and_drawn_once(tmp_path):
    benchmark = Scenes(size=512)
    assert benchmark.seed == HELD_OUT + 1_000_000
    loaded = benchmark.load(tmp_path / "scenes")
    examples = [next(loaded) for _ in range(10)]
    assert len({example.id for example in examples}) == 10
    file = examples[0].image
    before = file.stat().st_mtime_ns
    again = next(Scenes(size=512).load(tmp_path / "scenes"))
    assert (again, file.stat().st_mtime_ns) == (examples[0], before)
    boxed = [example for example in examples if example.level != "global"]
    assert boxed
    assert all(Box(0, 0, 512, 512).contains(*example.box.center) and example.thoughts for example in boxed)


@pytest.mark.parametrize("name", sorted(set(BENCHMARKS) - {"scenes"}))
def test_a_folder_without_the_set_is_one_sentence(name, tmp_path):
    with pytest.raises(DataError, match="does not contain") as raised:
        next(BENCHMARKS[name]().load(tmp_path))
    assert "--download" in raised.value.hint
