"""The local engine: where it stops, what it streams, what it refuses, and that it works after an error."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from tiny import dictated, make_tiny

from zoomearth.core.errors import ModelError
from zoomearth.core.geometry import Box, Size, View
from zoomearth.core.look import Observation
from zoomearth.core.talk import Talk

torch = pytest.importorskip("torch")

VIEW = View(Box(0, 0, 560, 560), Size(56, 56))


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="module")
def engine(folder):
    return load(folder)


def load(folder, **options):
    from zoomearth.backend.engines.local import LocalEngine

    return LocalEngine(folder, **{"device": "cpu", **options})


def ask(engine, question="How many?", seed=0, must_answer=False):
    talk = Talk(engine.profile.dialect)
    pixels = np.random.default_rng(seed).integers(0, 255, (56, 56, 3), dtype=np.uint8)
    talk.observe(Observation(VIEW, question, begins=True, must_answer=must_answer), Image.fromarray(pixels))
    return talk


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        ('<think>There.</think>[{"bbox_2d": [1, 2, 30, 40], "label": "harbour"}] and so on', '"harbour"}]'),
        ("<think>Clear.</think><answer>red</answer> and so on", "red</answer>"),
    ],
)
def test_a_reply_ends_with_its_box_or_answer_and_costs_no_token_more(engine, said, ends):
    with dictated(engine, said):
        (reply,) = engine.reply([ask(engine)], limit=200)
    assert reply.text.rstrip().endswith(ends)
    assert not reply.cut
    assert reply.tokens_out == len(engine.weights.tokenizer(reply.text, add_special_tokens=False).input_ids)


def test_a_forced_answer_is_only_the_rest(engine):
    talk = ask(engine, must_answer=True)
    with dictated(engine, "red</answer> and so on"):
        (reply,) = engine.reply([talk])
    assert reply.text == "red</answer>"
    assert talk.act(reply.text).text == "red"


def test_the_end_token_ends_a_reply_and_is_not_in_it(engine):
    with dictated(engine, "It is red.<|im_end|>never said"):
        (reply,) = engine.reply([ask(engine)])
    assert reply.text == "It is red."
    assert not reply.cut


def test_an_endless_reply_is_cut_at_the_limit(engine):
    with dictated(engine, "a" * 50):
        (reply,) = engine.reply([ask(engine)], limit=7)
    assert (reply.cut, reply.tokens_out, len(reply.tokens)) == (True, 7, 7)


def test_no_half_character_is_ever_streamed(engine):
    text = "Häfen 日本語 🛰 text"
    deltas = []
    with dictated(engine, text + "<|im_end|>"):
        (reply,) = engine.reply([ask(engine)], on_text=lambda index, delta: deltas.append((index, delta)))
    assert reply.text == text
    assert "".join(delta for _, delta in deltas) == text
    assert all("\ufffd" not in delta and delta for _, delta in deltas)
    assert "".join(piece for piece, _ in reply.tokens) == text
    assert len(reply.tokens) > len(deltas), "no character took several tokens: the test shows nothing"


def test_control_tokens_cant_be_said(engine):
    """A sampled image token would be taken for a picture in the next turn."""
    for token in ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|im_start|>"):
        with dictated(engine, token):
            (reply,) = engine.reply([ask(engine)], limit=1)
        assert reply.text
        assert "<|" not in reply.text


def test_probabilities_belong_to_the_pieces(engine):
    with dictated(engine, "red"):
        (sure,) = engine.reply([ask(engine)], limit=1)
    (unsure,) = engine.reply([ask(engine)], limit=4)
    assert sure.tokens[0][1] == pytest.approx(0, abs=1e-3)
    assert all(likely < -1e-3 for _, likely in unsure.tokens)


def test_cancelling_stops_within_a_token_and_the_next_question_is_answered(engine):
    (whole,) = engine.reply([ask(engine)], limit=30)
    deltas = []
    (reply,) = engine.reply([ask(engine)], limit=30, on_text=lambda *delta: deltas.append(delta), cancelled=lambda: len(deltas) >= 3)
    assert reply.cancelled
    assert len(deltas) == 3
    assert whole.text.startswith(reply.text)
    (again,) = engine.reply([ask(engine)], limit=30)
    assert again.text == whole.text


def test_cancelling_while_the_prompt_is_read_stops_within_a_layer(engine):
    entered = []
    layers = engine.weights.model.model.language_model.layers
    hooks = [layer.register_forward_hook(lambda *_: entered.append(1)) for layer in layers]
    try:
        talks = [ask(engine, "Something new?", seed=9), ask(engine, "And this?", seed=9)]
        replies = engine.reply(talks, cancelled=lambda: len(entered) >= 2)
    finally:
        for hook in hooks:
            hook.remove()
    assert [reply.cancelled for reply in replies] == [True, True]
    assert [reply.text for reply in replies] == ["", ""]
    assert len(entered) == 2


def test_reading_tells_how_far_it_is(engine, monkeypatch):
    """From the vision tower's first layer to the language model's last, never backwards; a model that reads at once tells nothing."""
    from zoomearth.backend.engines import watch

    parts = []
    engine.reply([ask(engine, seed=20)], limit=1, on_read=parts.append)
    assert parts == []
    monkeypatch.setattr(watch, "SOON", 0.0)
    engine.reply([ask(engine, seed=21)], limit=1, on_read=parts.append)
    layers = len(engine.weights.model.model.visual.blocks) + len(engine.weights.model.model.language_model.layers)
    assert len(parts) == layers + 1
    assert parts[0] == 0
    assert parts == sorted(parts)
    assert 0.6 < parts[-2] < 1, "the last layer is what is missing"
    assert parts[-1] == 1


@pytest.mark.parametrize("at", ["vision", "prompt", "decoding"])
def test_running_out_of_memory_is_one_sentence_and_the_next_question_works(engine, at):
    (before,) = engine.reply([ask(engine, seed=3)], limit=20)
    model, calls = engine.weights.model.model, []

    def fail(*_):
        calls.append(1)
        if len(calls) == (5 if at == "decoding" else 1):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    hook = (model.visual.merger if at == "vision" else model.language_model.layers[1]).register_forward_hook(fail)
    engine._pictures.clear()
    try:
        with pytest.raises(ModelError, match="memory of cpu does not suffice") as raised:
            engine.reply([ask(engine, seed=3)], limit=20)
    finally:
        hook.remove()
    assert "int8" in raised.value.hint
    assert "smaller view" in raised.value.hint
    assert not engine._memories.kept, "the caches still hold memory"
    assert raised.value.__context__ is None, "the old error's frames hold on to tensors"
    assert engine.reply([ask(engine, seed=3)], limit=20)[0].text == before.text


@pytest.mark.parametrize("at", ["reading", "int8", "moving"])
def test_weights_that_do_not_fit_are_one_sentence_and_nothing_of_them_stays(folder, monkeypatch, at):
    from transformers import PreTrainedModel

    from zoomearth.backend.engines import linear

    def fail(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    name = {"reading": "from_pretrained", "int8": "__init__", "moving": "to"}[at]
    monkeypatch.setattr({"reading": PreTrainedModel, "int8": linear.Int8Linear, "moving": torch.nn.Module}[at], name, fail)
    monkeypatch.delattr(PreTrainedModel, "to")  # it wraps Module's
    with pytest.raises(ModelError, match="memory of cpu does not suffice for the weights") as raised:
        load(folder, quantize="int8")
    assert "int8" in raised.value.hint
    assert "smaller view" in raised.value.hint
    assert "--device cpu" in raised.value.hint
    assert raised.value.__context__ is None, "the old error's frames hold on to tensors"


def test_other_faults_are_not_taken_for_memory(engine):
    def fail(*_):
        raise RuntimeError("a shape is wrong")

    hook = engine.weights.model.lm_head.register_forward_hook(fail)
    try:
        with pytest.raises(RuntimeError, match="a shape is wrong"):
            engine.reply([ask(engine)])
    finally:
        hook.remove()


def test_numbers_that_overflow_are_said_and_not_decoded(engine):
    hook = engine.weights.model.lm_head.register_forward_hook(lambda module, given, out: out * float("nan"))
    try:
        with pytest.raises(ModelError, match="computes no numbers") as raised:
            engine.reply([ask(engine)])
    finally:
        hook.remove()
    assert "bfloat16" in raised.value.hint


def test_a_long_session_does_not_fill_the_memory(folder):
    from zoomearth.backend.engines import local

    engine = load(folder)
    talks = [ask(engine, f"Question {at}?", seed=at) for at in range(12)]
    for talk in talks:
        engine.reply([talk], limit=2)
    assert engine.reply([talks[0]], limit=2)[0].fed == 1, "small conversations are kept"
    engine._memories.budget = 3 * engine._memories.kept[0].bytes
    for talk in talks:
        engine.reply([talk], limit=2)
    assert len(engine._memories.kept) == local.CONVERSATIONS + 1
    for seed in range(local.PICTURES + 3):
        engine._see(ask(engine, seed=100 + seed).turns[-1].picture)
    assert len(engine._pictures) == local.PICTURES


def test_more_talks_than_fit_a_batch_come_back_in_order(engine):
    from zoomearth.backend.engines import local

    talks = [ask(engine, f"{at} ships?") for at in range(local.TOGETHER + 3)]
    deltas = {}
    replies = engine.reply(talks, limit=4, on_text=lambda index, delta: deltas.setdefault(index, []).append(delta))
    assert [reply.text for reply in replies] == ["".join(deltas[at]) for at in range(len(talks))]
    assert replies[-1].text == engine.reply([talks[-1]], limit=4)[0].text


def test_a_view_is_read_at_the_size_it_is_shown_at(folder, tmp_path):
    """The processor's own limits would resample the picture, and every box in absolute pixels would be wrong."""
    shutil.copytree(folder, tmp_path / "model")
    file = tmp_path / "model" / "preprocessor_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "min_pixels": 28 * 28, "max_pixels": 28 * 28}))
    seen = load(tmp_path / "model")._see(Image.new("RGB", (112, 84)))
    assert (seen.columns, seen.rows) == (4, 3)


def test_loading_says_nothing_on_the_users_screen(folder, capfd):
    """stdout is the protocol of `serve` and the JSON of `ask --json`."""
    load(folder)
    assert capfd.readouterr() == ("", "")


def test_the_other_number_formats_run(folder):
    for dtype in ("bfloat16", "float16"):
        (reply,) = load(folder, dtype=dtype).reply([ask(load(folder))], limit=3)
        assert reply.tokens_out == 3


def test_int8_weights_say_nearly_the_same(folder, engine):
    from zoomearth.backend.engines.linear import Int8Linear

    small = load(folder, quantize="int8")
    kinds = {type(module) for module in small.weights.model.modules()}
    assert Int8Linear in kinds
    assert torch.nn.Linear not in kinds
    first = [each.reply([ask(each)], limit=1)[0].tokens[0] for each in (engine, small)]
    assert first[0][0] == first[1][0]
    assert first[0][1] == pytest.approx(first[1][1], abs=0.2)


def test_widened_weights_say_what_bfloat16_says(folder, monkeypatch):
    """Log probabilities of bfloat16 are some hundredths off those of float32; between the two ways of multiplying they are no further."""
    from zoomearth.backend.engines import linear

    spoken = {}
    for slow in (True, False):
        monkeypatch.setattr(linear, "is_slow", lambda dtype, slow=slow: slow)
        engine = load(folder, dtype="bfloat16")
        assert any(isinstance(module, linear.WidenedLinear) for module in engine.weights.model.modules()) == slow
        spoken[slow] = engine.reply([ask(engine, seed=4)], limit=1)[0].tokens[0]
    assert spoken[True][0] == spoken[False][0]
    assert spoken[True][1] == pytest.approx(spoken[False][1], abs=0.05)


@pytest.mark.parametrize("kind", ["qwen2_vl", "qwen3_vl"])
def test_int8_runs_the_other_families(tmp_path, kind):
    engine = load(make_tiny(tmp_path / "model", kind=kind), quantize="int8")
    assert engine.reply([ask(engine)], limit=3)[0].tokens_out == 3


def _config(folder, **changes):
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def _truncate(folder):
    with (folder / "model.safetensors").open("r+b") as weights:
        weights.truncate(600_000)


def _lack_a_tensor(folder):
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    tensors.pop("model.language_model.layers.0.mlp.up_proj.weight", None) or tensors.pop(next(key for key in tensors if "up_proj" in key))
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def _widen_a_tensor(folder):
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    name = next(key for key in tensors if "up_proj.weight" in key)
    save_file({**tensors, name: torch.cat([tensors[name], tensors[name]])}, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("damage", "options", "says"),
    [
        (lambda folder: (folder / "config.json").unlink(), {}, "not a checkpoint"),
        (lambda folder: _config(folder, model_type="llava"), {}, "type 'llava'"),
        (lambda folder: (folder / "model.safetensors").unlink(), {}, "can't be loaded"),
        (_truncate, {}, "can't be loaded"),
        (_truncate, {"quantize": "int8"}, "can't be loaded"),
        (_lack_a_tensor, {}, "lacks 1 of the model's weights"),
        (_lack_a_tensor, {"quantize": "int8"}, "lacks 1 of the model's weights"),
        (_widen_a_tensor, {"quantize": "int8"}, "is of shape"),
        (lambda folder: (folder / "tokenizer.json").unlink(), {}, "can't be loaded"),
        (lambda folder: (folder / "preprocessor_config.json").write_text("{"), {}, "can't be loaded"),
        (lambda folder: (folder / "zoomearth.json").write_text("{"), {}, "can't be read"),
        (lambda folder: None, {"device": "cuda:9"}, "no device 'cuda:9'"),
        (lambda folder: None, {"device": "tpu"}, "no device 'tpu'"),
        (lambda folder: None, {"dtype": "float8"}, "no dtype 'float8'"),
        (lambda folder: None, {"quantize": "int2"}, "no quantization 'int2'"),
    ],
)
def test_a_model_that_cant_run_is_refused_in_one_sentence(folder, tmp_path, damage, options, says):
    """This matters most for a missing tensor: transformers would fill it with random numbers and answer nonsense."""
    shutil.copytree(folder, tmp_path / "model")
    damage(tmp_path / "model")
    with pytest.raises(ModelError, match=says) as raised:
        load(tmp_path / "model", **options)
    assert raised.value.hint
    assert "\n" not in raised.value.message


def test_a_closed_engine_gives_its_memory_back(folder):
    import gc
    import weakref

    engine = load(folder)
    engine.reply([ask(engine)], limit=2)
    weights = weakref.ref(engine.weights.model)
    engine.close()
    gc.collect()
    assert weights() is None
