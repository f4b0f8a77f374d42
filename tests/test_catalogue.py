"""The list of models: what it says of each, and which it recommends for a machine."""

import re

import pytest

from zoomearth.backend.models.listing import listing, verdict
from zoomearth.core.catalogue import catalogue, fit, places, recommended
from zoomearth.core.memory import Memory
from zoomearth.core.profile import Profile

GB = 1 << 30
MODELS = catalogue()


def card(size, free=0.97):
    return Memory("cuda", size * GB, int(size * GB * free), "a card")


def processor(size, free=0.7):
    return Memory("cpu", size * GB, int(size * GB * free))


def test_every_model_says_what_a_person_needs_to_choose():
    for model in MODELS.values():
        assert model.title
        assert model.use
        assert model.licence
        assert model.commercial in ("yes", "no", "check")
        assert model.bundled or re.fullmatch(r"[\w-]+/[\w.-]+", model.repo)
        assert model.revision is None or re.fullmatch("[0-9a-f]{40}", model.revision)
        if not model.bundled:
            assert 0.9 < model.bytes / (2e9 * model.parameters) < 1.1, "16 bits a parameter"
            assert model.model_type
            assert Profile.from_dict(dict(model.profile)).name == model.id


def test_no_model_without_a_clear_licence_is_recommended():
    for model in MODELS.values():
        if model.recommended_from:
            assert model.commercial == "yes"


def test_weights_that_may_not_be_used_commercially_say_so():
    assert {model.id for model in MODELS.values() if model.commercial == "no"} == {"zoomearth-3b", "qwen2.5-vl-3b"}
    for model in MODELS.values():
        if model.commercial == "no":
            assert "no commercial use" in model.licence


@pytest.mark.parametrize(
    ("here", "model"),
    [
        ([card(80), processor(64)], "qwen3-vl-8b"),
        ([card(24), processor(32)], "qwen3-vl-8b"),
        ([card(12), processor(32)], "qwen3-vl-4b"),
        ([card(8), processor(16)], "qwen3-vl-4b"),
        ([card(6), processor(64)], "qwen3-vl-2b"),
        ([card(2), processor(16)], "qwen3-vl-4b"),
        ([processor(128)], "qwen3-vl-4b"),
        ([processor(16)], "qwen3-vl-4b"),
        ([processor(6)], "qwen3-vl-2b"),
        ([processor(2)], None),
        ([Memory("mps", 36 * GB, 20 * GB, "Apple graphics")], "qwen3-vl-8b"),
    ],
)
def test_a_machine_is_recommended_a_model_that_runs_there_at_a_bearable_speed(here, model):
    best = recommended(MODELS.values(), here)
    assert (best and best.id) == model
    assert [each["id"] for each in listing(here) if each["recommended"]] == ([model] if model else [])
    if best:
        assert fit(best, here).fits


def test_the_card_comes_before_the_processor_and_whole_weights_before_int8():
    model = MODELS["qwen3-vl-8b"]
    assert (fit(model, [card(24), processor(64)]).place.device, fit(model, [card(24), processor(64)]).number) == ("cuda", "bfloat16")
    assert (fit(model, [card(16), processor(64)]).place.device, fit(model, [card(16), processor(64)]).number) == ("cuda", "int8")
    assert fit(model, [card(8), processor(64)]).place.device == "cpu"
    assert not fit(model, [card(8), processor(8)]).fits


def test_the_verdict_tells_what_is_missing_and_what_other_programs_hold():
    model = MODELS["qwen3-vl-8b"]
    assert verdict(model, fit(model, [card(24)])) == "yes (graphics card)"
    assert "as int8" in verdict(model, fit(model, [card(16)]))
    assert re.search(r"needs 19\.\d GB, 12\.\d GB are free now", verdict(model, fit(model, [card(24, free=0.5)])))
    assert re.fullmatch(r"no: needs 1\d\.\d GB, this machine has 8\.6 GB", verdict(model, fit(model, [card(4), processor(8)])))
    assert verdict(model, fit(model, [processor(64)])) == "yes (processor, very slow)"


def test_this_machine_has_a_place_for_the_demo_model():
    here = places()
    assert here[-1].total > GB
    assert fit(MODELS["zoomearth-demo"], here).fits
