"""Figures of records: files of any program get the official counts, and every figure has an interval."""

import json
import math
import statistics
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from foreign import spoiled
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from zoomearth.backend.cli.main import main
from zoomearth.training.data.scoring import grown, overlap
from zoomearth.training.data.sets import BENCHMARKS
from zoomearth.training.evaluation import statistics as figures
from zoomearth.training.evaluation.records import Record, read
from zoomearth.training.evaluation.report import write_report
from zoomearth.training.runs import ablation

COLUMNS = ("question_id", "ground_truth", "answer1", "answer2", "bbox_ref", "bbox", "type")
PUBLISHED = [
    (1, "Ship", None, "vessel", [100, 100, 200, 200], None, "object"),
    (2, "car", "Automobile", None, [], None, "global"),
    (3, "yes", "no", " Yes\n", [0, 0, 1024, 600], [0, 0, 512, 512], ...),
    (4, "3", "three", ..., [10, 10, 90, 90], [[30, 30, 60, 60]], None),
    (5, "red", "red", "", [10, 10, 90], [1, 2, 3, 4], "object"),
]
PUBLISHED = [{name: value for name, value in zip(COLUMNS, row) if value is not ...} for row in PUBLISHED]
PUBLISHED = [{"category": "a" if row["question_id"] % 2 else None, **row} for row in PUBLISHED]


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def published(tmp_path):
    return write(tmp_path / "published.jsonl", PUBLISHED)


def scored(name, file, capsys):
    assert main(["evaluate", name, "--score-only", str(file), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_published_codes_own_records_are_scored(published, capsys):
    result = scored("lrs-gro", published, capsys)
    assert set(result) == {"n", "stage1", "stage2", "by_type", "by_category", "apo_iou"}
    assert result["n"] == 5
    assert result["stage1"] == {"correct": 3, "accuracy": 0.6}  # 2, 4, 5
    assert result["stage2"] == {"correct": 3, "accuracy": 0.6}  # 2 and 4 by their first answer, 3; an empty second answer is an answer
    assert result["by_type"]["object"] == {"n": 2, "stage1": {"correct": 1, "accuracy": 0.5}, "stage2": {"correct": 0, "accuracy": 0.0}}
    assert result["by_type"]["unknown"]["n"] == 2
    assert result["by_category"]["unknown"]["n"] == 2
    ann = [overlap(grown([0, 0, 512, 512]), grown([0, 0, 1024, 600])), overlap(grown([30, 30, 60, 60]), grown([10, 10, 90, 90]))]
    assert result["apo_iou"]["expanded512_ann"] == {"mean": statistics.fmean(ann), "median": statistics.median(ann), "n": 2}
    assert result["apo_iou"]["raw_px"] == {"mean": None, "median": None, "n": 0}, "pixels need the image's size"


def test_where_the_size_is_known_a_missing_box_counts_zero(tmp_path, capsys):
    rows = [{**row, "size": [4096, 2048]} for row in PUBLISHED]
    result = scored("lrs-gro", write(tmp_path / "sized.jsonl", rows), capsys)["apo_iou"]
    assert result["raw_px"]["n"] == result["expanded512_px"]["n"] == 3
    assert result["expanded512_ann"]["n"] == 2
    raw = [0, 4096 * 2400 / (4096 * 4096), (480 - 240) ** 2 / (320 * 320 + 240 * 240 - (360 - 240) ** 2) * (120 / 240) ** 2]
    assert result["raw_px"]["mean"] == pytest.approx(statistics.fmean(raw))
    scaled = [{**row, "scale": 8.0} for row in PUBLISHED]
    assert scored("lrs-gro", write(tmp_path / "scaled.jsonl", scaled), capsys)["apo_iou"]["raw_px"] == result["raw_px"]


def test_the_images_sizes_are_looked_up_in_the_set(tmp_path, published, capsys):
    (tmp_path / "images").mkdir()
    row = {"question": "?", "ground_truth": "x", "image_name": "a.png"}
    rows = [{**row, "question_id": at} for at in range(1, 6)]
    write(tmp_path / "test.jsonl", rows)
    Image.new("RGB", (400, 200)).save(tmp_path / "images" / "a.png")
    assert main(["evaluate", "lrs-gro", "--score-only", str(published), "--data", str(tmp_path), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)["apo_iou"]
    assert result["raw_px"]["n"] == 3
    mean = statistics.fmean([0, 600 / 1024, 14400 / (320 * 320 + 57600 - 14400) * 0.25])
    assert result["raw_px"]["mean"] == pytest.approx(mean, abs=0.05)


def test_real_lrs_vqa_predictions_come_out_to_the_digit(real_records, capsys):
    file = real_records / "lrsvqa_predictions_qwen2vl.jsonl"
    result = scored("lrs-vqa", file, capsys)
    assert {name: (group["stage2"]["correct"], group["n"]) for name, group in result["by_type"].items()} == {
        "STAR": (111, 540),
        "GLH-Bridge": (36, 136),
        "FAIR": (69, 324),
    }
    assert f"{100 * result['averages']['GLH-Bridge AA']:.2f}" == "28.20"
    assert main(["evaluate", "lrs-vqa", "--score-only", str(file)]) == 0
    output = capsys.readouterr().out
    for figure in ("20.56", "20.22", "26.47", "28.20", "21.30", "20.03"):
        assert f"{figure} %" in output


def test_letters_are_read_as_asked(tmp_path, capsys):
    rows = [
        {"question_id": str(at), "ground_truth": "A", "answer1": said, "category": "color"} for at, said in enumerate(("", "(A)", None))
    ]
    file = write(tmp_path / "mme.jsonl", rows)
    for extractor, right in (("official", 2), ("lmms-eval", 2), ("strict", 1)):
        assert main(["evaluate", "mme-realworld-rs", "--score-only", str(file), "--extractor", extractor, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["stage2"]["correct"] == right, extractor


def test_a_file_may_be_one_list_and_a_torn_last_line_is_left_out(tmp_path):
    (tmp_path / "list.json").write_text(json.dumps(PUBLISHED))
    assert len(read(tmp_path / "list.json")) == 5
    write(tmp_path / "torn.jsonl", PUBLISHED)
    with (tmp_path / "torn.jsonl").open("a") as file:
        file.write('{"question_id": 6, "gro')
    assert len(read(tmp_path / "torn.jsonl")) == 5


def test_a_failed_question_is_in_no_figure(tmp_path, capsys):
    rows = [*PUBLISHED, {"question_id": 6, "ground_truth": "x", "error": {"code": "engine", "message": "gone", "hint": ""}}]
    result = scored("lrs-gro", write(tmp_path / "some.jsonl", rows), capsys)
    assert (result["n"], result["errors"]) == (5, 1)


FOREIGN = {"error": False, "image": 7, "stage1": "x", "stage2": None, "prompt": "?", "model_id": "m", "size": 5_000_000, "views": "two"}
FOREIGN |= {"score": 0.5, "seconds": "1 s", "messages": {"a": 1}, "spec": "v2", "place": -3, "replies": True, "choices": 4, "scale": "8"}


@pytest.mark.parametrize("error", [False, True, None, "timeout", 0, {"code": 429}, {"code": "scene"}, []])
def test_what_other_tools_mean_by_our_names_decides_nothing(tmp_path, published, capsys, error):
    plain = scored("lrs-gro", published, capsys)
    rows = [{**row, **FOREIGN, "error": error} for row in PUBLISHED]
    assert scored("lrs-gro", write(tmp_path / "foreign.jsonl", rows), capsys) == plain


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"doc_id": 1, "target": "3", "resps": [["3"]]}, "it has no ground_truth, it has no answer1 and no answer2"),
        ({"ground_truth": ["3"], "answer1": "3"}, "its ground_truth is not a text"),
        ({"ground_truth": "3", "answer1": {"text": "3"}}, "its answer1 is not a text"),
        ({"ground_truth": "3", "prediction": "3"}, "it has no answer1"),
        ([1, 2], "the row is not a JSON object"),
    ],
)
def test_a_file_of_which_no_row_can_be_scored_is_refused_with_its_fields(tmp_path, capsys, row, why):
    file = write(tmp_path / "other.jsonl", [row] * 3)
    assert main(["evaluate", "lrs-gro", "--score-only", str(file)]) == 2
    output = capsys.readouterr().err
    assert f"line 1: {why}" in output
    if isinstance(row, dict):
        assert f"Its fields are {', '.join(row)}." in output
    assert "A row must be a JSON object with ground_truth, and answer1 or answer2." in output


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"question_id,ground_truth,answer1\n1,3,3", "line 1: the line is not JSON"),
        (b'{"ground_truth": "3"}\r{"ground_truth": "3"}\r', "line 1: the line is not JSON (Extra data"),
        (b"\x1f\x8b\x08 zipped", "line 1: the line is not in UTF-8"),
        (b'{"seconds": ' + b"9" * 5000 + b"}\n", "line 1: the line is not JSON (a number has too many digits)"),
    ],
)
def test_a_file_that_is_no_json_is_said_to_be_none_and_not_to_be_empty(tmp_path, capsys, content, why):
    (tmp_path / "other.jsonl").write_bytes(content)
    assert main(["evaluate", "lrs-gro", "--score-only", str(tmp_path / "other.jsonl")]) == 2
    assert f"can be scored: {why}" in capsys.readouterr().err


def test_the_rows_that_can_be_scored_are_and_the_others_counted_and_named(tmp_path, published, capsys):
    plain = scored("lrs-gro", published, capsys)
    with published.open("ab") as file:
        file.write(b'{"doc_id": 1}\n{torn\n[1]\n' + '{"ground_truth": "Süden", "answer1": "a"}\n'.encode("latin-1"))
    result = scored("lrs-gro", published, capsys)
    assert result == {**plain, "errors": 4}
    assert main(["evaluate", "lrs-gro", "--score-only", str(published)]) == 0
    output = capsys.readouterr().out
    assert "4 rows have no score and are not counted" in output
    assert "asks them again" not in output
    assert " line 7: the line is not JSON" in output
    assert "line 7: line 7" not in output


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
def test_predictions_may_be_marked_with_their_encoding(tmp_path, published, capsys, encoding):
    marked = tmp_path / "marked.jsonl"
    marked.write_bytes(published.read_text().replace("\n", "\r\n").encode(encoding))
    assert scored("lrs-gro", marked, capsys) == scored("lrs-gro", published, capsys)


NO_SIZES = [[100], [0, 0], [-5, 3], ["100", "50"], {"width": 5}, True, [100, float("nan")], [10**400, 1], [True, True], "100x50"]


@pytest.mark.parametrize("size", NO_SIZES)
def test_a_size_that_is_no_pair_of_numbers_is_no_size(tmp_path, published, capsys, size):
    sized = write(tmp_path / "sized.jsonl", [{**row, "size": size, "scale": size} for row in PUBLISHED])
    assert scored("lrs-gro", sized, capsys) == scored("lrs-gro", published, capsys)


def test_other_tools_files_can_not_be_compared_or_reported(tmp_path, published, capsys):
    assert main(["compare", str(published), str(published)]) == 2
    assert "has no scores" in capsys.readouterr().err
    assert main(["evaluate", "report", str(tmp_path)]) == 2
    assert "--score-only" in capsys.readouterr().err


def test_a_row_that_was_never_scored_is_in_no_comparison():
    result = figures.versus([record(0, True), Record("1", "a", "a")], [record(0, True), record(1, True)])
    assert (result.n, result.both, result.better) == (1, 1, [])


OURS = {**PUBLISHED[2], "size": [1000, 500], "image": "a.png", "score": {"right": True, "why": ""}, "place": 2, "scale": 2.0}
OURS |= {"spec": {"benchmark": "lrs-gro", "policy": {"view": 512}}, "replies": ["a"], "messages": [], "question": "?"}
OURS |= {"views": [{"window": [0, 0, 9, 9], "size": [9, 9], "roi": [0, 0, 9, 9]}] * 2, "confidence": 0.5, "choices": ["(A) 1"]}
OURS |= {"error": {"code": "scene", "message": "", "hint": ""}}


@settings(deadline=None, max_examples=200)
@given(st.lists(st.one_of(spoiled(OURS), spoiled({**OURS, "error": None})), min_size=1, max_size=3))
def test_records_of_anything_are_scored_or_refused_and_change_no_others(rows):
    good = {**PUBLISHED[1], "question_id": "good"}
    with TemporaryDirectory() as folder:
        alone, together = (read(write(Path(folder) / "x.jsonl", each)) for each in ([good], [good, *rows]))
        assert next(record for record in together if record.question_id == "good" and not record.ours) == alone[0]
        for kind in BENCHMARKS.values():
            json.dumps(figures.summary(kind(), together))
        if any(record.ours for record in together):
            write_report(Path(folder))


def record(id, right, image="a", **more):
    return Record(str(id), score={"right": right, "why": ""}, image=image, **more)


def test_an_interval_is_as_wide_as_the_images_differ():
    """One image all right, one all wrong: 200 questions, but two samples."""
    clustered = [record(at, at < 100, image=str(at // 100)) for at in range(200)]
    spread = [record(at, at % 2 == 0, image=str(at)) for at in range(200)]
    assert figures.by_image(clustered) == (0.0, 1.0)
    low, high = figures.by_image(spread)
    assert 0.42 < low < 0.46
    assert 0.54 < high < 0.58
    assert figures.by_image(spread) == (low, high), "the same records give the same interval"


@pytest.mark.parametrize(("better", "worse", "p"), [(9, 1, 22 / 1024), (1, 9, 22 / 1024), (5, 5, 1.0), (0, 0, 1.0), (6, 0, 2 / 64)])
def test_mcnemars_test_is_exact(better, worse, p):
    assert figures.mcnemar(better, worse) == pytest.approx(p)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_mcnemars_p_is_a_probability(better, worse):
    assert 0 <= figures.mcnemar(better, worse) <= 1
    assert math.isclose(figures.mcnemar(better, worse), figures.mcnemar(worse, better))


def test_two_runs_are_compared_over_what_both_answered():
    first = [record(at, at < 5) for at in range(10)]
    second = [record(at, at % 2 == 0) for at in range(8)] + [record(8, True, error={"code": "engine"}), record(99, True)]
    result = figures.versus(first, second)
    assert (result.n, result.both, result.neither) == (8, 3, 2)
    assert [one.question_id for one in result.better] == ["6"]
    assert [one.question_id for one in result.worse] == ["1", "3"]


def test_the_ablation_says_what_a_guess_would_get_and_how_often_it_zooms():
    def run(right, zooms):
        rows = []
        for at in range(12):
            box = [[0, 0, 256, 256]] if zooms and at % 3 else []
            kind = {"type": "region" if at % 3 else "global", "category": "count", "ground_truth": str(at % 2), "size": [1000, 1000]}
            rows.append(record(at, right(at), str(at // 4), bbox=box, bbox_ref=[0, 0, 512, 512] if at % 3 else [], **kind))
        return rows

    rows = {row["what"]: row for row in figures.ablation({"zoom": run(lambda at: at > 2, True), "blind": run(lambda at: at > 8, False)})}
    assert rows["all"]["modes"]["zoom"]["share"] == 0.75
    assert rows["all"]["modes"]["blind"]["share"] == 0.25
    assert rows["all"]["constant"] == 0.5
    assert (rows["global"]["zoom_rate"], rows["region"]["zoom_rate"]) == (0, 1)
    assert rows["with a box"]["iou"] == pytest.approx(1.0)
    assert rows["with a box"]["hit"] == 1
    assert rows["global"]["iou"] is None
    assert "  count" in rows


def test_grpos_ablation_is_over_seeds_and_says_how_sure_it_is(tmp_path, capsys):
    def keep(name, rights):
        for mode in ("zoom", "no-crop", "oracle-box"):
            rows = []
            for at in range(10):
                box = {"bbox": [[0, 0, 256, 256]], "bbox_ref": [0, 0, 512, 1024]} if at % 2 else {"bbox": [], "bbox_ref": []}
                rows.append(asdict(record(at, at < rights, str(at), size=[1000, 1000], **box)))
            (tmp_path / "evaluation" / name).mkdir(parents=True, exist_ok=True)
            write(tmp_path / "evaluation" / name / f"{mode}.jsonl", rows)

    keep("weak", 5)
    for seed, rights in enumerate((7, 8, 9)):
        keep(f"full-{seed}", rights)
    ablation.main([str(tmp_path)])
    output = capsys.readouterr().out.splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in output if line.startswith("|")]
    assert [len(row) for row in rows] == [10] * 4
    less = [line for line in output if line.startswith("*")]
    assert less == ["* SFT on shifted labels: 30.0 points less than + GRPO (5.2 to 54.8; by seed 20.0, 30.0, 40.0)"]
    weak, full = rows[2:]
    assert full[:4] == ["+ GRPO", "3", "10", "80.0 % (55.2 to 100.0)"]  # 4.30 standard errors of 10 / sqrt(3), no share over one
    assert full[8:] == ["100.0 % (100.0 to 100.0)", "0.500 (0.500 to 0.500)"]
    assert weak[:3] == ["SFT on shifted labels", "1", "10"]
    assert weak[3].startswith("50.0 % (20.0 to ")
    assert Image.open(tmp_path / "ablation.png").width > 600


def test_every_benchmark_summarises_an_empty_answer():
    for kind in BENCHMARKS.values():
        result = figures.summary(kind(), [Record("FAIR_1", "A", category="Counting/x")])
        assert result["stage2"]["correct"] == 0
        assert result["n"] == 1
