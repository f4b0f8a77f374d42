"""Servers read what the local engine reads: chat templates as vLLM and SGLang take them, and the presets that start these servers."""

import json
import os
import subprocess
import sys

import jinja2
import pytest
from jinja2 import nodes
from jinja2.ext import loopcontrols
from PIL import Image

from zoomearth.backend.engines.openai_chat import Form
from zoomearth.core.catalogue import catalogue
from zoomearth.core.families import dialect
from zoomearth.core.geometry import Box, Size, View
from zoomearth.core.look import Observation
from zoomearth.core.talk import Talk

VIEW = View(Box(0, 0, 56, 56), Size(56, 56))
TEMPLATES = ("zoomearth", "qwen-grounding")
PICTURE = "<|vision_start|><|image_pad|><|vision_end|>"


def content_format(template):
    """The rule of vllm/renderers/hf.py, from which SGLang has its own: "openai" where a loop goes over the `content` of a loop over
    `messages`, or of a variable that one of both was assigned to; else "string"."""
    tree = environment().parse(template)

    def reads(node, name, key=None):
        while isinstance(node, (nodes.Filter, nodes.Test)) or (isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice)):
            node = node.node
        if key:
            named = isinstance(node, nodes.Getattr) and node.attr == key
            keyed = isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and node.arg.value == key
            return (named or keyed) and reads(node.node, name)
        return isinstance(node, nodes.Name) and node.name == name

    lists, items = ["messages"], []
    for name in lists:  # grows as it goes
        lists += [each.target.name for each in tree.find_all(nodes.Assign) if reads(each.node, name) and each.target.name not in lists]
        items += [each.target.name for each in tree.find_all(nodes.For) if reads(each.iter, name)]
    loops = (each for each in tree.find_all(nodes.For) if any(reads(each.iter, name, "content") for name in items))
    return "openai" if next(loops, None) else "string"


def environment():
    return jinja2.Environment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])  # as transformers makes it


def parsed_by_vllm(message, form):
    """How vLLM hands a message to the template, by its content format."""
    parts = [message["content"]] if isinstance(message["content"], str) else message["content"]
    parts = [{"type": "text", "text": part} if isinstance(part, str) else part for part in parts]
    if form == "openai":
        return {**message, "content": [part if part["type"] == "text" else {"type": "image"} for part in parts]}
    return {**message, "content": "\n".join(part["text"] if part["type"] == "text" else PICTURE for part in parts)}


def talks(name):
    """A question; after a zoom and a zoom out; with no more zooms allowed."""
    talk = Talk(dialect(name))
    talk.observe(Observation(VIEW, "What is there? {{ 1 }}  ", begins=True), Image.new("RGB", (56, 56)))
    yield talk
    talk.act('<think>There.</think>[{"bbox_2d": [1, 2, 30, 40], "label": "harbour"}]')
    talk.observe(Observation(VIEW, label="harbour"), Image.new("RGB", (56, 56)))
    yield talk
    talk.act('[{"zoom_out": true}]')
    talk.observe(Observation(VIEW, label="zoom out"), Image.new("RGB", (56, 56)))
    yield talk
    talk.act('[{"bbox_2d": [1, 2, 3, 4], "label": "pier"}]<answer>red')
    talk.observe(Observation(None, must_answer=True))
    yield talk


@pytest.mark.parametrize("name", TEMPLATES)
def test_vllm_reads_what_the_local_engine_reads(name, root):
    template = (root / "resources" / "templates" / f"{name}.jinja").read_text(encoding="utf-8")
    form = content_format(template)
    assert form == "openai"
    for talk in talks(name):
        layout = "".join(part if isinstance(part, str) else "<|image_pad|>" for part in talk.layout())
        messages = [parsed_by_vllm(message, form) for message in Form().messages(talk)]
        rendered = environment().from_string(template).render(messages=messages, add_generation_prompt=True)
        assert rendered == layout


def test_a_template_without_such_a_loop_would_get_newlines_that_the_model_never_saw():
    """What the two tests above guard against: the rule tells our templates from one that hides the loop in a macro."""
    hidden = "{% macro all(content) %}{% for part in content %}{{ part.text }}{% endfor %}{% endmacro %}"
    hidden += "{% for message in messages %}{{ all(message.content) }}{% endfor %}"
    assert content_format(hidden) == "string"
    message = {"role": "user", "content": [{"type": "image_url"}, {"type": "text", "text": "What?"}]}
    assert parsed_by_vllm(message, "string")["content"] == PICTURE + "\nWhat?"


def started(script, tmp_path, *arguments):
    """The command line of the server that a preset starts: a program of the server's name prints what it was given."""
    for name in ("vllm", "python3"):
        program = tmp_path / name
        program.write_text(f"#!{sys.executable}\nimport json, sys; print(json.dumps(sys.argv[1:]))\n")
        program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    command = ["sh", str(script), *arguments]
    done = subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=True, cwd=tmp_path)
    return json.loads(done.stdout)


@pytest.mark.parametrize("preset", ["zoomearth-3b.vllm.sh", "zoomearth-3b.sglang.sh", "qwen3.8-27b.vllm.sh"])
def test_a_preset_starts_its_server_with_the_model_of_its_name(preset, root, tmp_path):
    model = catalogue()[preset.split(".vllm")[0].split(".sglang")[0]]
    script = root / "resources" / "serving" / preset
    line = started(script, tmp_path)
    assert model.repo in line
    assert line[line.index("--served-model-name") + 1] == model.id
    if "--chat-template" in line:
        template = line[line.index("--chat-template") + 1]
        assert os.path.samefile(template, root / "resources" / "templates" / f"{model.profile['dialect']}.jinja")
    if "--limit-mm-per-prompt" in line:
        pictures = json.loads(line[line.index("--limit-mm-per-prompt") + 1])["image"]
        assert pictures > model.profile["policy"].get("max_zooms", 3)
    own = started(script, tmp_path, "my folder", "--port", "9000")
    assert own == [*("my folder" if part == model.repo else part for part in line), "--port", "9000"]
