"""Compares our local engine with the published two-pass loop, with the same weights, in one run.

    python benchmarks/engine.py [--model FOLDER] [--repeats 3] [--threads N] [--json]

The published loop processes the whole conversation for each of its two turns (`generate`, both pictures again) and decodes until the end
token. Our engine reuses keys, values and picture features, and stops where the box ends. The logits of both are changed so that both write
the same words (the weights are random, or the demo's) as a trained model would; the computation is real. On a busy machine compare the CPU
seconds, with --threads 1.
Without --model: the bundled demo model, and a random model with the proportions of Qwen2.5-VL-3B, 512 px views and a 450-token instruction.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / ".build" / "path"), str(ROOT / "tests")]

import numpy as np  # noqa: E402
import torch  # noqa: E402
from machine import machine  # noqa: E402
from PIL import Image  # noqa: E402

from zoomearth.backend.engines.local import LocalEngine  # noqa: E402
from zoomearth.backend.models import store as models  # noqa: E402
from zoomearth.core.catalogue import catalogue  # noqa: E402
from zoomearth.core.geometry import Box, Size, View  # noqa: E402
from zoomearth.core.look import Observation  # noqa: E402
from zoomearth.core.talk import Talk  # noqa: E402

QUESTIONS = ("How many planes are at the northern airport?", "What color are the planes at the northern airport?")
BOX = '[{"bbox_2d": [40, 50, 90, 100], "label": "northern airport"}]'
SHORT = ("<think>airport</think>" + BOX, "<think>4 red planes</think><answer>red</answer>")
LONG = (  # as long, in tokens, as the paper's format is with Qwen's tokenizer: about 60 of reasoning and 35 of box; 40 in the second turn
    "<think>You look at a satellite picture. The harbour lies in the north, look closer. What colour are the ships at the harbour? "
    "There are many ships.</think>" + BOX.replace("airport", "harbour"),
    "<think>How many planes are at the airport? Four, and they are red.</think><answer>red</answer>",
)
TAIL = "<answer>unknown</answer>"  # the published weights go on after the box; it is cut off again


@dataclass
class Timing:
    """Seconds. read: from the call of a turn to its first logits, per turn; whole: of the question; both also as CPU time (all threads)."""

    read: list[float] = field(default_factory=list)
    whole: float = 0.0
    read_cpu: list[float] = field(default_factory=list)
    whole_cpu: float = 0.0


class Dictation:
    """Makes the model write given words, and measures the time until each turn's first logits."""

    def __init__(self, engine: LocalEngine) -> None:
        self.engine = engine
        self.ids: list[int] = []
        self.first: tuple[float, float] | None = None
        engine.weights.model.lm_head.register_forward_hook(self._prefer)

    def _prefer(self, module: torch.nn.Module, given: object, out: torch.Tensor) -> torch.Tensor:
        self.first = self.first or (time.perf_counter(), time.process_time())
        out = out.clone()
        if self.ids:
            out[..., self.ids.pop(0)] += 1e4
        return out

    @contextmanager
    def turn(self, text: str, timing: Timing):  # type: ignore[no-untyped-def]
        self.ids = self.engine.weights.tokenizer(text + "<|im_end|>", add_special_tokens=False).input_ids
        self.first = None
        start = time.perf_counter(), time.process_time()
        yield
        end = time.perf_counter(), time.process_time()
        assert self.first is not None
        timing.read.append(self.first[0] - start[0])
        timing.read_cpu.append(self.first[1] - start[1])
        timing.whole += end[0] - start[0]
        timing.whole_cpu += end[1] - start[1]


def picture(seed: int, side: int) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 255, (side // 14, side // 14, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC)


def published(engine: LocalEngine, dictation: Dictation, question: str, side: int, texts: tuple[str, str], tail: str) -> Timing:
    """The two-pass loop of the released code, through stock `generate`."""
    timing = Timing()
    dialect = engine.profile.dialect
    view = View(Box(0, 0, side, side), Size(side, side))
    talk = Talk(dialect)
    talk.observe(Observation(view, question, begins=True))
    prompt = "".join(part if isinstance(part, str) else "<|image_pad|>" for part in talk.layout())
    pictures = [picture(0, side)]
    with dictation.turn(texts[0] + tail, timing):
        first = _generate(engine, prompt, pictures)
    assert first.startswith(texts[0].split("<answer>")[0]), f"the model was given {texts[0]!r} and wrote {first!r}"
    pictures.append(picture(1, side))
    with dictation.turn(texts[1], timing):
        _generate(engine, prompt + first.split("<answer>")[0] + "<|vision_start|><|image_pad|><|vision_end|>", pictures)
    return timing


def _generate(engine: LocalEngine, prompt: str, pictures: list[Image.Image]) -> str:
    """The work of the released code's processor and `generate`, without torchvision."""
    weights = engine.weights
    made = weights.pictures(images=pictures, return_tensors="pt")
    cells = iter((made["image_grid_thw"].prod(1) // 4).tolist())
    text = "".join(piece if at == 0 else "<|image_pad|>" * next(cells) + piece for at, piece in enumerate(prompt.split("<|image_pad|>")))
    ids = torch.tensor([weights.tokenizer(text, add_special_tokens=False).input_ids])
    with torch.inference_mode():
        out = weights.model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            pixel_values=made["pixel_values"],
            image_grid_thw=made["image_grid_thw"],
            mm_token_type_ids=(ids == weights.model.config.image_token_id).int(),
            max_new_tokens=1024,
            do_sample=False,
            eos_token_id=weights.tokenizer.convert_tokens_to_ids("<|im_end|>"),
            pad_token_id=0,
        )
    return weights.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True, clean_up_tokenization_spaces=False).strip()


def ours(engine: LocalEngine, dictation: Dictation, question: str, side: int, texts: tuple[str, str], tail: str) -> Timing:
    timing = Timing()
    view = View(Box(0, 0, side, side), Size(side, side))
    talk = Talk(engine.profile.dialect)
    talk.observe(Observation(view, question, begins=True), picture(0, side))
    with dictation.turn(texts[0] + tail, timing):
        (reply,) = engine.reply([talk], limit=1024)
    talk.act(reply.text)
    talk.observe(Observation(view, label="northern airport"), picture(1, side))
    with dictation.turn(texts[1], timing):
        engine.reply([talk], limit=1024)
    return timing


def compare(name: str, folder: Path, texts: tuple[str, str], tail: str, repeats: int) -> dict[str, object]:
    """Medians of `repeats` runs of both loops in turn, each with two questions about one scene."""
    engine = LocalEngine(folder, device="cpu")
    side = engine.profile.policy.view
    dictation = Dictation(engine)
    for loop in (published, ours):  # the first calls cost more
        loop(engine, dictation, "", 56, ("<answer>red</answer>", "<answer>red</answer>"), "")
    runs: dict[str, list[list[Timing]]] = {"published": [], "ours": []}
    for _ in range(repeats):
        runs["published"].append([published(engine, dictation, question, side, texts, tail) for question in QUESTIONS])
        engine._forget()
        runs["ours"].append([ours(engine, dictation, question, side, texts, tail) for question in QUESTIONS])
    tokenize = engine.weights.tokenizer
    measures = {
        "second question: first word": lambda run: (run[1].read[0], run[1].read_cpu[0]),
        "second question: reading, both turns": lambda run: (sum(run[1].read), sum(run[1].read_cpu)),
        "second question: whole": lambda run: (run[1].whole, run[1].whole_cpu),
        "first question: whole": lambda run: (run[0].whole, run[0].whole_cpu),
    }
    rows = []
    for what, pick in measures.items():
        wall = {loop: statistics.median(pick(run)[0] for run in timings) for loop, timings in runs.items()}
        cpu = {loop: statistics.median(pick(run)[1] for run in timings) for loop, timings in runs.items()}
        rows.append(
            {
                "what": what,
                "published_s": wall["published"],
                "ours_s": wall["ours"],
                "times_faster": wall["published"] / wall["ours"],
                "published_cpu_s": cpu["published"],
                "ours_cpu_s": cpu["ours"],
                "times_less_cpu": cpu["published"] / cpu["ours"],
            }
        )
    return {
        "model": name,
        "parameters": sum(parameter.numel() for parameter in engine.weights.model.parameters()),
        "view": side,
        "picture_tokens": (side // (engine.weights.pictures.patch_size * 2)) ** 2,
        "instruction_tokens": len(tokenize(engine.profile.dialect.instruction).input_ids),
        "reply_tokens": [len(tokenize(text).input_ids) for text in (texts[0] + tail, texts[1])],
        "rows": rows,
    }


def scaled(folder: Path) -> Path:
    """Random weights in Qwen2.5-VL-3B's proportions, 504 px views, 450 tokens of instruction.

    The important ratio is the work of the vision tower per picture token to that of the language model per token: 0.9, as in the 3B.
    """
    from tiny import make_tiny

    rope = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]}
    text = {"vocab_size": 8000, "hidden_size": 512, "intermediate_size": 2752, "num_hidden_layers": 8, "num_attention_heads": 4}
    text |= {"num_key_value_heads": 1, "head_dim": 128, "rope_parameters": rope, "initializer_range": 0.02}
    vision = {"depth": 4, "hidden_size": 400, "intermediate_size": 1072, "num_heads": 5, "out_hidden_size": 512, "window_size": 112}
    vision |= {"fullatt_block_indexes": [3], "initializer_range": 0.02}
    make_tiny(folder, view=504, text_config=text, vision_config=vision)
    about = json.loads((folder / "zoomearth.json").read_text())
    about["instruction"] = "\n" + "Look closer: " * 200
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    ids = tokenizer(about["instruction"], add_special_tokens=False).input_ids[:450]
    about["instruction"] = tokenizer.decode(ids, clean_up_tokenization_spaces=False)
    (folder / "zoomearth.json").write_text(json.dumps(about))
    return folder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="a model's id or folder, in place of the two")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        if options.model:
            results.append(compare(options.model, models.find(options.model), SHORT, "", options.repeats))
        else:
            if catalogue()["zoomearth-demo"].here:
                results.append(compare("zoomearth-demo", models.find("zoomearth-demo"), SHORT, "", options.repeats))
            results.append(compare("scaled-down 3B, random", scaled(Path(scratch)), LONG, TAIL, options.repeats))
    where = f"{machine()}, {options.threads} thread(s), torch {torch.__version__}, float32"
    if options.json:
        print(json.dumps({"machine": where, "results": results}))
        return 0
    print(where)
    for result in results:
        print(
            f"\n{result['model']}: {result['parameters'] / 1e6:.1f} M parameters, {result['view']} px views ({result['picture_tokens']} "
            f"tokens), instruction {result['instruction_tokens']} tokens, replies {' + '.join(map(str, result['reply_tokens']))} tokens"
        )
        print(f"  {'':37}{'published':>10}{'ours':>10}{'faster':>9}{'CPU: published':>16}{'ours':>10}{'less':>9}")
        for row in result["rows"]:
            print(
                f"  {row['what']:37}{row['published_s']:>9.3f}s{row['ours_s']:>9.3f}s{row['times_faster']:>8.2f}x"
                f"{row['published_cpu_s']:>15.3f}s{row['ours_cpu_s']:>9.3f}s{row['times_less_cpu']:>8.2f}x"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
