"""Weights of 16 and 8 bits on a processor: the same numbers as plain layers, to the rounding."""

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
linear = pytest.importorskip("zoomearth.backend.engines.linear")

pytestmark = pytest.mark.usefixtures("one_thread")
SHAPES = st.tuples(st.integers(1, 200), st.integers(1, 70), st.integers(1, 100))
ROUNDING = 2**-8  # of bfloat16, relative


@pytest.fixture(autouse=True)
def _slow(monkeypatch):
    """As on a processor without bfloat16 arithmetic, wherever the test runs; and matrices of more than one block."""
    monkeypatch.setattr(linear, "is_slow", lambda dtype: True)
    monkeypatch.setattr(linear, "BLOCK", 1000)


@functools.cache
def layer(rows, columns, bias=True):
    torch.manual_seed(rows)
    return torch.nn.Linear(columns, rows, bias=bias).bfloat16().requires_grad_(False)


def drawn(tokens, columns):
    torch.manual_seed(tokens)
    return torch.randn(1, tokens, columns).bfloat16()


def exact(x, weight, bias):
    return torch.nn.functional.linear(x.double(), weight.double(), None if bias is None else bias.double())


@settings(deadline=None)
@given(SHAPES, st.booleans())
def test_widened_layers_compute_what_bfloat16_layers_do(shape, bias):
    """One rounding of the exact sum: as near as bfloat16 gets, at every number of tokens."""
    rows, columns, tokens = shape
    plain, x = layer(rows, columns, bias), drawn(tokens, columns)
    widened = linear.WidenedLinear(plain, linear.Scratch(torch.bfloat16))(x)
    truth = exact(x, plain.weight, plain.bias)
    assert widened.dtype == torch.bfloat16
    assert widened.shape == plain(x).shape
    assert ((widened - truth).abs() <= ROUNDING * truth.abs() + 1e-5).all()


@settings(deadline=None)
@given(SHAPES, st.booleans())
def test_int8_layers_compute_what_their_weights_say(shape, bias):
    """Every shape, as torch's own routine reads past the end of some: few tokens and many differ in the rounding only."""
    rows, columns, tokens = shape
    plain, x = layer(rows, columns, bias), drawn(tokens, columns)
    small = linear.Int8Linear(plain.weight, plain.bias, linear.Scratch(torch.bfloat16))
    weight = small.quantized.double() * small.scale.double()[:, None]
    assert ((weight - plain.weight.double()).abs() <= 0.505 * small.scale.double()[:, None]).all(), "each within half a step"
    truth = exact(x, weight, None)
    bound = ROUNDING * truth.abs() + 1e-5
    if plain.bias is not None:  # added to what has been rounded, with another rounding
        truth += plain.bias.double()
        bound += ROUNDING * truth.abs()
    assert ((small(x) - truth).abs() <= bound).all()


def test_int8_costs_less_than_a_percent_of_a_layers_output():
    plain, x = layer(64, 256), drawn(32, 256)
    small = linear.Int8Linear(plain.weight, plain.bias, linear.Scratch(torch.bfloat16))
    truth = exact(x, plain.weight, plain.bias)
    assert (small(x) - truth).norm() / truth.norm() < 0.01


def test_a_row_of_zeros_stays_zero():
    small = linear.Int8Linear(torch.zeros(4, 32).bfloat16(), None, linear.Scratch(torch.bfloat16))
    assert small(drawn(3, 32)).abs().max() == 0


def test_embeddings_are_the_heads_rows():
    head = linear.Int8Linear(layer(64, 32).weight, None, linear.Scratch(torch.bfloat16))
    ids = torch.tensor([[0, 63, 7]])
    rows = linear.Int8Embedding(head)(ids)
    assert rows.shape == (1, 3, 32)
    assert (rows - layer(64, 32).weight[ids]).abs().max() <= head.scale.max()


def test_the_buffer_outlives_inference_mode():
    """It is made at the first question, and used by whoever calls the model later."""
    widened = linear.WidenedLinear(layer(64, 32), linear.Scratch(torch.bfloat16))
    with torch.inference_mode():
        widened(drawn(40, 32))
    assert widened(drawn(40, 32)).shape == (1, 40, 64)


@pytest.mark.parametrize(("dtype", "widened"), [(torch.float32, False), (torch.bfloat16, False), (torch.bfloat16, True)])
def test_patches_give_what_their_convolution_gives(dtype, widened):
    torch.manual_seed(1)
    convolution = torch.nn.Conv3d(3, 16, (2, 14, 14), stride=(2, 14, 14)).to(dtype).requires_grad_(False)
    patches = torch.randn(5, 3, 2, 14, 14).to(dtype)
    truth = convolution.double()(patches.double())
    made = linear.Patches(convolution.to(dtype), linear.Scratch(dtype) if widened else None)(patches)
    assert (made.shape, made.dtype) == (truth.shape, dtype)
    assert ((made - truth).abs() <= (ROUNDING if dtype == torch.bfloat16 else 1e-5) * truth.abs() + 1e-5).all()


def test_a_model_without_a_part_that_is_called_model_is_widened_too():
    """As some families of transformers are built (BLIP-2)."""

    class Bare(torch.nn.Module):
        device, dtype = torch.device("cpu"), torch.bfloat16

        def __init__(self):
            super().__init__()
            self.head = torch.nn.Linear(4, 4).bfloat16()

    model = Bare()
    linear.widen(model)
    assert isinstance(model.head, linear.WidenedLinear)
