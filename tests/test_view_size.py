"""A general model sees as much of a scene as the memory allows, and a trained one what it was trained on."""

from dataclasses import replace

import pytest
import torch
from tiny import make_tiny

from zoomearth.backend.engines import view_size
from zoomearth.backend.engines.open import open_engine
from zoomearth.backend.models import store
from zoomearth.core.catalogue import catalogue
from zoomearth.core.errors import ModelError
from zoomearth.core.memory import Checkpoint
from zoomearth.core.profile import Profile
from zoomearth.core.settings import Settings

VIEWS = [56, 84, 112]


class Card:
    """Of a loaded model, what `fitted` looks at."""

    device, dtype = torch.device("cuda"), torch.bfloat16


@pytest.fixture(scope="module")
def stock(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("stock") / "tiny", views=VIEWS)


def test_the_largest_view_that_fits_is_taken(stock, monkeypatch):
    profile = Profile.of_folder(stock)
    token = Checkpoint.of(stock).cache
    assert token == 2 * 2 * 3 * 2 * 16, "keys and values of 3 layers, 2 heads of 16 numbers, in 16 bits"
    costs = [view_size.needed(profile, view, token) for view in VIEWS]
    assert costs == sorted(costs)
    for free, view in ((0, 56), (costs[1] - 1, 56), (costs[1], 84), (costs[2], 112), (10**12, 112)):
        monkeypatch.setattr(view_size, "free_bytes", lambda device, free=free: free)
        assert view_size.fitted(profile, stock, Card).policy == replace(profile.policy, view=view)
        trained = replace(profile, views=())
        assert view_size.fitted(trained, stock, Card) == trained, "a model that was trained for its views keeps them"


def test_on_a_processor_the_smallest_is_taken_and_stands_in_the_record(stock):
    from zoomearth.backend.records import spec

    settings = Settings(str(stock), device="cpu")
    engine = open_engine(settings)
    try:
        assert engine.profile.policy.view == spec(engine.profile, settings, None)["policy"]["view"] == 56
    finally:
        engine.close()


def test_general_models_of_the_list_have_views_to_choose_from_and_the_published_one_has_its_own():
    for name in catalogue():
        profile = store.profile_for(name)
        if profile.dialect.name == "zoomearth":
            assert (profile.views, profile.policy.zoom, profile.policy.route) == ((), "crop", "model")
        else:
            assert profile.views[:1] in ((), (profile.policy.view,)), "where memory is not known"
            assert all(view % profile.policy.multiple == 0 for view in profile.views)
            assert (profile.policy.zoom, profile.policy.route) == ("context", "words")


def test_a_profile_says_what_is_wrong_with_its_views():
    data = {"name": "x", "policy": {"view": 1008}}
    assert Profile.from_dict({**data, "views": [2044, 1008]}).views == (1008, 2044)
    assert Profile.from_dict(Profile.from_dict({**data, "views": [1008]}).to_dict()).views == (1008,)
    assert [Profile.from_dict({**data, "places": places}).names_places for places in (True, False)] == [True, True], "it has an instruction"
    learnt = {**data, "dialect": "zoomearth", "instruction": ""}
    assert [Profile.from_dict({**learnt, "places": places}).names_places for places in (True, False)] == [True, False]
    for wrong in ([1000], [0], "all", 5):
        with pytest.raises(ModelError, match="does not describe a model"):
            Profile.from_dict({**data, "views": wrong})
