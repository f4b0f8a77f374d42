"""SFT and GRPO through their commands, on a tiny model: it learns to zoom, is used as it was trained, and a killed run can be continued."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
from PIL import Image
from rasters import tag
from safetensors.torch import load_file
from tiny import make_tiny
from tuning import write_folder

from zoomearth.backend.answer import Question, answer
from zoomearth.backend.cli.main import main
from zoomearth.backend.engines.local import LocalEngine
from zoomearth.backend.scene.scene import Scene
from zoomearth.core.errors import ModelError
from zoomearth.core.example import Example, Step
from zoomearth.core.geometry import Box, Size
from zoomearth.core.look import Policy
from zoomearth.core.profile import Profile
from zoomearth.training.tuning import callbacks as watch
from zoomearth.training.tuning import checkpoint, sft
from zoomearth.training.tuning import run as tuning

pytestmark = pytest.mark.usefixtures("one_thread")
ROLLOUTS = ("--temperature", "1.3", "--rate", "1e-3", "--seed", "3", "--batch", "4", "--accumulate", "2")


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("data") / "own")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="module")
def tuned(tiny, own, tmp_path_factory):
    """SFT, all weights, until it knows its few rows by heart; merged."""
    folder = tmp_path_factory.mktemp("sft")
    run = ["--model", str(tiny), "--data", str(own), "--out", str(folder / "run"), "--steps", "50", "--batch", "8", "--rate", "5e-3"]
    assert main(["train", "sft", *run]) == 0
    assert main(["merge", str(folder / "run"), str(folder / "merged")]) == 0
    return folder


def options(model, own, out, *more):
    return ["--model", str(model), "--data", str(own), "--out", str(out), *more]


def history(run):
    return json.loads((watch.last_complete(run, tidy=False) / "trainer_state.json").read_text())["log_history"]


def weights(run):
    return load_file(watch.last_complete(run, tidy=False) / "model.safetensors")


def test_sft_teaches_to_look_and_the_model_is_served_as_it_was_tuned(tuned, own):
    losses = [row["loss"] for row in history(tuned / "run") if "loss" in row]
    assert losses[-1] < 0.05 < losses[0]
    engine = LocalEngine(tuned / "merged", device="cpu", dtype="float32")
    with Scene.open(str(own / "scene-0.tif")) as scene:
        close, whole = (answer(engine, Question(scene, text)) for text in ("What is there?", "Is it urban?"))
    assert (close.outcome.answer, len(close.outcome.zooms)) == ("ship", 1)
    assert (whole.outcome.answer, len(whole.outcome.zooms)) == ("no", 0)
    assert close.replies[0].text.startswith("<think>look</think>[")


def test_a_checkpoint_carries_how_it_is_asked(tuned, tiny):
    for folder in (watch.last_complete(tuned / "run", tidy=False), tuned / "merged"):
        assert Profile.of_folder(folder) == Profile.of_folder(tiny)
        assert (folder / "tokenizer_config.json").read_bytes() == (tiny / "tokenizer_config.json").read_bytes()
        assert "generation" not in (folder / "chat_template.jinja").read_text()


def test_three_steps_of_grpo_with_adapters_log_what_the_paper_watches(tuned, own, tmp_path):
    run = tmp_path / "run"
    command = options(tuned / "merged", own, run, "--steps", "3", "--save-every", "1", "--lora", "4", "--checkpointing", *ROLLOUTS)
    assert main(["train", "grpo", *command]) == 0
    logged = {key for row in history(run) for key, value in row.items() if value is not None}
    assert logged >= {
        *(f"rewards/{name}/mean" for name in ("answer", "pattern", "iou", "region", "necessity")),
        *("reward_std", "zoom_rate", "zoom_rate/object", "zoom_rate/global", "box_valid"),
        *("kl", "entropy", "completions/mean_length", "batches_with_pictures"),
    }
    assert all(row["batches_with_pictures"] == 1 for row in history(run) if "loss" in row)
    assert any(row["zoom_rate/object"] > 0 for row in history(run) if "zoom_rate/object" in row)
    assert Image.open(run / "curves.png").width > 600
    assert list((run / "tensorboard").rglob("events*"))
    assert main(["merge", str(run), str(tmp_path / "merged")]) == 0
    assert LocalEngine(tmp_path / "merged", device="cpu").profile == Profile.of_folder(tuned / "merged")
    before, after = (load_file(folder / "model.safetensors") for folder in (tuned / "merged", tmp_path / "merged"))
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved
    assert not [name for name in moved if "visual" in name]
    adapter = run / "checkpoint-3" / "adapter_model.safetensors"
    whole = load_file(adapter)
    shutil.rmtree(adapter.parent)  # a run with adapters continues as exactly as one with all weights
    assert main(["train", "grpo", *command]) == 0
    resumed = load_file(adapter)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_a_run_that_was_killed_ends_as_one_that_was_not(tuned, own, tmp_path, root):
    command = options(tuned / "merged", own, tmp_path / "killed", "--steps", "4", "--save-every", "1", *ROLLOUTS)
    environment = {**os.environ, "PYTHONPATH": str(root / ".build" / "path"), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, "-m", "zoomearth", "train", "grpo", *command], env=environment, stderr=subprocess.DEVNULL)
    wait = time.monotonic() + 120
    while process.poll() is None and not (tmp_path / "killed" / "checkpoint-2" / "zoomearth.json").exists() and time.monotonic() < wait:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    at = watch.last_complete(tmp_path / "killed", tidy=False)
    assert at is not None
    assert at.name != "checkpoint-4", "it was over before it could be killed"
    (tmp_path / "killed" / "checkpoint-9").mkdir()  # an incomplete checkpoint of a killed run
    assert main(["train", "grpo", *command]) == 0
    assert not (tmp_path / "killed" / "checkpoint-9").exists()
    assert main(["train", "grpo", *options(tuned / "merged", own, tmp_path / "whole", "--steps", "4", "--save-every", "1", *ROLLOUTS)]) == 0
    before, killed, whole = weights(tuned / "run"), weights(tmp_path / "killed"), weights(tmp_path / "whole")
    assert all(torch.equal(killed[name], whole[name]) for name in whole)
    assert any(not torch.equal(before[name], whole[name]) for name in whole)


def test_a_run_that_has_ended_is_not_trained_further(tuned, tiny, own, capsys):
    same = options(tiny, own, tuned / "run", "--steps", "50", "--batch", "8", "--rate", "5e-3")
    assert main(["train", "sft", *same]) == 0
    output = capsys.readouterr()
    assert "ended with checkpoint-50" in output.err
    assert output.out.strip() == str(tuned / "run" / "checkpoint-50")
    assert watch.last_complete(tuned / "run", tidy=False).name == "checkpoint-50"


@pytest.mark.parametrize(
    ("more", "over"),
    [
        (["--steps", "10"], True),
        (["--steps", "11"], False),
        (["--epochs", "2"], True),
        (["--epochs", "3"], False),
        (["--epochs", "1", "--set", "num_train_epochs=3"], False),
        (["--epochs", "3", "--set", "max_steps=9"], True),
    ],
)
def test_a_run_is_over_where_the_trainer_would_end_it(tmp_path, more, over):
    (tmp_path / "trainer_state.json").write_text(json.dumps({"global_step": 10, "epoch": 2.0}))
    parser = argparse.ArgumentParser()
    tuning.flags(parser, rate=1e-5, epochs=1, batch=1, accumulate=1)
    chosen = parser.parse_args(["--model", "m", "--data", "own:d", "--out", "o", *more])
    assert tuning._over(tmp_path, chosen) is over


def test_another_command_does_not_go_on_with_a_run(tuned, tiny, own, capsys):
    assert main(["train", "sft", *options(tiny, own, tuned / "run", "--steps", "50", "--batch", "8", "--rate", "1e-5")]) == 2
    assert "has a run with rate = 0.005" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("policy", "length", "side", "remedy"),
    [
        (Policy(), 4096, "right", "Pad on the left"),
        (Policy(), 400, "left", "--max-completion to 1228 or more"),
        (Policy(max_zooms=0), 4096, "left", "max_zooms=1"),
    ],
)
def test_what_would_train_blind_is_refused_with_the_remedy(policy, length, side, remedy):
    with pytest.raises(ModelError) as refused:
        watch.check_rollouts(policy, length, side)
    assert remedy in refused.value.hint


def test_grpo_refuses_to_start_where_a_crop_does_not_fit(tuned, own, tmp_path, capsys):
    assert main(["train", "grpo", *options(tuned / "merged", own, tmp_path / "run", "--max-completion", "40")]) == 2
    assert "--max-completion" in capsys.readouterr().err


@pytest.mark.parametrize("fault", ["no pictures", "padded on the right"])
def test_a_batch_that_would_train_blind_ends_the_run(tuned, own, fault):
    start = checkpoint.load(str(tuned / "merged"), {}, full=True)
    check = watch.PictureCheck(start.model)
    picture = Image.new("RGB", (56, 56))
    block = [{"role": "user", "content": [{"type": "image", "image": picture}, {"type": "text", "text": "?"}]}]
    batch = start.processor.apply_chat_template([block], tokenize=True, return_dict=True, return_tensors="pt")
    start.model(**batch)
    assert check.share == 1
    if fault == "no pictures":
        del batch["pixel_values"], batch["image_grid_thw"]
    else:
        batch["mm_token_type_ids"] = batch["mm_token_type_ids"].roll(1, 1)
    with pytest.raises(ModelError) as stopped:
        start.model(**batch)
    assert ("--max-completion" if fault == "no pictures" else "padding_side") in stopped.value.hint
    assert check.share == 0.5
    with torch.no_grad():
        start.model.model.language_model(input_ids=batch["input_ids"])  # generation continues from a cache, without pictures


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("a pier in the north", "a pier in the north"),
        ("<think>a pier</think>", "a pier"),
        ('<think>a pier</think>[{"bbox_2d": [1, 2, 3, 4], "label": "pier"}]', "a pier"),
        ('a pier [{"bbox_2d": [1, 2, 3, 4]}]', "a pier"),
        ("two<answer>2</answer>", "two"),
    ],
)
def test_a_thought_is_taken_out_of_whatever_a_set_has_around_it(said, left):
    assert sft.thought(said) == left


def test_a_label_that_would_be_read_as_something_else_is_found_before_training(tiny):
    fault = sft.fault(Profile.of_folder(tiny))
    good = Example.of("g", tiny, "What?", "ship", box=Box(20, 30, 90, 110))
    assert fault(good, Size(300, 200)) == ""
    assert "would be read as" in fault(replace(good, answer="a</answer>b"), Size(300, 200))
    assert "would be read" in fault(replace(good, steps=(Step(good.box, "a <answer> b"),)), Size(300, 200))
    assert "ends after 1 of 2" in fault(replace(good, answer="x", steps=(Step(Box(40, 30, 20, 10)),)), Size(300, 200))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (["--model", "nowhere/at/all"], "There is no model"),
        (["--policy", "views=3"], "Its entries are"),
        (["--policy", "view"], "NAME=VALUE"),
        (["--set", "no_such_entry=1"], "trl does not accept"),
        (["--prompt-file", "/nowhere.txt"], "prompt file /nowhere.txt can't be read"),
        (["--train-vision", "--lora", "4"], "adapters of the language model only"),
        (["--data", "/nowhere"], "has no questions"),
    ],
)
def test_bad_settings_are_one_sentence_and_a_hint(tiny, own, tmp_path, capsys, more, why):
    assert main(["train", "sft", *options(tiny, own, tmp_path / "run", *more)]) == 2
    assert why in capsys.readouterr().err


def test_an_adapter_is_no_base_until_it_is_folded_in(tmp_path, own, capsys):
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_config.json").write_text("{}")
    assert main(["train", "sft", *options(tmp_path / "adapter", own, tmp_path / "run")]) == 2
    assert "zoomearth merge" in capsys.readouterr().err


@pytest.mark.parametrize("generated", [True, False])
def test_a_tuned_demo_model_is_meaningless_elsewhere_until_it_learns_from_other_images(tmp_path, own, generated):
    base = make_tiny(tmp_path / "base", generated_only=True)
    data = shutil.copytree(own, tmp_path / "own")
    if generated:
        for image in data.glob("*.tif"):
            tag(image, ZOOMEARTH_SCENE="generated")
    assert main(["train", "sft", *options(base, data, tmp_path / "run", "--steps", "1", "--batch", "1")]) == 0
    assert main(["merge", str(tmp_path / "run"), str(tmp_path / "merged")]) == 0
    assert Profile.of_folder(tmp_path / "merged").generated_only is generated
    assert checkpoint.profile_of("", base, {}, dialect="qwen-grounding").generated_only, "another dialect teaches it no imagery"


def test_a_base_that_never_looked_is_shown_scenes_as_in_the_paper(tmp_path, tiny):
    profile = checkpoint.profile_of("Qwen/Qwen2.5-VL-3B-Instruct", tmp_path, {"max_zooms": 2})
    assert (profile.name, profile.dialect.name) == ("qwen2.5-vl-3b-instruct", "zoomearth")
    assert (profile.policy.view, profile.policy.least, profile.policy.max_zooms) == (512, 512, 2)
    assert checkpoint.profile_of("", tiny, {}).dialect.name == "zoomearth"
    assert checkpoint.profile_of("", tiny, {}, dialect="qwen-grounding").dialect.name == "qwen-grounding"
