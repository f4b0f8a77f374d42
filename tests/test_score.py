"""A prediction gets the score of the official scripts; otherwise our figures could not be compared with published ones."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomearth.core.errors import DataError
from zoomearth.core.geometry import Box, Size
from zoomearth.training.data import scoring as score
from zoomearth.training.data import wordnet


@pytest.fixture(scope="module")
def reference(real_records):
    return json.loads((real_records / "reference_functions.json").read_text())


def test_answers_are_rewarded_as_in_the_released_code(reference):
    for case in reference["correctness"]:
        assert score.answer_similarity(case["gt"], case["answer"]) == pytest.approx(case["reward"]), case


def test_urban_is_a_third_rural():
    assert score.answer_similarity("Urban", "rural.") == pytest.approx(1 / 3)


def test_crops_overlap_as_in_the_released_code(reference):
    for case in reference["iou"]:
        assert score.expanded512_px(Box(*case["a"]), Box(*case["b"])) == pytest.approx(case["iou"], abs=1e-12)


def test_boxes_are_rewarded_as_in_the_released_code(reference):
    """The reference's reward is our IoU plus tanh(200 / distance of the centres), all in source pixels."""
    seen = 0
    for case in reference["bbox_reward"]:
        size = Size(round(case["scale"] * 512), 1)
        boxes = score.four(case["pred_512"]), score.four(case["ref_1024"])
        if None in boxes:
            assert case["reward"] == 0
            continue
        predicted, truth = score.in_pixels(boxes[0], 512, size), score.in_pixels(boxes[1], 1024, size)
        distance = math.dist(predicted.center, truth.center)
        near = math.tanh(200 / (distance + 1e-6))
        assert score.expanded512_px(predicted, truth) + near == pytest.approx(case["reward"], abs=1e-9), case
        seen += 1
    assert seen == 4


@pytest.mark.parametrize(
    ("truth", "answer", "right"),
    [
        ("Yes", " yes\n", True),
        ("ship", "ships", True),  # lemmatised
        ("ship", "vessel", False),  # near, but no synset in common
        ("automobile", "car", True),
        ("metal", "metallic", True),
        ("container ship", "container ships", False),  # a phrase is in no synset
        ("ship\n", "ship", False),  # the truth is not stripped: the official script's quirk
        ("3", "three", True),
        ("ship", None, False),
        ("ship", "", False),
    ],
)
def test_lrs_gro_counts_synonyms_and_nothing_near(truth, answer, right):
    assert score.lrs_gro(truth, answer).right is right


@pytest.mark.parametrize(
    ("truth", "answer", "right"),
    [("Yes", "yes", True), ("yes", "yes ", False), ("rectangular", "rectangle", False), ("car", "automobile", True), ("a", None, False)],
)
def test_lrs_vqa_neither_strips_nor_forgives(truth, answer, right):
    assert score.lrs_vqa(truth, answer).right is right


WORDS = """car auto ship vessel port harbor house building run running red crimson round circular urban rural airport airfield
metal metallic tree forest field farm bridge span gray grey"""


def test_sharing_a_synset_is_what_a_path_similarity_of_eight_tenths_means():
    """The official scripts compute the similarity; the set intersection is a thousand times faster and must give the same result."""
    words = WORDS.split()
    for a in words:
        for b in words:
            assert bool(score.synsets(a) & score.synsets(b)) == (score._best_path(a, b) >= 0.8), (a, b)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ([1, 2, 3, 4], [1, 2, 3, 4]),
        ([[1, 2, 3, 4], [5, 6, 7, 8]], [1, 2, 3, 4]),
        ([1, 2, 3], None),
        ([[1, 2, 3]], None),
        ([], None),
        (None, None),
        ("[1, 2, 3, 4]", None),
        ([1, 2, 3, "4"], None),
        ([1, 2, 3, float("nan")], None),
        ({"a": 1}, None),
    ],
)
def test_a_box_is_found_in_whatever_a_record_holds(given, found):
    assert score.four(given) == found


sides = st.lists(st.floats(-1e5, 1e5), min_size=4, max_size=4)


@given(sides, sides)
def test_every_overlap_is_a_share_and_knows_no_order(a, b):
    for rule in (score.expanded512_ann, score.overlap):
        assert 0 <= rule(a, b) <= 1 + 1e-9
        assert rule(a, b) == pytest.approx(rule(b, a))


def test_without_wordnet_the_remedy_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(wordnet, "DEBIAN", tmp_path)
    monkeypatch.setattr(wordnet, "_installed", lambda nltk: False)
    with pytest.raises(DataError) as raised:
        wordnet.wordnet.__wrapped__()
    assert "wordnet-base" in raised.value.hint


def test_debians_wordnet_is_copied_whole_and_read(monkeypatch, tmp_path):
    if not (wordnet.DEBIAN / "data.noun").is_file():
        pytest.skip("wordnet-base is not installed")
    import nltk
    from nltk.corpus.reader import WordNetCorpusReader

    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    wordnet._copy(wordnet.DEBIAN, tmp_path / "corpora" / "wordnet")
    reader = WordNetCorpusReader(str(tmp_path / "corpora" / "wordnet"), None)
    assert [reader.synsets(word)[0].lexname() for word in ("river", "ship")] == ["noun.object", "noun.artifact"]
    wordnet._copy(wordnet.DEBIAN, tmp_path / "corpora" / "wordnet")  # a second process was slower
    assert [path.name for path in (tmp_path / "corpora").iterdir()] == ["wordnet"]


def test_overlap_of_boxes():
    assert Box(0, 0, 2, 2).iou(Box(0, 0, 2, 2)) == 1
    assert Box(0, 0, 2, 2).iou(Box(1, 0, 3, 2)) == pytest.approx(1 / 3)
    assert Box(0, 0, 1, 1).iou(Box(1, 1, 2, 2)) == 0
    assert Box(0, 0, 0, 0).iou(Box(0, 0, 0, 0)) == 0
