"""`zoomearth evaluate` with an engine that answers by rule, for the tests of long runs.

As a program: evaluating.py LOG ARGUMENTS...; it writes each question to LOG, so that a test can find questions that were asked twice.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import pathlib
import sys
import time

import numpy as np
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[1]
if "zoomearth" not in sys.modules:  # run as a program
    spec = importlib.util.spec_from_file_location("zoomearth", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    sys.modules["zoomearth"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["zoomearth"])

from zoomearth.backend.engines import Reply  # noqa: E402
from zoomearth.core.profile import Profile  # noqa: E402

PROFILE = Profile.from_dict(
    {"name": "by rule", "dialect": "zoomearth", "instruction": "", "policy": {"view": 56, "least": 56, "max_zooms": 1, "native": None}}
)
LEVELS = ("global", "region", "object")


class ByRule:
    """Zooms for questions about a region or an object, and answers with `rule(question)`; each question takes `pace` seconds longer."""

    def __init__(self, log=None, pace=0.0):
        self.profile, self.device, self.pace, self.log = PROFILE, "none", pace, log
        self.talks = []

    def reply(self, talks, **_):
        return [self.one(talk) for talk in talks]

    def one(self, talk):
        self.talks.append(talk)
        question = talk.turns[1].text.split("\n")[0]
        first = not any(turn.role == "tool" for turn in talk.turns)
        if first and self.log:
            with self.log.open("a") as log:
                log.write(question + "\n")
        time.sleep(self.pace)
        if talk.forced:
            return Reply(rule(question) + "</answer>", tokens_in=10, fed=5, tokens_out=2)
        if first and "global" not in question and not any(turn.role == "assistant" for turn in talk.turns):
            return Reply('<think>look</think>[{"bbox_2d": [4, 4, 40, 40], "label": "it"}]', tokens_in=10, fed=10, tokens_out=9)
        return Reply(f"<think>seen</think><answer>{rule(question)}</answer>", tokens_in=20, fed=5, tokens_out=4)

    def close(self):
        pass


def rule(question):
    """Answers about two of three questions correctly; the question's hash decides."""
    return "yes" if hashlib.sha256(question.encode()).digest()[0] % 3 else "no"


def make_set(folder, count, images=5):
    """An LRS-GRO folder: `count` questions over small images, the truth always yes."""
    (folder / "images").mkdir(parents=True)
    for at in range(images):
        pixels = np.random.default_rng(at).integers(0, 255, (120, 160, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"{at}.png")
    rows = []
    for at in range(count):
        level = LEVELS[at % 3]
        box = [] if level == "global" else [64, 64, 512, 512]
        row = {
            "question_id": f"Q-{at}",
            "image_name": f"{at * images // count}.png",
            "question": f"Is {at} {level}?",
            "ground_truth": "yes",
        }
        rows.append({**row, "bbox": box, "type": level, "category": f"kind {at % 4}"})
    write_rows(folder / "test.jsonl", rows)
    return rows


def write_rows(path, rows):
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))


if __name__ == "__main__":
    from zoomearth.backend.cli.main import main
    from zoomearth.training.evaluation import evaluate

    evaluate.open_engine = lambda settings: ByRule(pathlib.Path(sys.argv[1]), pace=0.002)
    sys.exit(main(sys.argv[2:]))
