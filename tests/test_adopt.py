"""The same weights are asked in the same way, whether our download fetched them or not."""

import json
import shutil
from dataclasses import replace

import pytest
from PIL import Image
from tiny import make_tiny

from zoomearth.backend.engines.open import open_engine
from zoomearth.backend.models import store
from zoomearth.core.catalogue import catalogue
from zoomearth.core.errors import ModelError
from zoomearth.core.profile import Profile
from zoomearth.core.settings import Settings

ID = "zoomearth-3b"


@pytest.fixture(scope="module")
def fetched(tmp_path_factory):
    """A checkpoint as the hub's repository has it: without our zoomearth.json."""
    folder = make_tiny(tmp_path_factory.mktemp("fetched") / "tiny")
    (folder / "zoomearth.json").unlink()
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOOMEARTH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(store, "ALIKE", 1.0)  # what is fetched is tiny
    return tmp_path / "home" / "models"


def copied(fetched, folder):
    folder.parent.mkdir(parents=True, exist_ok=True)
    return shutil.copytree(fetched, folder)


def same(profile):
    return replace(profile, notes=()) == Profile.from_dict(dict(catalogue()[ID].profile))


def test_a_folder_put_in_a_models_place_is_that_model(fetched, home):
    folder = copied(fetched, home / ID)
    assert store.find(ID) == folder
    assert same(store.profile_for(ID))
    assert same(store.profile_for(str(folder)))
    assert store.profile_for(ID).notes == ()
    assert store.revision(ID).startswith("sha256:")
    assert store.download(ID) == folder, "nothing is fetched where the model is"


def test_an_incomplete_folder_in_a_models_place_is_not_that_model(fetched, home):
    folder = copied(fetched, home / ID)
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="has not been downloaded"):
        store.find(ID)


@pytest.mark.parametrize("place", ["ZoomEarth-3B", "my_zoom_earth", "models--HappyBug--ZoomEarth-3B/snapshots/0123abc", "config"])
def test_a_folder_whose_name_says_zoomearth_is_asked_as_zoomearth_and_says_so(fetched, tmp_path, place):
    folder = copied(fetched, tmp_path / place)
    if place == "config":
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"_name_or_path": "HappyBug/ZoomEarth-3B"}))
    profile = store.profile_for(str(folder))
    assert same(profile)
    (note,) = profile.notes
    assert "because of its name" in note
    assert "--asked-as" in note
    assert open_engine(Settings(str(folder), device="cpu")).profile.notes == (note,)


def test_stock_weights_in_a_folder_are_asked_as_by_their_id(fetched, tmp_path):
    """Before, a folder was shown views of 512 px and the id ones of 1008: other answers from the same weights."""
    for kind, name in (("qwen2_5_vl", "qwen2.5-vl-3b"), ("qwen3_vl", "qwen3-vl-8b")):
        folder = copied(fetched, tmp_path / kind)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"model_type": kind}))
        own, listed = store.profile_for(str(folder)), store.profile_for(name)
        assert (own.dialect, own.policy, own.notes) == (listed.dialect, listed.policy, ())
        assert own.name == kind


def test_a_folder_of_no_listed_family_says_that_it_is_guessed(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "idefics3"}')
    (note,) = store.profile_for(str(tmp_path)).notes
    assert "model_type (idefics3) tells no family" in note


def test_an_own_profile_comes_before_any_name(fetched, tmp_path):
    folder = copied(fetched, tmp_path / "ZoomEarth-3B")
    (folder / "zoomearth.json").write_text('{"name": "mine", "dialect": "qwen-grounding"}')
    assert (store.profile_for(str(folder)).name, store.profile_for(str(folder)).notes) == ("mine", ())


def test_asked_as_overrides_what_a_folder_seems_to_be(fetched, tmp_path):
    folder = copied(fetched, tmp_path / "unnamed")
    engine = open_engine(Settings(str(folder), asked_as=ID, device="cpu"))
    assert same(engine.profile)
    with pytest.raises(ModelError, match="no model 'nobody'"):
        open_engine(Settings(str(folder), asked_as="nobody"))


def test_asked_as_says_how_a_server_s_model_is_asked():
    engine = open_engine(Settings(remote="http://127.0.0.1:9", remote_model="theirs", asked_as=ID))
    assert (engine.profile.name, engine.profile.dialect.name, engine.profile.policy.crop) == ("theirs", "zoomearth", "reference")
    assert open_engine(Settings(ID, remote="http://127.0.0.1:9")).profile.dialect.name == "zoomearth"


def test_an_adopted_folder_is_the_model_and_the_original_stays(fetched, home, tmp_path):
    folder = copied(fetched, tmp_path / "stick")
    (home / f"{ID}.part").mkdir(parents=True)
    (home / f"{ID}.part" / "model-00001-of-00002.safetensors").write_bytes(b"of a download that was stopped")
    adopted = store.adopt(folder, ID)
    assert adopted == home / ID == store.find(ID)
    assert same(store.profile_for(ID))
    assert set(store.verify(ID)) == {file.name for file in folder.iterdir()}
    assert (folder / "model.safetensors").samefile(adopted / "model.safetensors")
    assert not (folder / "config.json").samefile(adopted / "config.json"), "an edit of the one would be one of the other"
    assert {file.name for file in adopted.iterdir()} == {file.name for file in folder.iterdir()} | {"zoomearth.json", "download.json"}
    assert not (folder / "zoomearth.json").exists()
    with pytest.raises(ModelError, match="is here already"):
        store.adopt(folder, ID)


def test_by_folder_or_by_id_the_same_views_and_answers(fetched, tmp_path):
    """The folder under its own name, the same adopted: one question of the real engine."""
    from zoomearth.backend.answer import Question, answer
    from zoomearth.backend.scene.scene import Scene

    folder = copied(fetched, tmp_path / "ZoomEarth-3B")
    store.adopt(folder, ID)
    Image.radial_gradient("L").resize((1500, 900)).convert("RGB").save(tmp_path / "scene.png")
    outcomes = []
    with Scene.open(str(tmp_path / "scene.png")) as scene:
        for model in (str(folder), ID):
            engine = open_engine(Settings(model, device="cpu", dtype="float32"))
            policy = engine.profile.policy
            outcomes.append((policy, answer(engine, Question(scene, "What is there?", None, policy)).outcome))
            engine.close()
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][1].views[0].view.size == (512, 307)


@pytest.mark.parametrize(
    ("name", "message"),
    [("zoomearth-demo", "a part of ZoomEarth"), ("qwen3-vl-4b", "of the family qwen2_5_vl"), ("nobody", "no model 'nobody'")],
)
def test_a_folder_is_not_adopted_as_what_it_can_t_be(fetched, name, message):
    with pytest.raises(ModelError, match=message):
        store.adopt(fetched, name)


def test_weights_of_another_size_are_not_adopted(fetched, home, monkeypatch):
    monkeypatch.setattr(store, "ALIKE", 0.25)
    with pytest.raises(ModelError, match=r"MB of weights; zoomearth-3b has about 7\.5 GB|GB of weights; zoomearth-3b has about 7\.5 GB"):
        store.adopt(fetched, ID)
    assert not home.exists()


def test_an_incomplete_folder_is_not_adopted(fetched, tmp_path, home):
    folder = copied(fetched, tmp_path / "stick")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match="no tokenizer"):
        store.adopt(folder, ID)
    assert not home.exists()
