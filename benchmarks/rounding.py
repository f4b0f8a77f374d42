"""How much the number formats of the engine differ: the logits of one conversation on the true 3B shape, each format beside the others.

    python benchmarks/rounding.py [--shape 3b] [--formats float32 bfloat16 widened int8] [--tokens 32] [--folder FOLDER] [--out FILE]

bfloat16 is what transformers computes with 16-bit weights; *widened* is what our engine does with the same weights on a processor that has
no arithmetic for them (`backend/engines/linear.py`); int8 has weights of 8 bits. One view of 504 px, a question, and a reply of `--tokens`
tokens that is the same for all; the weights are random, so that the words are noise and the sums are as long as in use. float32 needs 16 GB
of memory, the others 8.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from machine import machine, report
from true_shape import QUESTIONS, SHAPES, inputs, made

from zoomearth.backend.engines import linear
from zoomearth.backend.engines.local import LocalEngine

FORMATS = ("float32", "bfloat16", "widened", "int8")


def logits(folder: Path, form: str, tokens: int) -> np.ndarray:
    """The logits after each token of the reply, (tokens, vocabulary) float32."""
    linear.is_slow = lambda dtype: form in ("widened", "int8")  # type: ignore[assignment]
    dtype = "float32" if form == "float32" else "bfloat16"
    engine = LocalEngine(folder, device="cpu", dtype=dtype, quantize="int8" if form == "int8" else "none")
    reply = np.random.default_rng(1).integers(0, 1000, tokens).tolist()
    with torch.inference_mode():
        out = engine.weights.model(**inputs(engine, QUESTIONS[0], reply), logits_to_keep=tokens)
    return np.asarray(out.logits[0].float().numpy())


def compared(one: np.ndarray, other: np.ndarray) -> str:
    """How far apart two formats are."""
    same = (one.argmax(1) == other.argmax(1)).mean()
    apart = np.abs(one - other)
    spread = one.std()
    (one, other) = (torch.from_numpy(each).log_softmax(1) for each in (one, other))
    divergence = (one.exp() * (one - other)).sum(1).mean().item()
    return f"{same:>10.0%}{apart.mean() / spread:>14.4f}{apart.max() / spread:>10.3f}{divergence:>14.2e}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--shape", choices=SHAPES, default="3b")
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--folder", type=Path, help="keep the checkpoint here, and use one that is there")
    parser.add_argument("--out", type=Path, help="write the table here too")
    parser.add_argument("--one", nargs=3, metavar=("FOLDER", "FORMAT", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        folder, form, file = options.one
        np.save(file, logits(Path(folder), form, options.tokens))
        return 0
    results = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = made(options.shape, options.folder or Path(scratch))
        for form in options.formats:  # each in a process of its own, one after the other: memory holds one
            file = Path(scratch) / f"{form}.npy"
            command = [sys.executable, __file__, "--one", str(folder), form, str(file), "--tokens", str(options.tokens)]
            subprocess.run(command, check=True)
            results[form] = np.load(file)
    lines = [f"{machine()}, torch {torch.__version__}; {options.shape}, the logits of {options.tokens} tokens"]
    lines.append(
        f"  {'':22}{'same word':>10}{'mean apart':>14}{'at most':>10}{'KL, nats':>14}    (apart: in standard deviations of the logits)"
    )
    for one, other in combinations(results, 2):
        lines.append(f"  {one + ' and ' + other:22}{compared(results[one], results[other])}")
    report(lines, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
