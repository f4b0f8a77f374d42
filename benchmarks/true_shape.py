"""The true shape: a model of 3 or 4 thousand million random parameters, its loading, memory and speed, beside transformers' `generate`.

    python benchmarks/true_shape.py [--shapes 3b] [--formats bfloat16 int8] [--device auto] [--tokens 24] [--folder FOLDER] [--out FILE]

On a CUDA card, the whole table in one call: both shapes, both formats, with and without CUDA graphs, tokens a second as a share of the
card's memory bandwidth, SFT samples and GRPO rollouts a second:

    python benchmarks/true_shape.py --shapes 3b 4b --device cuda --training

Each format is measured in a process of its own, whose peak memory is its own. One view of 504 px and an instruction, about 500
tokens in all; the words are noise, the work is real. `generate` runs on the same weights in the same process, the second question too: it
reads the scene again, our engine does not. On a processor without bf16 instructions `generate` takes minutes for a word in bfloat16:
--generate names the formats in which it is measured. A 3B needs 8 GB of memory (5 in int8), and as much disk for its folder, which
--folder keeps.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / ".build" / "path"), str(ROOT / "tests")]

import numpy as np  # noqa: E402
import torch  # noqa: E402
from machine import machine, report  # noqa: E402
from PIL import Image  # noqa: E402
from tiny import make_tiny  # noqa: E402

from zoomearth.backend.engines.local import LocalEngine  # noqa: E402
from zoomearth.core import memory  # noqa: E402
from zoomearth.core.geometry import Box, Size, View  # noqa: E402
from zoomearth.core.look import Observation  # noqa: E402
from zoomearth.core.talk import Talk  # noqa: E402

SIDE = 504
INSTRUCTION = "\n" + "Look closer: " * 14  # as long, in the test tokenizer's tokens, as ZoomEarth-3B's with its own
QUESTIONS = ("How many planes are at the northern airport?", "What colour is the tank?")
ROPE = {"rope_type": "default", "rope_theta": 1e6}
TEXT = {"vocab_size": 151_936, "num_hidden_layers": 36, "head_dim": 128, "initializer_range": 0.02, "tie_word_embeddings": True}
SHAPES: dict[str, dict[str, Any]] = {
    "3b": {  # Qwen2.5-VL-3B, ZoomEarth-3B
        "kind": "qwen2_5_vl",
        "text_config": {
            **TEXT,
            "hidden_size": 2048,
            "intermediate_size": 11_008,
            "num_attention_heads": 16,
            "num_key_value_heads": 2,
            "rope_parameters": {**ROPE, "mrope_section": [16, 24, 24]},
        },
        "vision_config": {
            "depth": 32,
            "hidden_size": 1280,
            "intermediate_size": 3420,
            "num_heads": 16,
            "out_hidden_size": 2048,
            "window_size": 112,
            "fullatt_block_indexes": [7, 15, 23, 31],
        },
    },
    "4b": {  # Qwen3-VL-4B
        "kind": "qwen3_vl",
        "text_config": {
            **TEXT,
            "hidden_size": 2560,
            "intermediate_size": 9728,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "rope_parameters": {**ROPE, "mrope_section": [24, 20, 20]},
        },
        "vision_config": {
            "depth": 24,
            "hidden_size": 1024,
            "intermediate_size": 4096,
            "num_heads": 16,
            "out_hidden_size": 2560,
            "deepstack_visual_indexes": [5, 11, 17],
            "num_position_embeddings": 2304,
        },
    },
    "tiny": {"kind": "qwen2_5_vl"},  # to try this script
}


def outline(shape: str, folder: Path) -> torch.nn.Module:
    """Writes the test's tiny checkpoint with this shape's configuration; returns a model of that shape without numbers."""
    from transformers import AutoConfig, AutoModelForImageTextToText

    make_tiny(folder, kind=SHAPES[shape]["kind"], view=SIDE, instruction=INSTRUCTION)
    about = json.loads((folder / "config.json").read_text())
    for part in ("text_config", "vision_config"):
        about[part].pop("layer_types", None)  # one for each layer of the tiny model
        about[part].update(SHAPES[shape].get(part, {}))
    about["tie_word_embeddings"] = about["text_config"]["tie_word_embeddings"]
    (folder / "config.json").write_text(json.dumps(about))
    with torch.device("meta"):
        return AutoModelForImageTextToText.from_config(AutoConfig.from_pretrained(folder, local_files_only=True))


def make(shape: str, folder: Path) -> Path:
    """Writes a checkpoint of this shape with random weights in bfloat16."""
    from safetensors.torch import save_file

    model = outline(shape, folder)
    numbers = (torch.randn(1 << 24, generator=torch.Generator().manual_seed(0)) * 0.02).bfloat16()  # all weights are parts of these
    shard: dict[str, torch.Tensor] = {}
    (folder / "model.safetensors").unlink()
    parameters, written = list(model.named_parameters()), 0
    for at, (name, parameter) in enumerate(parameters):
        start, count = 7919 * at % (1 << 20), parameter.numel()
        repeated = numbers[start:].repeat(count // (len(numbers) - start) + 1)[:count].view(parameter.shape)
        shard[name] = torch.ones_like(repeated) if "norm" in name and name.endswith("weight") else repeated.clone()
        if at == len(parameters) - 1 or sum(tensor.nbytes for tensor in shard.values()) > 1_000_000_000:
            written += 1
            save_file(shard, folder / f"model-{written:05}.safetensors", metadata={"format": "pt"})
            shard = {}
    _index(folder)
    return folder


def made(shape: str, within: Path) -> Path:
    """The checkpoint of a shape in its folder below `within`, made where there is none."""
    folder = within / shape
    return folder if (folder / "model.safetensors.index.json").is_file() else make(shape, folder)


def _index(folder: Path) -> None:
    places = {name: file.name for file in sorted(folder.glob("model-*.safetensors")) for name in memory.header(file) if name[0] != "_"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))


def ask(engine: LocalEngine, question: str) -> Talk:
    talk = Talk(engine.profile.dialect)
    pixels = np.random.default_rng(0).integers(0, 255, (SIDE // 14, SIDE // 14, 3), dtype=np.uint8)
    view = View(Box(0, 0, SIDE, SIDE), Size(SIDE, SIDE))
    talk.observe(Observation(view, question, begins=True), Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    return talk


def inputs(engine: LocalEngine, question: str, reply: Sequence[int] = ()) -> dict[str, torch.Tensor]:
    """What transformers' own model takes, on its device: the whole conversation, and the tokens of a reply."""
    weights = engine.weights
    parts = ask(engine, question).layout()
    pictures = weights.pictures(images=[part.picture for part in parts if not isinstance(part, str)], return_tensors="pt")
    cells = iter((pictures["image_grid_thw"].prod(1) // 4).tolist())
    text = "".join(part if isinstance(part, str) else "<|image_pad|>" * next(cells) for part in parts)
    ids = torch.tensor([[*weights.tokenizer(text, add_special_tokens=False).input_ids, *reply]])
    kinds = (ids == weights.model.config.image_token_id).int()
    given = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "mm_token_type_ids": kinds}
    given |= {name: pictures[name] for name in ("pixel_values", "image_grid_thw")}
    return {name: each.to(weights.model.device) for name, each in given.items()}


class Clock:
    """When each token's logits were there, and the processor seconds used until then."""

    def __init__(self, engine: LocalEngine) -> None:
        self.engine = engine
        self.times: list[float] = []
        self.used: list[float] = []
        engine.weights.model.lm_head.register_forward_hook(self._note)

    def _note(self, module: object, given: object, out: torch.Tensor) -> None:
        if out.device.type == "cuda" and torch.cuda.is_current_stream_capturing():
            return
        out.view(-1)[0].item()  # waits for the device
        self.times.append(time.perf_counter())
        self.used.append(time.process_time())

    def start(self) -> tuple[float, float]:
        self.times, self.used = [], []
        return time.perf_counter(), time.process_time()

    def result(self, began: tuple[float, float]) -> dict[str, float]:
        """Seconds to the first word and a token (the median), and the same as processor seconds of all threads, for a busy machine."""

        def each(times: list[float]) -> float:
            return statistics.median(b - a for a, b in zip(times, times[1:]))

        first, first_cpu = self.times[0] - began[0], self.used[0] - began[1]
        return {"first": first, "token": each(self.times), "first_cpu": first_cpu, "token_cpu": each(self.used)}


def ours(engine: LocalEngine, clock: Clock, question: str, tokens: int) -> dict[str, float]:
    """Seconds to the first word, and a token."""
    began = clock.start()
    (reply,) = engine.reply([ask(engine, question)], limit=tokens)
    return {"tokens_in": reply.tokens_in, "fed": reply.fed, **clock.result(began)}


def stock(engine: LocalEngine, clock: Clock, question: str, tokens: int) -> dict[str, float]:
    """The same by `generate`: the whole conversation read anew."""
    began = clock.start()
    with torch.inference_mode():
        engine.weights.model.generate(
            **inputs(engine, question),
            max_new_tokens=tokens,
            min_new_tokens=tokens,
            do_sample=False,
            pad_token_id=0,
        )
    return clock.result(began)


def bandwidth(device: torch.device) -> float:
    """Bytes a second that this device reads, the best of a few passes over 1 GB (a processor: 256 MB)."""
    numbers = torch.ones((1 << 28) if device.type == "cuda" else (1 << 26), device=device)

    def seconds() -> float:
        began = time.perf_counter()
        numbers.sum().item()
        return time.perf_counter() - began

    return numbers.nbytes / min(seconds() for _ in range(6))


def measure(folder: Path, form: str, device: str, tokens: int, graphs: bool, plain: bool) -> dict[str, Any]:
    """One format in this process. plain: by `generate` too."""
    began = time.perf_counter()
    quantize = "int8" if form == "int8" else "none"
    engine = LocalEngine(folder, device=device, dtype="auto" if form == "int8" else form, quantize=quantize)
    found: dict[str, Any] = {"format": form, "load": time.perf_counter() - began}
    engine._graphs = engine._graphs and graphs
    found["graphs"] = engine._graphs
    clock, place = Clock(engine), engine.weights.model.device
    for at, question in zip(("first question", "second question"), QUESTIONS):
        found[at] = ours(engine, clock, question, tokens)
        print(form, at, found[at], file=sys.stderr)
    found["peak"] = torch.cuda.max_memory_allocated() if place.type == "cuda" else _peak()
    if plain:
        found["generate"] = stock(engine, clock, QUESTIONS[1], min(tokens, 8))
    layers = [*engine.weights.model.model.language_model.layers, engine.weights.model.lm_head]
    found["bytes a token"] = sum(t.nbytes for layer in layers for t in (*layer.parameters(), *layer.buffers()))
    found["bandwidth"] = bandwidth(place)
    if place.type == "cuda":
        talks = [ask(engine, f"{at} ships?") for at in range(16)]
        began = time.perf_counter()
        engine.reply(talks, limit=64)
        found["rollouts a second"] = len(talks) / (time.perf_counter() - began)
    return found


def _peak() -> int:
    """The most memory that this process has had, in bytes."""
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def train(folder: Path, kind: str, scratch: Path) -> float:
    """Samples (SFT) or rollouts (GRPO) a second of `zoomearth train` with adapters: the time of 6 steps less that of 2."""
    options = ["--data", f"scenes:{scratch}/scenes#0-64@2048", "--batch", "4", "--accumulate", "1", "--lora", "16", "--checkpointing"]
    seconds = {}
    for steps in (2, 6):
        command = [sys.executable, "-m", "zoomearth.backend", "train", kind, "--model", str(folder), *options]
        began = time.perf_counter()
        subprocess.run([*command, "--steps", str(steps), "--out", str(scratch / f"{kind}-{steps}")], check=True, stdout=sys.stderr)
        seconds[steps] = time.perf_counter() - began
    return 4 * 4 / (seconds[6] - seconds[2])


def table(shape: str, rows: list[dict[str, Any]]) -> list[str]:
    first = rows[0]["first question"]
    lines = [
        f"{shape}: {first['tokens_in']} tokens in, second question {rows[0]['second question']['fed']:.0f}; "
        f"memory bandwidth {rows[0]['bandwidth'] / 1e9:.1f} GB/s",
        f"  {'':20}{'load':>8}{'peak':>9}{'first word':>12}{'token':>10}{'share':>8}{'2nd: first word':>17}"
        f"{'generate: first':>17}{'token':>10}{'2nd faster':>12}",
    ]
    for row in rows:
        one, two, plain = row["first question"], row["second question"], row.get("generate")
        share = row["bytes a token"] / row["bandwidth"] / one["token"]
        name = row["format"] + (", CUDA graphs" if row["graphs"] else "")
        lines.append(
            f"  {name:20}{row['load']:>7.1f}s{row['peak'] / 1e9:>6.2f} GB{one['first']:>11.2f}s{one['token']:>9.3f}s{share:>8.0%}"
            f"{two['first']:>16.2f}s{_beside(plain, two, '')}"
        )
        lines.append(
            f"  {'  processor seconds':37}{one['first_cpu']:>11.2f}s{one['token_cpu']:>9.3f}s{'':8}"
            f"{two['first_cpu']:>16.2f}s{_beside(plain, two, '_cpu')}"
        )
        if "rollouts a second" in row:
            lines.append(f"  {'':20}{row['rollouts a second']:.1f} rollouts of 64 tokens a second, 16 at a time")
    return lines


def _beside(plain: dict[str, float] | None, two: dict[str, float], kind: str) -> str:
    """The columns of `generate`; "" where it was not measured."""
    if plain is None:
        return ""
    first, token = plain["first" + kind], plain["token" + kind]
    return f"{first:>16.2f}s{token:>9.3f}s{first / two['first' + kind]:>11.1f}x"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=["3b"])
    parser.add_argument("--formats", nargs="+", choices=("float32", "bfloat16", "int8"), default=["bfloat16", "int8"])
    parser.add_argument("--generate", nargs="*", default=["float32", "bfloat16", "int8"], help="formats in which transformers' is measured")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--tokens", type=int, default=24)
    parser.add_argument("--folder", type=Path, help="keep the checkpoints here, and use those that are")
    parser.add_argument("--training", action="store_true", help="SFT and GRPO too (a CUDA card)")
    parser.add_argument("--out", type=Path, help="write the table here too")
    parser.add_argument("--one", nargs=4, metavar=("FOLDER", "FORMAT", "GRAPHS", "PLAIN"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        folder, form, graphs, plain = options.one
        print(json.dumps(measure(Path(folder), form, options.device, options.tokens, graphs == "yes", plain == "yes")))
        return 0
    cuda = options.device.startswith("cuda") or (options.device == "auto" and torch.cuda.is_available())
    where = torch.cuda.get_device_name() if cuda else f"{torch.get_num_threads()} threads"
    lines = [f"{machine()}, {where}, torch {torch.__version__}"]
    with tempfile.TemporaryDirectory() as scratch:
        for shape in options.shapes:
            folder = made(shape, options.folder or Path(scratch))
            rows = []
            for form in options.formats:
                for graphs in ("yes", "no") if cuda else ("no",):
                    plain = "yes" if form in options.generate else "no"
                    command = [sys.executable, __file__, "--one", str(folder), form, graphs, plain]
                    command += ["--device", options.device, "--tokens", str(options.tokens)]
                    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
                    rows.append(json.loads(printed.splitlines()[-1]))
            lines += ["", *table(shape, rows)]
            if options.training and cuda:
                rates = {kind: train(folder, kind, Path(scratch) / shape) for kind in ("sft", "grpo")}
                lines.append(f"  SFT {rates['sft']:.2f} samples a second, GRPO {rates['grpo']:.2f} rollouts a second (LoRA 16, batch 4)")
    report(lines, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
