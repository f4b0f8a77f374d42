"""`zoomearth models verify FOLDER`: a folder that would not load is never called whole."""

import json
import shutil

import pytest
from tiny import make_tiny

from zoomearth.backend.engines.open import open_engine
from zoomearth.backend.models import store
from zoomearth.backend.models.checkpoint import check, is_whole
from zoomearth.core.catalogue import INDEX
from zoomearth.core.errors import ModelError
from zoomearth.core.settings import Settings

WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("checkpoint") / "tiny")


@pytest.fixture(scope="module")
def sharded(single, tmp_path_factory):
    """The same in three files with an index, as transformers writes large models."""
    from transformers import AutoModelForImageTextToText

    folder = tmp_path_factory.mktemp("checkpoint") / "sharded"
    shutil.copytree(single, folder)
    (folder / WEIGHTS).unlink()
    AutoModelForImageTextToText.from_pretrained(single, dtype="auto").save_pretrained(folder, max_shard_size="400KB")
    assert len(list(folder.glob("*.safetensors"))) > 2
    return folder


@pytest.fixture
def folder(sharded, tmp_path):
    return shutil.copytree(sharded, tmp_path / "copy")


def test_whole_folders_are_called_whole(single, sharded):
    for each in (single, sharded):
        files = store.verify(str(each))
        assert {file.name for file in each.iterdir()} == set(files)


def a_shard(folder):
    return max(folder.glob("*.safetensors"), key=lambda file: file.stat().st_size)


def without_a_tensor(folder):
    from safetensors.torch import load_file, save_file

    shard = a_shard(folder)
    tensors = load_file(shard)
    tensors.pop(sorted(tensors)[0])
    save_file(tensors, shard)


def truncated(folder):
    with a_shard(folder).open("r+b") as stream:
        stream.truncate(a_shard(folder).stat().st_size - 1)


def index_of_nothing(folder):
    (folder / INDEX).write_text('{"weight_map": {}}')


FAULTS = {
    "a shard is missing": (lambda folder: a_shard(folder).unlink(), r"model-0000\d-of-0000\d\.safetensors is missing"),
    "a shard is cut off": (truncated, r"is damaged: it has \d+ bytes in place of \d+"),
    "a shard is a pointer of git-lfs": (
        lambda folder: a_shard(folder).write_text("version https://git-lfs.github.com/spec/v1\n"),
        "damaged",
    ),
    "a tensor is missing from its shard": (without_a_tensor, "lacks the tensor .*, which the index places there"),
    "the index is missing": (lambda folder: (folder / INDEX).unlink(), f"without their index, {INDEX}"),
    "the index says nothing": (index_of_nothing, f"{INDEX} can't be read: it has no weight_map"),
    "the index is torn": (lambda folder: (folder / INDEX).write_text("{"), f"{INDEX} is damaged"),
    "no config": (lambda folder: (folder / "config.json").unlink(), "config.json is missing"),
    "a config of nothing": (lambda folder: (folder / "config.json").write_text("{}"), "names no model_type"),
    "no picture settings": (lambda folder: (folder / "preprocessor_config.json").unlink(), "lacks preprocessor_config.json"),
    "no tokenizer": (lambda folder: (folder / "tokenizer.json").unlink(), "has no tokenizer"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_folder_that_would_not_load_is_not_called_whole(folder, fault):
    damage, message = FAULTS[fault]
    damage(folder)
    with pytest.raises(ModelError, match=message) as refused:
        store.verify(str(folder))
    assert refused.value.hint


def test_vocabulary_and_merges_are_a_tokenizer_too(folder):
    (folder / "tokenizer.json").rename(folder / "vocab.json")
    (folder / "merges.txt").write_text("#version: 0.2\n")
    assert "vocab.json" in check(folder)


@pytest.mark.parametrize(
    "header", [b"", b"\x05\x00", (2).to_bytes(8, "little") + b"[]", (9).to_bytes(8, "little") + b'{"a": {}}', b"\xff" * 99]
)
def test_any_file_of_another_kind_is_no_safetensors_file(tmp_path, header):
    (tmp_path / WEIGHTS).write_bytes(header)
    assert not is_whole(tmp_path / WEIGHTS)


@pytest.mark.parametrize("method", ["awq", "gptq"])
def test_quantized_weights_are_refused_with_what_does_run_them(folder, method):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"quantization_config": {"quant_method": method, "bits": 4}}))
    assert store.verify(str(folder))
    with pytest.raises(ModelError, match=f"quantized by {method}") as refused:
        open_engine(Settings(str(folder)))
    assert "vllm serve" in refused.value.hint
    assert "--remote" in refused.value.hint
