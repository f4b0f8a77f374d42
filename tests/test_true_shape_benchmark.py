"""The benchmark of the true shape, tried on the tiny one: what a person with a large machine runs for an hour must not fail at its end."""

import sys

import pytest

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def true_shape(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    import true_shape

    yield true_shape
    sys.modules.pop("true_shape")


def test_a_shape_is_made_measured_and_put_into_a_table(true_shape, tmp_path):
    folder = true_shape.make("tiny", tmp_path / "tiny")
    rows = [true_shape.measure(folder, form, "cpu", 4, graphs=False, plain=form != "int8") for form in ("float32", "bfloat16", "int8")]
    for row in rows:
        assert 0 < row["second question"]["fed"] < row["first question"]["tokens_in"] / 2
        told = ["first question", "second question", *(["generate"] if row["format"] != "int8" else [])]
        assert all(row[what][part] > 0 for what in told for part in ("first", "token"))
        assert ("generate" in row) == ("generate" in told)
    sizes = [row["bytes a token"] for row in rows]
    assert sizes[0] == 2 * sizes[1]
    assert sizes[2] < 0.6 * sizes[1]
    lines = true_shape.table("tiny", rows)
    assert [line.split()[0] for line in lines[2::2]] == ["float32", "bfloat16", "int8"]


@pytest.mark.parametrize("shape", ["3b", "4b"])
def test_the_true_shapes_have_the_published_number_of_parameters(true_shape, tmp_path, shape):
    """3,754,622,976 of Qwen2.5-VL-3B (its files hold 7.5 GB) and 4,437,815,808 of Qwen3-VL-4B; without memory for any of them."""
    model = true_shape.outline(shape, tmp_path / shape)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    assert parameters == pytest.approx({"3b": 3_754_622_976, "4b": 4_437_815_808}[shape], rel=0.001)
