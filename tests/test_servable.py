"""Servable checkpoints: the server's chat template must give a talk the same layout as the dialect."""

import json
import shutil

import pytest
from PIL import Image
from tiny import make_tiny

from zoomearth.backend.engines.openai_chat import Form
from zoomearth.core.errors import ModelError
from zoomearth.core.families import dialect
from zoomearth.core.geometry import Box, Size, View
from zoomearth.core.look import Observation
from zoomearth.core.talk import Talk
from zoomearth.training.tuning.servable import servable

VIEW = View(Box(0, 0, 56, 56), Size(56, 56))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("tiny") / "tiny")


def talks(name):
    """A question; after one zoom; after two; and where no zooms are left."""
    talk = Talk(dialect(name))
    talk.observe(Observation(VIEW, "What is there? {{ 1 }}", begins=True), Image.new("RGB", (56, 56)))
    yield talk
    talk.act('<think>There.</think>[{"bbox_2d": [1, 2, 30, 40], "label": "harbour"}]')
    talk.observe(Observation(VIEW, label="harbour"), Image.new("RGB", (56, 56)))
    yield talk
    talk.act('[{"bbox_2d": [1, 2, 3, 4], "label": "pier"}]<answer>red')
    talk.observe(Observation(None, must_answer=True))
    yield talk


@pytest.mark.parametrize("name", ["zoomearth", "qwen-grounding"])
def test_a_server_reads_exactly_what_the_local_engine_reads(name, checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "modules"))
    from transformers import AutoProcessor

    about = json.loads((checkpoint / "zoomearth.json").read_text())
    (tmp_path / "checkpoint").mkdir()
    for file in checkpoint.iterdir():
        (tmp_path / "checkpoint" / file.name).write_bytes(file.read_bytes())
    (tmp_path / "checkpoint" / "zoomearth.json").write_text(json.dumps({**about, "dialect": name}))
    processor = AutoProcessor.from_pretrained(servable(tmp_path / "checkpoint", tmp_path / "served"), trust_remote_code=True)
    for talk in talks(name):
        read = "".join(part if isinstance(part, str) else "<|image_pad|>" for part in talk.layout())
        messages = [
            {**message, "content": [{"type": "text", "text": message["content"]}] if isinstance(message["content"], str)
             else [{"type": "image"} if part["type"] == "image_url" else part for part in message["content"]]}
            for message in Form().messages(talk)
        ]  # fmt: skip
        assert processor.apply_chat_template(messages, add_generation_prompt=True) == read


def test_nothing_is_overwritten_and_no_folder_is_taken_for_a_checkpoint(checkpoint, tmp_path):
    servable(checkpoint, tmp_path / "new" / "out")
    with pytest.raises(ModelError, match="not empty"):
        servable(checkpoint, tmp_path / "new" / "out")
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        servable(tmp_path / "nothing", tmp_path / "other")


def test_a_copy_that_fails_leaves_nothing_in_the_way_of_the_next(checkpoint, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(checkpoint, broken)
    (broken / "tokenizer.json").write_text("{")
    with pytest.raises(ValueError, match="property name"):
        servable(broken, tmp_path / "out")
    servable(checkpoint, tmp_path / "out")


def test_a_served_model_is_penalized_as_its_profile_says(checkpoint, tmp_path):
    """vLLM and SGLang take generation_config.json; a base model's value must not stay in it."""
    shutil.copytree(checkpoint, tmp_path / "tuned")
    file = tmp_path / "tuned" / "zoomearth.json"
    for penalty in (1.0, 1.05):
        file.write_text(json.dumps({**json.loads(file.read_text()), "repetition_penalty": penalty}))
        out = servable(tmp_path / "tuned", tmp_path / f"out-{penalty}")
        assert json.loads((out / "generation_config.json").read_text())["repetition_penalty"] == penalty


def test_a_served_model_never_says_a_token_of_the_prompt(checkpoint, tmp_path):
    out = servable(checkpoint, tmp_path / "out")
    tokens = {token["content"]: token["id"] for token in json.loads((out / "tokenizer.json").read_text())["added_tokens"]}
    never = json.loads((out / "generation_config.json").read_text())["suppress_tokens"]
    assert {tokens["<|image_pad|>"], tokens["<|vision_start|>"], tokens["<|im_start|>"]} <= set(never)
    assert tokens["<|im_end|>"] not in never
