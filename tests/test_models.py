"""The list of models, and downloads from a local server that has the hub's two routes and a real tiny checkpoint."""

import hashlib
import json
import subprocess
import sys
import threading

import pytest
from hub import COMMIT, WEIGHTS, Hub
from tiny import make_tiny

from zoomearth.backend.engines.open import open_engine
from zoomearth.backend.models import hub as fetch
from zoomearth.backend.models import store as models
from zoomearth.core.catalogue import catalogue
from zoomearth.core.errors import Cancelled, ModelError
from zoomearth.core.profile import Profile
from zoomearth.core.settings import Settings


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("hub") / "tiny")


@pytest.fixture
def hub(checkpoint, tmp_path, monkeypatch):
    server = Hub(checkpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", server.address)
    monkeypatch.setenv("ZOOMEARTH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield server
    server.shutdown()
    server.server_close()


def test_a_downloaded_model_is_whole_verified_and_asked_as_it_was_trained(hub):
    with pytest.raises(ModelError, match="has not been downloaded") as refused:
        models.find("zoomearth-3b")
    assert refused.value.hint == "zoomearth models download zoomearth-3b"
    seen = []
    folder = models.download("zoomearth-3b", lambda *step: seen.append(step))
    assert models.find("zoomearth-3b") == folder
    assert {file.name for file in folder.iterdir()} == set(hub.files) - {"README.md"} | {"zoomearth.json", "download.json"}
    receipt = json.loads((folder / "download.json").read_text())
    assert receipt["revision"] == COMMIT
    assert receipt["files"][WEIGHTS] == {"size": len(hub.files[WEIGHTS]), "sha256": hub.listed[WEIGHTS]}
    assert (WEIGHTS, len(hub.files[WEIGHTS]), len(hub.files[WEIGHTS])) in seen
    hub.shutdown()  # from here on offline
    assert set(models.verify("zoomearth-3b")) == set(receipt["files"])
    assert models.download("zoomearth-3b") == folder
    profile = Profile.of_folder(folder)
    assert profile == models.profile_for("zoomearth-3b")
    assert (profile.dialect.name, profile.policy.crop, profile.policy.max_zooms) == ("zoomearth", "reference", 3)


def test_the_downloaded_folder_loads(hub):
    from zoomearth.backend.engines.local import LocalEngine

    LocalEngine(models.download("zoomearth-3b"), device="cpu").close()


def test_a_dropped_connection_goes_on_where_it_broke(hub):
    hub.cut = 300_000
    models.download("zoomearth-3b")
    assert [start for name, start in hub.ranges if name == WEIGHTS] == [0, 300_000]


def test_a_cancelled_download_is_no_model_and_is_resumed_by_the_next(hub, tmp_path):
    steps = []
    with pytest.raises(Cancelled):
        models.download("zoomearth-3b", lambda *step: steps.append(step), lambda: any(name == WEIGHTS for name, _, _ in steps))
    assert not catalogue()["zoomearth-3b"].here
    part = tmp_path / "home/models/zoomearth-3b.part" / WEIGHTS
    there = part.stat().st_size
    assert 0 < there < len(hub.files[WEIGHTS])
    models.download("zoomearth-3b")
    assert [start for name, start in hub.ranges if name == WEIGHTS] == [0, there]
    assert not part.exists()


def test_wrong_bytes_are_refused_and_never_become_a_model(hub):
    hub.listed[WEIGHTS] = "0" * 64
    with pytest.raises(ModelError, match=r"model\.safetensors arrived damaged"):
        models.download("zoomearth-3b")
    with pytest.raises(ModelError, match="not been downloaded"):
        models.find("zoomearth-3b")
    config = hub.files["config.json"]
    hub.listed[WEIGHTS] = hashlib.sha256(hub.files[WEIGHTS]).hexdigest()
    hub.files["config.json"] = config.replace(b"qwen", b"QWEN")
    models.download("zoomearth-3b")


def test_a_file_that_rots_on_disk_is_found_and_repaired(hub):
    folder = models.download("zoomearth-3b")
    damaged = bytearray((folder / WEIGHTS).read_bytes())
    damaged[-1] ^= 1
    (folder / WEIGHTS).write_bytes(damaged)
    with pytest.raises(ModelError, match=r"model\.safetensors is damaged") as raised:
        models.verify("zoomearth-3b")
    assert "download zoomearth-3b" in raised.value.hint
    before = len(hub.ranges)
    models.download("zoomearth-3b")
    assert hub.ranges[before:] == [(WEIGHTS, 0)], "the good files travelled again"
    assert models.verify("zoomearth-3b")


def test_a_damaged_folder_and_a_broken_off_download_become_one_model(hub, tmp_path):
    """Each folder has files that the other lacks; only files that are complete in neither are downloaded again."""
    folder = models.download("zoomearth-3b")
    (folder / "notes.txt").write_text("mine")
    (folder / "download.json").unlink()
    part = tmp_path / "home/models/zoomearth-3b.part"
    part.mkdir()
    (folder / "config.json").rename(part / "config.json")
    (part / WEIGHTS).write_bytes(hub.files[WEIGHTS][:1000])
    before = len(hub.ranges)
    assert models.download("zoomearth-3b") == folder
    assert hub.ranges[before:] == []
    assert (folder / "notes.txt").read_text() == "mine"
    assert models.verify("zoomearth-3b")
    assert not part.exists()


def test_a_busy_hub_is_asked_again(hub, monkeypatch):
    monkeypatch.setattr(fetch.time, "sleep", lambda seconds: None)
    hub.broken = 3
    assert models.download("zoomearth-3b").is_dir()


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("HF_ENDPOINT", "http://127.0.0.1:9", "can't be reached"),
        ("HF_ENDPOINT", "{hub}/elsewhere", "does not exist"),
        ("HF_HUB_OFFLINE", "1", "HF_HUB_OFFLINE"),
    ],
)
def test_without_the_hub_the_user_is_told_what_to_do(hub, monkeypatch, setting, value, says):
    monkeypatch.setattr(fetch.time, "sleep", lambda seconds: None)
    monkeypatch.setenv(setting, value.format(hub=hub.address))
    with pytest.raises(ModelError, match=says) as raised:
        models.download("zoomearth-3b")
    assert raised.value.hint


def test_a_disk_too_small_is_said_before_the_first_byte(hub, monkeypatch):
    monkeypatch.setattr(fetch, "SPARE", 1 << 60)
    with pytest.raises(ModelError, match="GB are free"):
        models.download("zoomearth-3b")
    assert not hub.ranges


def test_a_folder_that_cant_be_written_is_one_sentence(hub, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ZOOMEARTH_HOME", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="can't be stored") as raised:
        models.download("zoomearth-3b")
    assert "ZOOMEARTH_HOME" in raised.value.hint


def test_an_own_folder_is_a_model_and_a_truncated_one_is_noticed(tmp_path):
    folder = make_tiny(tmp_path / "own")
    assert models.find(str(folder)) == folder
    assert WEIGHTS in models.verify(str(folder))
    with (folder / WEIGHTS).open("r+b") as weights:
        weights.truncate(500_000)
    with pytest.raises(ModelError, match="damaged"):
        models.verify(str(folder))
    with pytest.raises(ModelError, match="neither an id nor a folder") as raised:
        models.find("zoomearth-3bb")
    assert "zoomearth-3b" in raised.value.hint


def test_a_folder_without_a_profile_is_asked_as_its_family_is(tmp_path):
    for kind, dialect, multiple in (("qwen2_5_vl", "qwen-grounding", 28), ("qwen3_vl", "qwen3-grounding", 32)):
        folder = make_tiny(tmp_path / kind, kind=kind)
        (folder / "zoomearth.json").unlink()
        profile = models.profile_for(str(folder))
        assert (profile.dialect.name, profile.policy.multiple) == (dialect, multiple)


def test_the_published_repetition_penalty_is_taken_where_the_profile_has_none(tmp_path):
    assert models.profile_for("zoomearth-demo").repetition_penalty == 1.0
    assert {models.profile_for(name).repetition_penalty for name in ("zoomearth-3b", "qwen2.5-vl-3b", "qwen2.5-vl-7b")} == {1.05}
    folder = make_tiny(tmp_path / "own")
    assert models.profile_for(str(folder)).repetition_penalty == 1.0
    (folder / "generation_config.json").write_text('{"repetition_penalty": 1.05}')
    assert models.profile_for(str(folder)).repetition_penalty == 1.05
    carried = models.profile_for(str(folder)).to_dict()
    (folder / "zoomearth.json").write_text(json.dumps({**carried, "repetition_penalty": 1.0}))
    assert models.profile_for(str(folder)).repetition_penalty == 1.0
    (folder / "zoomearth.json").unlink()
    assert models.profile_for(str(folder)).repetition_penalty == 1.05
    with pytest.raises(ModelError, match="must be more than 0"):
        Profile.from_dict({**carried, "repetition_penalty": 0})


def test_a_prompt_file_takes_the_instructions_place_and_changes_the_hash(tmp_path):
    file = tmp_path / "prompt.txt"
    file.write_text("Answer in French.\n", encoding="utf-8")
    ours, theirs = models.profile_for("zoomearth-3b"), models.profile_for("zoomearth-3b", str(file))
    assert theirs.dialect.instruction == "\nAnswer in French.\n"
    assert theirs.dialect.system == ours.dialect.system
    assert theirs.prompt_hash != ours.prompt_hash
    file.write_text("You see the Earth.\n---\nAnswer.", encoding="utf-8")
    theirs = models.profile_for("zoomearth-3b", str(file))
    assert (theirs.dialect.system, theirs.dialect.instruction) == ("You see the Earth.", "\nAnswer.")
    for encoding in ("utf-8-sig", "utf-16"):  # Windows editors, PowerShell's >
        file.write_bytes("You see the Earth.\r\n---\r\nAnswer.".encode(encoding))
        assert models.profile_for("zoomearth-3b", str(file)) == theirs
    file.write_bytes("Répondez.".encode("latin-1"))
    with pytest.raises(ModelError, match="byte 1 is not UTF-8"):
        models.profile_for("zoomearth-3b", str(file))
    with pytest.raises(ModelError, match="prompt file"):
        models.profile_for("zoomearth-3b", str(tmp_path / "none.txt"))


def test_only_the_demo_model_and_what_is_copied_from_it_knows_generated_scenes_only(tmp_path):
    demo, copied = models.profile_for("zoomearth-demo"), tmp_path / "mine"
    copied.mkdir()
    (copied / "zoomearth.json").write_text(json.dumps(demo.to_dict()))
    (tmp_path / "prompt.txt").write_text("Answer in one word.")
    for profile in (demo, models.profile_for(str(copied)), models.profile_for("zoomearth-demo", str(tmp_path / "prompt.txt"))):
        assert profile.generated_only
    assert open_engine(Settings("zoomearth-demo", "http://127.0.0.1:9", "theirs")).profile.generated_only
    assert [name for name in catalogue() if models.profile_for(name).generated_only] == ["zoomearth-demo"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_profile_may_be_marked_with_its_encoding(tmp_path, encoding):
    (tmp_path / "zoomearth.json").write_bytes('{"name": "marked", "dialect": "zoomearth"}'.encode(encoding))
    assert Profile.of_folder(tmp_path).name == "marked"


@pytest.mark.parametrize("content", ["[1]", "[" * 100_000, "5", "{torn"])
def test_a_profile_that_is_none_is_one_sentence(tmp_path, content):
    (tmp_path / "zoomearth.json").write_text(content)
    with pytest.raises(ModelError, match="can't be read"):
        Profile.of_folder(tmp_path)


def test_every_listed_model_can_be_asked():
    for model in catalogue().values():
        assert model.bundled or Profile.from_dict(model.profile).name == model.id


def test_listing_models_needs_neither_torch_nor_the_network(root):
    (root / ".build/path").mkdir(parents=True, exist_ok=True)
    code = "import sys; from zoomearth.backend.cli.main import main; main(['models']); print({'torch', 'httpx'} & set(sys.modules))"
    (path := root / ".build/path/zoomearth").exists() or path.symlink_to("../..")
    run = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(path.parent)}, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "set()"


def test_a_program_is_told_how_far_a_download_is(hub, root):
    """Like the plugin: a line of JSON for each step; the last line has the model's folder."""
    command = [sys.executable, "-I", "-X", "utf8", str(root / "backend" / "__main__.py"), "models", "download", "zoomearth-3b", "--json"]
    *steps, last = map(json.loads, subprocess.run(command, check=True, capture_output=True).stdout.splitlines())
    assert last == {"id": "zoomearth-3b", "folder": str(models.find("zoomearth-3b"))}
    assert {step["file"]: step["done"] for step in steps if step["done"] == step["total"]} == {
        file.name: file.stat().st_size for file in models.find("zoomearth-3b").iterdir() if file.name in hub.files
    }
