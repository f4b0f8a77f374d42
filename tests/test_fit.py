"""Which number format a model gets on a machine, and what a person is told where it does not fit."""

import pytest
from tiny import make_tiny

from zoomearth.core import memory
from zoomearth.core.errors import ModelError
from zoomearth.core.memory import Checkpoint, Memory, estimate

torch = pytest.importorskip("torch")
fit = pytest.importorskip("zoomearth.backend.engines.fit")

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture
def large(folder, monkeypatch):
    """The folder, read as a checkpoint of 3.75 thousand million parameters."""
    plain, large = Checkpoint.of, Checkpoint(3_750_000_000, 3_740_000_000, 36_864, "bfloat16")
    monkeypatch.setattr(Checkpoint, "of", lambda model: large if model == folder else plain(model))
    return folder


@pytest.fixture
def free(monkeypatch):
    """free(gigabytes): what the machine has left."""
    return lambda gigabytes: monkeypatch.setattr(memory, "machine", lambda: Memory("cpu", 32 * 10**9, int(gigabytes * 10**9)))


def test_a_small_model_is_held_in_float32_and_a_large_one_as_published(folder, free):
    free(20)
    assert fit.choose(folder, CPU) == fit.Choice(torch.float32)
    assert fit.usual(CPU, Checkpoint(3_750_000_000, 3_740_000_000)) == "bfloat16"
    assert fit.usual(CPU, Checkpoint(3_750_000_000, 3_740_000_000, stored="float32")) == "bfloat16"


def test_a_model_that_fits_only_in_int8_gets_it_and_a_sentence(large, free):
    free(7)
    choice = fit.choose(large, CPU)
    assert (choice.dtype, choice.int8) == (torch.bfloat16, True)
    assert choice.note == "model runs in int8: it takes 8.6 GB in bfloat16 and 6.2 GB in int8, and 7.0 GB are free."


def test_int8_by_choice_needs_no_sentence(large, free):
    free(20)
    assert fit.choose(large, CPU, quantize="int8") == fit.Choice(torch.bfloat16, True)


@pytest.mark.parametrize(
    ("gigabytes", "options", "says", "hint"),
    [
        (4, {}, "too large for the memory of cpu: it takes 8.6 GB in bfloat16 and 6.2 GB in int8, and 4.0 GB are free", "1.5 billion"),
        (8, {"quantize": "none"}, "it takes 8.6 GB in bfloat16, and 8.0 GB are free", "--quantize int8"),
        (12, {"dtype": "float32"}, "it takes 16.6 GB in float32, and 12.0 GB are free", "--quantize int8"),
        (0.1, {}, "0.1 GB are free", "a smaller model"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(large, free, gigabytes, options, says, hint):
    free(gigabytes)
    with pytest.raises(ModelError, match=says) as refused:
        fit.choose(large, CPU, **options)
    assert hint in refused.value.hint
    assert "--remote" in refused.value.hint


def test_the_model_that_is_said_to_fit_does(free):
    free(6)
    billions = memory.largest(memory.machine())
    assert estimate(int(2e9 * billions), "int8").total <= 6e9 < estimate(int(2e9 * (billions + 0.5)), "int8").total


def test_int8_on_a_processor_is_never_multiplied_in_another_format(folder):
    with pytest.raises(ModelError, match="not in float32"):
        fit.choose(folder, CPU, "float32", "int8")


def test_an_engine_says_what_was_chosen_and_answers(folder, monkeypatch):
    """The tiny model on a machine with room for its int8 form only."""
    from zoomearth.backend.engines.local import LocalEngine

    needs = [estimate(folder, dtype).total for dtype in ("int8", "float32")]
    monkeypatch.setattr(memory, "machine", lambda: Memory("cpu", 10**9, sum(needs) // 2))
    engine = LocalEngine(folder, device="cpu")
    assert engine.weights.model.dtype == torch.bfloat16
    (note,) = engine.tolerated
    assert note.startswith("model runs in int8")
