"""Training data: every row that can't be used is counted and named, and no image is on both sides of a split."""

import json

import numpy as np
import pytest
import rasterio
from foreign import spoiled
from hypothesis import given, settings
from hypothesis import strategies as st
from tuning import HEIGHT, WIDTH, write_folder, write_raster

from zoomearth.backend.cli.main import main
from zoomearth.core import texts
from zoomearth.core.errors import DataError, UsageError
from zoomearth.core.example import Example
from zoomearth.core.geometry import Box
from zoomearth.core.profile import Profile
from zoomearth.training.data import sources as loading
from zoomearth.training.data.inspect import blind
from zoomearth.training.data.sets.base import Unusable
from zoomearth.training.tuning import sft

PROFILE = Profile.from_dict({"name": "tiny", "dialect": "zoomearth"})
GOOD = {"image": "scene-0.tif", "question": "What is there?", "answer": "ship", "box": [20, 30, 90, 110]}
BAD = [
    ({**GOOD, "image": "nowhere.tif"}, "the image is missing"),
    ({**GOOD, "image": "broken.tif"}, "the image can't be read"),
    ({**GOOD, "box": [400, 10, 500, 90]}, "the box lies outside"),
    ({**GOOD, "box": [260, 10, 500, 90]}, "outside the image for the most part"),
    ({**GOOD, "box": [1, 2, 3]}, "not four numbers"),
    ({**GOOD, "box": [90, 30, 20, 110]}, "not four numbers"),
    ({**GOOD, "box": [20, 30, 90, float("nan")]}, "not four numbers"),
    ({**GOOD, "box": [20, 30, 90, 10**400]}, "not four numbers"),
    ({**GOOD, "box": {"x": 1, "y": 2, "w": 3, "h": 4}}, "not four numbers"),
    ({**GOOD, "box": [0.1, 0.1, 0.3, 0.3]}, "not in pixels"),
    ({**GOOD, "box": [0, 0, 1, 1]}, "not in pixels"),
    ({**GOOD, "thoughts": 5}, "thoughts are neither"),
    ({**GOOD, "question": "\ud83d ships?"}, "half a character"),
    ({**GOOD, "thoughts": ["\udce9"]}, "half a character"),
    ({**GOOD, "answer": "<|image_pad|>"}, "the answer contains a control token"),
    ({**GOOD, "question": "a <|im_end|> b"}, "the question contains a control token"),
    ({**GOOD, "label": "<|vision_start|>"}, "the label contains a control token"),
    ({**GOOD, "thoughts": ["", "see <|endoftext|>"]}, "the thought contains a control token"),
    ({**GOOD, "question": "<image>\nHow many?"}, "the question contains a control token"),
    ({**GOOD, "question": "[INST] How many? [/INST]"}, "the question contains a control token"),
    ({**GOOD, "answer": "<answer>3</answer>"}, "the answer contains a control token"),
    ({**GOOD, "answer": "3</s>"}, "the answer contains a control token"),
    ({**GOOD, "label": "<start_of_image>"}, "the label contains a control token"),
    ({**GOOD, "thoughts": "<think>so</think>"}, "the thought contains a control token"),
    ({**GOOD, "thoughts": "so<\uff5cend\u2581of\u2581sentence\uff5c>"}, "the thought contains a control token"),
    ({**GOOD, "box": [-9, -9, -5, -5]}, "the box lies outside the image"),
    ({**GOOD, "answer": "\x00\ufeff\u200b"}, "no answer"),
    ({**GOOD, "image": "n" * 300}, "the image is missing"),
    ({**GOOD, "image": "\0.tif"}, "the image is missing"),
    ({**GOOD, "answer": float("nan")}, "no answer"),
    ({**GOOD, "answer": " "}, "no answer"),
    ({"image": "scene-0.tif"}, "no question"),
    ("no json at all", "the line is not JSON"),
    ([1, 2], "not a JSON object"),
]


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "own")


def gather(*sources, bad="skip", held_out=0.0):
    return loading.gather(map(str, sources), bad, held_out, 0, PROFILE)


def spoil(folder):
    (folder / "broken.tif").write_bytes(b"II*\0 and nothing more")
    lines = [row if isinstance(row, str) else json.dumps(row) for row, _ in BAD]
    (folder / "more.jsonl").write_text("\n".join(lines), encoding="utf-8")
    latin = json.dumps({**GOOD, "answer": "Süden"}, ensure_ascii=False).encode("latin-1")
    (folder / "none.jsonl").write_bytes(json.dumps({**GOOD, "image": "nowhere.tif"}).encode() + b"\n" + latin)


def test_a_folder_of_ones_own_is_read(folder):
    result = gather(folder).examples
    assert len(result) == 8
    assert result[0].box == Box(20, 30, 90, 110)
    assert (result[0].thoughts, result[0].level, result[0].label) == (("look", "a ship"), "object", "ship")
    assert result[1].box is None


def test_a_row_that_can_not_be_used_is_counted_and_named(folder):
    spoil(folder)
    result = gather(folder)
    assert len(result.examples) == 8
    assert len(result.dropped) == len(BAD) + 2
    for (_, why), row in zip(BAD, result.dropped):
        assert why in row.why
        assert row.id.startswith("more.jsonl:")
    assert result.dropped[-1].id == "none.jsonl:2"
    assert "not in UTF-8" in result.dropped[-1].why
    assert f"{len(BAD) + 2} rows can't be used" in result.summary()


def test_it_is_fatal_where_that_is_wanted(folder):
    spoil(folder)
    with pytest.raises(DataError, match=r"more\.jsonl:1"):
        gather(folder, bad="fatal")


def test_nothing_left_is_said(folder):
    for raster in folder.glob("*.tif"):
        raster.unlink()
    with pytest.raises(DataError, match="nothing to train on"):
        gather(folder)


def test_features_drawn_in_another_crs_land_on_their_pixels(tmp_path):
    import pyogrio
    import shapely
    from rasterio.warp import transform_geom

    write_raster(tmp_path / "one.tif", 0)
    pixels = Box(20, 30, 90, 110)
    drawn = shapely.box(500000 + pixels.left, 5000000 - pixels.bottom, 500000 + pixels.right, 5000000 - pixels.top)
    there = shapely.geometry.shape(transform_geom("EPSG:32633", "EPSG:3857", shapely.geometry.mapping(drawn)))
    columns = {"question": ["What is there?", "And overall?"], "answer": ["ship", "sea"], "level": ["object", "global"]}
    pyogrio.raw.write(
        tmp_path / "drawn.gpkg",
        geometry=np.array([shapely.to_wkb(there), None], dtype=object),
        field_data=[np.array(values, dtype=object) for values in columns.values()],
        fields=list(columns),
        geometry_type="Polygon",
        crs="EPSG:3857",
    )
    result = gather(tmp_path).examples
    assert [(example.answer, example.level, example.box is None) for example in result] == [
        ("ship", "object", False),
        ("sea", "global", True),
    ]
    # An upright rectangle is rotated in the other CRS, so its bounds may be a little larger.
    assert result[0].box.iou(pixels) > 0.9
    assert result[0].image.name == "one.tif"


def test_features_without_a_shape_have_no_box_and_counts_stay_whole(tmp_path):
    import pyogrio
    import shapely

    write_raster(tmp_path / "one.tif", 0)
    drawn = [shapely.Polygon(), None, shapely.Point(500010, 4999990), shapely.box(0, 0, 9, 9), None]
    pyogrio.raw.write(
        tmp_path / "drawn.gpkg",
        geometry=np.array([None if shape is None else shapely.to_wkb(shape) for shape in drawn], dtype=object),
        field_data=[np.array(["How many?"] * 5, dtype=object), np.array([3, 4, 5, 6, 0])],
        field_mask=[None, np.array([False] * 4 + [True])],
        fields=["question", "answer"],
        geometry_type="Unknown",
        crs="EPSG:32633",
    )
    result = gather(tmp_path)
    assert [(example.answer, example.box) for example in result.examples] == [("3", None), ("4", None)]
    assert [row.why.split(":")[0] for row in result.dropped] == [
        "the box is not four numbers with an area between them",
        "the box lies outside the image",
        "the row has no answer",
    ]


def test_a_weight_is_how_often_an_example_is_used(folder):
    assert len(gather(f"{folder}*2").examples) == 16
    assert len(gather(f"{folder}*1", f"{folder}*3").examples) == 32
    some = [Example.of(str(at), folder, "?", "a") for at in range(1000)]
    half = loading.weighted(some, 0.5, 0)
    assert 400 < len(half) < 600
    assert half == loading.weighted(some, 0.5, 0)
    with pytest.raises(UsageError, match="weight"):
        gather(f"{folder}*0")


def test_no_image_is_on_both_sides(folder):
    write_folder(folder, images=12)
    result = gather(folder, held_out=0.5)
    inside, outside = ({example.image for example in side} for side in (result.examples, result.held_out))
    assert inside
    assert outside
    assert not inside & outside
    assert len(result.examples) + len(result.held_out) == 24


@pytest.mark.parametrize("source", ["mme-realworld-rs:/data", "xlrs-bench-lite:/data", "lrs-gro:/data", "lrs-gro:/data#test"])
def test_nothing_is_trained_on_what_it_is_measured_by(source):
    with pytest.raises(UsageError, match=r"evaluation only|would train on the split 'test'"):
        gather(source)


def test_a_source_is_read_as_it_is_written():
    read = [loading.Source.of(text) for text in ("lrs-gro:/data/x#SFT*2", "/data/my*files", "C:/data*0.5")]
    assert [(one.kind, str(one.folder), one.split, one.weight) for one in read] == [
        ("lrs-gro", "/data/x", "SFT", 2.0),
        ("folder", "/data/my*files", "", 1.0),
        ("folder", "C:/data", "", 0.5),
    ]


def test_drawn_scenes_keep_their_hands_off_the_evaluation(tmp_path):
    for split in ("#901000000-901000010", "#5-5", ""):
        with pytest.raises(UsageError, match="names no scenes") as refused:
            gather(f"scenes:{tmp_path}{split}")
        assert "seeds below 900,000,000" in refused.value.hint


def test_drawn_scenes_come_with_thoughts_that_point(tmp_path):
    demo = Profile.from_dict({"name": "d", "dialect": "zoomearth", "policy": {"view": 168, "least": 168, "crop": "square"}})
    result = loading.gather([f"scenes:{tmp_path}#5-6@1024"], "fatal", 0.0, 0, demo).examples
    assert {example.image.name for example in result} == {"scene-5-1024.tif"}
    for example in result:
        assert len(example.thoughts) == (1 if example.box is None else 2)


def test_a_blind_guess_is_measured_on_other_images(folder):
    same = [Example.of(str(at), folder / f"{at}.tif", "?", "yes", category="Existence") for at in range(40)]
    assert blind(same) == 1.0
    each = [Example.of(str(at), folder / f"{at}.tif", "?", str(at), category="Counting") for at in range(40)]
    assert blind(each) == 0.0


def test_the_summary_says_what_is_there_and_what_was_dropped(folder, capsys):
    spoil(folder)
    assert main(["data", str(folder)]) == 0
    output = " ".join(capsys.readouterr().out.split())
    assert f"8 questions over 4 images, {len(BAD) + 2} rows can't be used" in output
    assert "4 dropped: the image is missing" in output
    assert "5 dropped: the box is not four numbers with an area between them (more.jsonl:5 [1, 2, 3]; " in output
    assert "{'x': 1, 'y': 2, 'w': 3, 'h': 4}" in output, "a reason with a colon stays whole"
    assert "A blind guess gets 100.0 % right" in output
    assert "half below 80" in output


def summarised(folder, rows, capsys, encoding="utf-8", newline="\n"):
    """The summary of these rows about scene-0.tif, in one line."""
    write_raster(folder / "scene-0.tif", 0)
    (folder / "q.jsonl").write_bytes("".join(json.dumps({**GOOD, **row}) + newline for row in rows).encode(encoding))
    assert main(["data", str(folder)]) == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_content(tmp_path, capsys, encoding):
    assert "3 questions over 1 images, 0 rows can't be used" in summarised(tmp_path, [{}] * 3, capsys, encoding, "\r\n")


@pytest.mark.parametrize("box", [[], None, "", {}])
def test_an_empty_box_is_none(tmp_path, capsys, box):
    assert "1 questions over 1 images, 0 rows" in summarised(tmp_path, [{"box": box}], capsys)


def test_percentiles_of_boxes_lie_among_their_sizes(tmp_path, capsys):
    text = summarised(tmp_path, [{"box": [0, 0, side, 10]} for side in (20, 200)], capsys)
    assert "5 % below 29, half below 110, 95 % below 191" in text


def test_letters_that_are_markup_or_in_no_encoding_are_shown_as_they_are(tmp_path, capsys):
    text = summarised(tmp_path, [{"answer": "[/red]", "category": "[bold]", "level": "\udce9"}, {"box": "[/red]"}], capsys)
    assert "[/red] 100 %" in text
    assert "[bold]" in text
    assert "(q.jsonl:2 '[/red]')" in text


ROWS = {
    "folder": {"image": "scene-0.tif", "question": "?", "answer": "a", "box": [10, 10, 90, 90], "thoughts": ["x", "y"], "label": "ship"},
    "lrs-gro": {"question_id": 1, "image_name": "scene-0.tif", "question": "?", "ground_truth": "a", "bbox": [9, 9, 99, 99], "split": "SFT"}
    | {"type": "object", "category": "c", "label": "l", "stage_1_reasoning": "x", "stage_2_reasoning": "y"},
    "lrs-vqa": {"question_id": "STAR_1", "image": "scene-0.tif", "text": "?", "ground_truth": "a", "category": "c", "hbox": [1, 1, 90, 90]},
    "geollava": {"id": 1, "image": ["scene-0.tif"], "category": "c"}
    | {"conversations": [{"from": "human", "value": "?"}, {"from": "gpt", "value": "a"}]},
}


@pytest.mark.parametrize("kind", ROWS)
def test_a_row_of_anything_costs_itself_and_what_is_left_can_be_trained_on(kind, tmp_path_factory):
    folder = write_folder(tmp_path_factory.mktemp("rows"), images=1)
    file, good = folder / "questions.jsonl", ROWS[kind]
    source = loading.Source(str(file), kind, file, "SFT" if kind == "lrs-gro" else "", 1.0)

    @settings(deadline=None, max_examples=60)
    @given(st.lists(spoiled(good), min_size=1, max_size=3))
    def check(rows):
        file.write_text("".join(json.dumps(row) + "\n" for row in [*rows, good]))
        *others, last = loading.check(source.rows(PROFILE), sft.fault(PROFILE))
        assert isinstance(last, Example)
        assert len(others) == len(rows)
        for row in others:
            if isinstance(row, Example):
                assert sft.row(row, PROFILE)
                assert not any(texts.has_half_characters(said) or "<|image_pad|>" in said for _, said in row.texts())

    check()


def test_a_folder_without_questions_is_refused(tmp_path, capsys):
    assert main(["data", str(tmp_path)]) == 2
    assert "has no questions" in capsys.readouterr().err


def test_the_rasters_are_what_the_boxes_are_counted_in(folder):
    with rasterio.open(folder / "scene-0.tif") as file:
        assert (file.width, file.height) == (WIDTH, HEIGHT)
    assert not any(isinstance(row, Unusable) for row in loading.check(gather(folder).examples))
