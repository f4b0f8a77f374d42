"""The demo model's training: rows with the loop's own views, the numbers of the unchanged model, and a run that can be continued."""

import argparse
import copy
import json
import random
from itertools import islice

import numpy as np
import pytest
import torch
from PIL import Image
from tokenizers import Tokenizer
from transformers import AutoImageProcessor, AutoTokenizer, PreTrainedTokenizerFast, Qwen2_5_VLForConditionalGeneration

from zoomearth.core.boxes import BBOX_2D
from zoomearth.core.errors import ModelError, UsageError
from zoomearth.core.families import dialect
from zoomearth.core.geometry import Size
from zoomearth.core.look import Policy, look
from zoomearth.core.marks import request
from zoomearth.core.profile import Profile
from zoomearth.core.talk import Talk
from zoomearth.training.demo import forward
from zoomearth.training.demo import rows as pk
from zoomearth.training.demo.curriculum import rows_of
from zoomearth.training.demo.dense_heads import detail_targets, site_targets
from zoomearth.training.demo.model import export, make_model, make_tokenizer, patches
from zoomearth.training.demo.muon import _orthogonal
from zoomearth.training.demo.pretrain import Plan, Trainer, _train, continued
from zoomearth.training.scenes.marks import NOUNS, marks, survey_window
from zoomearth.training.scenes.questions import LEVELS, ask
from zoomearth.training.scenes.render import WHOLE, global_view, square_around, to_pixels
from zoomearth.training.scenes.requests import DONE, TOOLS, ask_tool
from zoomearth.training.scenes.scene import SITES, make_scene

SMALL = Plan(vision=(32, 1, 2), text=(32, 2, 2, 1), scenes_per_step=2, warm_up=1)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def coder():
    return pk.Coder(make_tokenizer())


@pytest.fixture(scope="module")
def model(coder):
    torch.manual_seed(1)
    return make_model(coder.tokenizer, (32, 2, 2), (64, 3, 4, 2))


def stock_logits(model, coder, ids, pictures):
    ids = torch.tensor([ids])
    pixels = torch.from_numpy(np.concatenate([patches(p) for p in pictures]))
    pixels = pixels.view(-1, 3, 1, 196).expand(-1, 3, 2, 196).reshape(-1, 1176)
    grid = torch.tensor([[1, 12, 12]] * len(pictures))
    kinds = (ids == coder.image).int()
    with torch.no_grad():
        out = model(input_ids=ids, pixel_values=pixels, image_grid_thw=grid, mm_token_type_ids=kinds, attention_mask=torch.ones_like(ids))
    return out.logits[0]


def test_packed_rows_compute_what_the_stock_model_computes(coder, model):
    rows = [row for seed in (3, 4) for row in rows_of(seed, 1.0, coder)]
    batch = pk.collate(rows, coder)
    with torch.no_grad():
        hidden, _ = forward.run(model, batch, coder, forward.see(model, batch.pictures))
        logits = model.lm_head(hidden[batch.ends])
    at, head = 0, pk.prefix(coder).ids
    for row in rows:
        crops = iter(row.crops)
        for tokens in row.branches:
            pictures = [row.picture, *islice(crops, tokens.ids.count(coder.image) // 36)]
            expected = stock_logits(model, coder, head + tokens.ids, pictures)[-1]
            assert (logits[at] - expected).abs().max() < 1e-4
            at += 1


def test_training_rows_are_the_layout_of_the_serving_loop(coder):
    scene, rng = make_scene(3), random.Random(0)
    policy = Policy(view=168, max_zooms=1, least=168, crop="square", native=None)
    question = ask(scene, "count", rng)
    window = square_around(question.site.box)
    talk, flow = Talk(dialect("zoomearth", "", "")), look(Size(4096, 4096), question.text, policy)
    trained = pk.first_turn(pk.asked(coder, pk.prefix(coder).at, question.text), coder, question)
    replies = [coder.tokenizer.decode(trained.ids[len(coder.encode(question.text + pk.TAIL)) :])]
    pk.last_turn(pk.crop_turn(trained, coder), coder, question, window)
    talk.observe(next(flow), "global")
    talk.observe(flow.send(talk.act(replies[0])), "crop")
    served = []
    for part in talk.layout():
        served += coder.encode(part) if isinstance(part, str) else [coder.image] * 36
    whole = pk.prefix(coder).ids + trained.ids
    assert served == whole[: len(served)]
    assert coder.tokenizer.decode(whole[len(served) :]).startswith("<think>")


def test_a_forced_answer_is_asked_as_it_was_trained(coder):
    question = ask(make_scene(3), "color", random.Random(0))
    talk, flow = Talk(dialect("zoomearth", "", "")), look(Size(4096, 4096), question.text, Policy(view=168, max_zooms=0))
    talk.observe(next(flow), "global")
    served = [i for part in talk.layout({"<answer>"}) for i in (coder.encode(part) if isinstance(part, str) else [coder.image] * 36)]
    trained = pk.guess(pk.asked(coder, pk.prefix(coder).at, question.text), coder, question)
    assert served == (pk.prefix(coder).ids + trained.ids)[: len(served)]
    assert coder.tokenizer.decode(trained.ids).endswith(f"<answer>{question.answer}</answer><|im_end|>")


def test_every_question_and_reply_survives_the_tokenizer(coder):
    for seed in range(12):
        for row in rows_of(seed, 0.5, coder):
            for tokens in row.branches:
                assert coder.tokenizer.unk_token_id not in tokens.ids
                assert list(coder.encode(coder.tokenizer.decode(tokens.ids))) == tokens.ids
    for number in (0, 7, 168, 255):
        assert len(coder.encode(str(number))) == 1


def test_a_users_own_words_never_crash_the_tokenizer(coder):
    a = coder.encode("What COLOUR are the ships at the southern harbour?")
    assert a == coder.encode("what color are the ships at the southern harbor?")
    assert coder.tokenizer.unk_token_id not in a
    for text in ("", "¿dónde está el aeropuerto? 🛩", "x" * 5000, "<|im_start|>", "9999"):
        coder.encode(text)


def test_an_export_is_loaded_by_stock_transformers_and_answers_the_same(coder, model, tmp_path):
    export(copy.deepcopy(model), make_tokenizer(), tmp_path / "demo", {"scenes": 1})
    assert Profile.of_folder(tmp_path / "demo").generated_only
    loaded = Qwen2_5_VLForConditionalGeneration.from_pretrained(tmp_path / "demo", dtype=torch.float32)
    rows = rows_of(5, 0.0, coder)[:1]
    ids = pk.prefix(coder).ids + rows[0].branches[0].ids
    rounded = copy.deepcopy(model)
    with torch.no_grad():
        for weight in rounded.parameters():
            weight.copy_(weight.bfloat16())
    a, b = (stock_logits(m, coder, ids, [rows[0].picture]) for m in (rounded, loaded))
    assert (a - b).abs().max() < 1e-5
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "demo")
    assert tokenizer.decode(ids) == coder.tokenizer.decode(ids)
    assert tokenizer("how many planes are there?").input_ids == list(coder.encode("how many planes are there?"))


def test_the_image_processor_of_an_export_cuts_views_as_training_did(model, tmp_path):

    export(copy.deepcopy(model), make_tokenizer(), tmp_path / "demo", {})
    processor = AutoImageProcessor.from_pretrained(tmp_path / "demo")
    picture = global_view(make_scene(9))
    out = processor(images=[Image.fromarray(picture)], return_tensors="np")
    assert out["image_grid_thw"].tolist() == [[1, 12, 12]]
    frames = np.asarray(out["pixel_values"]).reshape(-1, 3, 2, 196)
    assert np.abs(frames[:, :, 0].reshape(-1, 588) - patches(picture)).max() < 1e-4


def test_training_learns_and_goes_on_where_it_stopped(tmp_path):
    trainer = Trainer(tmp_path, SMALL)
    losses = [trainer.learn(range(2), 0.3, 1)["loss"] for _ in range(12)]
    assert losses[-1] < 0.95 * losses[0]
    trainer.save()
    other = Trainer(tmp_path, SMALL)
    assert other.load()
    assert other.step == 12
    assert [other.learn(range(7, 9), 0.3, 1)["loss"] for _ in range(2)] == pytest.approx(
        [trainer.learn(range(7, 9), 0.3, 1)["loss"] for _ in range(2)], rel=1e-4
    )


def test_dense_targets_agree_with_the_scene():
    scene = make_scene(4)
    cells = site_targets(scene).reshape(6, 6, len(SITES), 5)
    for site in scene.sites:
        x, y = site.center
        assert cells[int(y * 6), int(x * 6), list(SITES).index(site.kind), 0] == 1
        details = detail_targets(scene, square_around(site.box))
        assert details[:, 8].sum() >= 1
        assert (details[:, 0].sum() > 0) == any(
            square_around(site.box)[0] <= x < square_around(site.box)[2] and square_around(site.box)[1] <= y < square_around(site.box)[3]
            for other in scene.sites
            for x, y in other.points
        )


def test_muon_moves_a_matrix_in_all_its_directions_alike():
    torch.manual_seed(0)
    for shape in ((2, 24, 40), (1, 40, 24)):
        values = torch.linalg.svdvals(_orthogonal(torch.randn(shape)))
        assert values.min() > 0.4
        assert values.max() < 1.4


def test_every_kind_of_question_has_its_thought(coder):
    rng = random.Random(2)
    for kind in LEVELS:
        question = next(q for seed in range(50) if (q := ask(make_scene(seed), kind, rng)))
        thought = question.last_thought(to_pixels(WHOLE))
        assert 0 < len(coder.encode(thought)) <= 25


def test_a_call_of_a_tool_is_the_json_that_servers_and_parsers_know(coder):
    rng = random.Random(4)
    for tool in TOOLS * 3:
        request = next(r for seed in range(50) if (r := ask_tool(make_scene(seed), tool, rng)))
        question = request.question
        asked = pk.asked(coder, pk.prefix(coder).at, question.text)
        start = len(asked.ids)
        reply = coder.tokenizer.decode(pk.tool_turn(asked, coder, request).ids[start:])
        thought, call = reply.removesuffix("</tool_call>").split("</think><tool_call>")
        assert thought == "<think>" + request.thought(to_pixels(WHOLE))
        arguments = {"bbox_2d": list(pk.box_pixels(request.box)), "label": request.label}
        if tool == "editing":
            arguments["verb"] = request.verb
        assert call == json.dumps({"name": tool, "arguments": arguments})
        window = square_around(question.site.box)
        end = len(asked.ids)
        last = coder.tokenizer.decode(pk.last_turn(pk.crop_turn(asked, coder), coder, question, window).ids[end:])
        assert last.endswith(f"</think><answer>{question.answer}</answer><|im_end|>")
        assert question.answer == DONE or tool in ("denoising", "cloud-removal")


def test_marks_are_written_as_the_dialect_writes_boxes(coder):
    rng = random.Random(5)
    lengths = set()
    for seed in range(20):
        scene = make_scene(seed)
        window = survey_window(scene, rng)
        for noun in NOUNS.values():
            boxes = marks(scene, noun, window)
            asked = pk.asked(coder, pk.prefix(coder).at, f"mark every {noun}")
            start = len(asked.ids)
            reply = coder.tokenizer.decode(pk.mark_turn(asked, coder, noun, boxes).ids[start:])
            assert reply == BBOX_2D.write([(box, noun) for box in boxes]) + "<|im_end|>"
            lengths.add(len(boxes))
    assert {0, 1, 2} <= lengths


def test_places_are_asked_for_in_the_words_of_a_guided_survey(coder):
    asked, sides = set(), set()
    for seed in range(12):
        for row in rows_of(seed, 1.0, coder):
            texts = [coder.tokenizer.decode(tokens.ids) for tokens in row.branches]
            placed = [text for text in texts if "could be" in text]
            asked |= {text.split("<|im_end|>")[0] for text in placed}
            sides |= {len(placed)}
            assert not placed or row.sites is not None, "a coarse view"
    assert asked == {request(noun, places=True) for noun in NOUNS.values()}
    assert {0, 3} <= sides


def test_a_run_begins_with_an_older_model_whose_vocabulary_is_smaller(tmp_path):
    """The older vocabulary lacks some words of today's, so that all its numbers of tokens are others."""
    tokenizer = make_tokenizer()
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    words = [word for word in state["model"]["vocab"] if word not in (" every", "plane", "done")]
    state["model"]["vocab"] = {word: at for at, word in enumerate(words)}
    for added in state["added_tokens"]:
        added["id"] = state["model"]["vocab"][added["content"]]
    older = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(state)), eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    torch.manual_seed(3)
    before = make_model(older, SMALL.vision, SMALL.text)
    export(copy.deepcopy(before), older, tmp_path / "older", {"scenes": 7})
    plan = continued(SMALL, tmp_path / "older")
    assert (plan.vision, plan.text, plan.first_seed) == (SMALL.vision, SMALL.text, 7)
    trainer = Trainer(tmp_path, plan)
    trainer.begin()
    embeddings = trainer.model.model.language_model.embed_tokens.weight
    known, ids = older.get_vocab(), trainer.tokenizer.get_vocab()
    for word, source in ((" planes", " planes"), ("0", "0"), ("255", "255"), ("</answer>", "</answer>"), ("plane", "planes")):
        assert torch.equal(embeddings[ids[word]], before.model.language_model.embed_tokens.weight[known[source]].bfloat16().float())
    assert len(embeddings) == len(before.model.language_model.embed_tokens.weight) + 3
    trainer.learn(range(2), 0.5, 1)
    trainer.save()
    again = Trainer(tmp_path, plan)
    again.begin()
    assert again.step == 1, "a checkpoint goes before the model that the run began with"


def test_a_run_does_not_change_the_model_it_began_with(tmp_path):
    (tmp_path / "checkpoint.pt").touch()
    with pytest.raises(UsageError):
        _train(argparse.Namespace(folder=tmp_path, minutes=None, workers=1, start=tmp_path / "another"))
    with pytest.raises(ModelError):
        continued(Plan(), tmp_path)
