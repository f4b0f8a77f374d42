"""The local engine on a tiny random model, compared with unchanged transformers that compute everything again."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from PIL import Image
from tiny import make_tiny

from zoomearth.backend.models import store as models
from zoomearth.core.dialect import Dialect, Turn
from zoomearth.core.geometry import Box, Size, View
from zoomearth.core.look import Observation
from zoomearth.core.talk import Talk

torch = pytest.importorskip("torch")
cache = pytest.importorskip("zoomearth.backend.engines.kv_cache")

SIZE = (112, 84)
GLOBAL = View(Box(0, 0, 1120, 840), Size(*SIZE))
CROP = View(Box(100, 200, 212, 284), Size(*SIZE))


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module", params=["qwen2_5_vl", "qwen2_vl", "qwen3_vl"])
def engine(request, tmp_path_factory):
    from zoomearth.backend.engines.local import LocalEngine

    return LocalEngine(make_tiny(tmp_path_factory.mktemp("tiny") / request.param, kind=request.param), device="cpu")


@pytest.fixture
def fresh(engine):
    """The engine with an empty cache."""
    engine._forget()
    return engine


def picture(seed, size=SIZE):
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1] // 28, size[0] // 28, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)


def ask(engine, question, seed=0):
    talk = Talk(engine.profile.dialect)
    talk.observe(Observation(GLOBAL, question, begins=True), picture(seed))
    return talk


def zoom(talk, reply, seed):
    """The talk after its reply, with the next picture, whatever the random model wrote."""
    talk.turns.append(Turn("assistant", reply.text))
    talk.observe(Observation(CROP, label="northern harbour"), picture(seed))
    return talk


def stock(engine, talk, ids):
    """Logits of the published method: the whole conversation again through the model's own forward, [len(ids), vocabulary]."""
    weights, parts = engine.weights, talk.layout()
    made = weights.pictures(images=[part.picture for part in parts if not isinstance(part, str)], return_tensors="pt")
    cells = iter((made["image_grid_thw"].prod(1) // 4).tolist())
    text = "".join(part if isinstance(part, str) else "<|image_pad|>" * next(cells) for part in parts)
    tokens = torch.tensor([weights.tokenizer(text, add_special_tokens=False).input_ids + ids[:-1]])
    with torch.inference_mode():
        return weights.model(
            input_ids=tokens,
            pixel_values=made["pixel_values"],
            image_grid_thw=made["image_grid_thw"],
            mm_token_type_ids=(tokens == weights.model.config.image_token_id).int(),
        ).logits[0, -len(ids) :]


def overheard(engine, talks, **options):
    """The replies, and for every talk its tokens with their logits."""
    seen = []
    head = engine.weights.model.lm_head
    hook = head.register_forward_hook(lambda module, given, out: seen.append(out.detach().reshape(-1, out.shape[-1])))
    try:
        replies = engine.reply(talks, **options)
    finally:
        hook.remove()
    first, steps = torch.cat(seen[: len(talks)]), seen[len(talks) :]
    logits = [[row] for row in first]
    for step in steps:
        going = [at for at, reply in enumerate(replies) if reply.tokens_out > len(logits[at])]
        going = [at for at in going if len(logits[at]) == max(len(logits[other]) for other in going)]
        for at, row in zip(going, step):
            logits[at].append(row)
    logits = [torch.stack(rows) for rows in logits]
    return replies, logits, [(rows + engine._banned).argmax(-1).tolist() for rows in logits]


def apart(engine, talk, logits, ids):
    """The largest difference to stock, for logits of a size of some units."""
    return (stock(engine, talk, ids) - logits).abs().max().item()


def test_every_turn_sees_what_a_full_reprefill_would_see(fresh):
    """First question, zoom, zoom out, a second question on the scene: a wrong position or a stale key moves logits by whole units."""
    first = ask(fresh, "How many ships are there?")
    (reply,), (logits,), (ids,) = overheard(fresh, [first], limit=24)
    assert apart(fresh, first, logits, ids) < 1e-4
    assert reply.fed == reply.tokens_in

    zoom(first, reply, seed=1)
    (zoomed,), (logits,), (ids,) = overheard(fresh, [first], limit=24)
    assert apart(fresh, first, logits, ids) < 1e-4
    assert zoomed.fed < zoomed.tokens_in - reply.tokens_in + 60, "the first turn was computed again"

    zoom(first, zoomed, seed=0)  # zoom out: the first picture again, at another place
    (_,), (logits,), (ids,) = overheard(fresh, [first], limit=24)
    assert apart(fresh, first, logits, ids) < 1e-4

    second = ask(fresh, "What colour is the tank?")
    (reply,), (logits,), (ids,) = overheard(fresh, [second], limit=24)
    assert apart(fresh, second, logits, ids) < 1e-4
    assert reply.fed < 50 < reply.tokens_in, "system and global view were computed again"


def test_a_batch_answers_as_each_question_alone_would(fresh):
    """Talks of different lengths and pictures, one of them zoomed, that end at different steps."""
    longer = ask(fresh, "Are there any planes at the airport in the north-east, beyond the second runway?", seed=3)
    zoom(longer, fresh.reply([longer], limit=9)[0], seed=4)
    talks = [ask(fresh, "How many?"), longer, ask(fresh, "What colour is the harbour?", seed=2), ask(fresh, "How many?", seed=5)]
    alone = []
    for talk in talks:
        fresh._forget()
        alone.append(fresh.reply([talk], limit=30)[0])
    fresh._forget()
    together, logits, ids = overheard(fresh, talks, limit=30)
    assert [reply.text for reply in together] == [reply.text for reply in alone]
    assert [reply.tokens_in for reply in together] == [reply.tokens_in for reply in alone]
    for talk, row, tokens in zip(talks, logits, ids):
        assert apart(fresh, talk, row, tokens) < 1e-4
    for talk, reply in zip(talks, together):  # and the cache after the batch is right too
        zoom(talk, reply, seed=7)
    replies, logits, ids = overheard(fresh, talks, limit=12)
    assert all(reply.fed < reply.tokens_in - 30 for reply in replies)
    for talk, row, tokens in zip(talks, logits, ids):
        assert apart(fresh, talk, row, tokens) < 1e-4


def test_the_fixed_cache_of_cuda_graphs_says_the_same(fresh, monkeypatch):
    """Without a GPU: the same code, without a recorded graph. With a zoom and a second question, so that its buffers are used again."""
    monkeypatch.setattr(fresh, "_graphs", True)
    talk = ask(fresh, "How many ships are there?")
    for seed in (1, 2):
        (reply,), (logits,), (ids,) = overheard(fresh, [talk], limit=24)
        assert apart(fresh, talk, logits, ids) < 1e-4
        zoom(talk, reply, seed)
    assert fresh._fixed is not None
    assert reply.fed < reply.tokens_in - 30


def test_the_bundled_model_says_what_stock_transformers_would():
    """Its own tokenizer, processor and bfloat16 file, through both turns."""
    from zoomearth.backend.engines.local import LocalEngine

    engine = LocalEngine(models.find("zoomearth-demo"), device="cpu")
    side = engine.profile.policy.view
    view = View(Box(0, 0, side, side), Size(side, side))
    talk = Talk(engine.profile.dialect)
    talk.observe(Observation(view, "What color are the planes at the northern airport?", begins=True), picture(0, (side, side)))
    for seed in (1, 2):
        streamed = []
        (reply,), (logits,), (ids,) = overheard(
            engine, [talk], limit=40, on_text=lambda _, delta, streamed=streamed: streamed.append(delta)
        )
        assert apart(engine, talk, logits, ids) < 1e-3
        assert "".join(streamed) == reply.text == engine.weights.tokenizer.decode(ids, skip_special_tokens=True)
        talk.turns.append(Turn("assistant", reply.text))
        talk.observe(Observation(view, label="northern airport"), picture(seed, (side, side)))


@dataclass(frozen=True)
class Short(Dialect):
    """A reply is complete after this number of characters, because a random model never writes a box."""

    stop: int = 10

    def complete(self, text):
        return len(text) >= self.stop


def test_a_talk_that_takes_anothers_place_amid_a_batch_answers_as_alone(fresh, monkeypatch):
    """Seven replies of different lengths, a few at a time: a reply that ends makes room, and the columns of the others move."""
    joined = []
    join = cache.Decoder.join
    monkeypatch.setattr(cache.Decoder, "join", lambda self, rows: joined.append(len(rows)) or join(self, rows))
    dialect = fresh.profile.dialect
    talks = []
    for at in range(1, 8):
        talk = ask(fresh, "How many? " * at, seed=at % 3)
        talk.dialect = Short(dialect.system, dialect.instruction, stop=9 * at % 31)
        talks.append(talk)
    alone = []
    for talk in talks:
        fresh._forget()
        alone.append(fresh.reply([talk], limit=40)[0])
    for together in (2, 3):
        fresh._forget()
        replies = fresh.reply(talks, limit=40, together=together)
        assert [reply.text for reply in replies] == [reply.text for reply in alone]
        for reply, single in zip(replies, alone):
            assert [likely for _, likely in reply.tokens] == pytest.approx([likely for _, likely in single.tokens], abs=1e-4)
    assert len(joined) >= 6
    for talk, reply in zip(talks, replies):  # and the cache is right too
        zoom(talk, reply, seed=7)
        talk.dialect = dialect
        (_,), (logits,), (ids,) = overheard(fresh, [talk], limit=6)
        assert apart(fresh, talk, logits, ids) < 1e-4


def test_a_batch_reads_together_what_is_alike_and_each_picture_once(fresh):
    """Three questions on one scene and one on another: two passes of the language model, one of the vision tower, no token twice."""
    talks = [ask(fresh, "How many?"), ask(fresh, "What colour is it?"), ask(fresh, "Is it there?"), ask(fresh, "How many?", seed=5)]
    passes, towers = [], []
    model = fresh.weights.model.model
    hooks = [
        model.language_model.layers[0].register_forward_pre_hook(lambda module, given: passes.append(given[0].shape[:2])),
        model.visual.register_forward_pre_hook(lambda *_: towers.append(1)),
    ]
    try:
        replies = fresh.reply(talks, limit=1)
    finally:
        for hook in hooks:
            hook.remove()
    assert [rows for rows, _ in passes] == [2, 2], "first one question of each scene, then the others"
    assert len(towers) == 1
    assert replies[0].fed == replies[0].tokens_in
    assert all(reply.fed < 50 < reply.tokens_in for reply in replies[1:3]), "the scene was computed again"


def generated(engine, talk, penalty, limit):
    """What stock `generate` says, with the same bans."""
    weights, parts = engine.weights, talk.layout()
    made = weights.pictures(images=[part.picture for part in parts if not isinstance(part, str)], return_tensors="pt")
    cells = iter((made["image_grid_thw"].prod(1) // 4).tolist())
    text = "".join(part if isinstance(part, str) else "<|image_pad|>" * next(cells) for part in parts)
    ids = torch.tensor([weights.tokenizer(text, add_special_tokens=False).input_ids])
    with torch.inference_mode():
        out = weights.model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            pixel_values=made["pixel_values"],
            image_grid_thw=made["image_grid_thw"],
            mm_token_type_ids=(ids == weights.model.config.image_token_id).int(),
            max_new_tokens=limit,
            do_sample=False,
            repetition_penalty=penalty,
            suppress_tokens=engine._banned.isinf().nonzero()[:, 0].tolist(),
            eos_token_id=sorted(engine._ends),
            pad_token_id=0,
        )
    return weights.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True, clean_up_tokenization_spaces=False)


@pytest.mark.parametrize("penalty", [1.0, 1.05, 1.3])
def test_a_repetition_penalty_is_transformers_own(fresh, monkeypatch, penalty):
    """Tokens of the prompt count too, as those of the first turn do in the second."""
    monkeypatch.setattr(fresh, "profile", replace(fresh.profile, repetition_penalty=penalty))
    talk = ask(fresh, "How many ships are there?")
    for seed in (1, 2):
        (reply,) = fresh.reply([talk], limit=60)
        assert reply.text == generated(fresh, talk, penalty, 60)
        zoom(talk, reply, seed)
    if penalty == 1.3:
        monkeypatch.setattr(fresh, "profile", replace(fresh.profile, repetition_penalty=1.0))
        assert fresh.reply([ask(fresh, "How many ships are there?")], limit=60)[0].text != generated(
            fresh, ask(fresh, "How many ships are there?"), penalty, 60
        ), "the penalty changes nothing: the test shows nothing"
