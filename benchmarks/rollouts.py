"""Compares rollouts by plain generation, as in GRPO, with the local engine and its shared-prefix KV cache, on the same questions.

    python benchmarks/rollouts.py [--model FOLDER] [--scenes 4] [--group 8] [--threads 1] [--json]

Plain: HF `generate` with a padded batch processes the whole conversation for each turn, as trl's rollouts do. Shared: system, picture and
prompt are processed once for a whole group, and the second turn continues from the first. Both are greedy, so that the rollouts of a group
are equal and both ways must give the same answers; the share of equal answers is printed. On a busy machine compare the CPU seconds. The
model must have been tuned with `zoomearth train sft`, so that plain generation ends at the right token.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / ".build" / "path"), str(ROOT / "tests")]

import torch  # noqa: E402
from machine import machine  # noqa: E402

from zoomearth.backend.answer import Question, answer_all  # noqa: E402
from zoomearth.backend.engines import OnRead, OnText, OnTry, Reply, never, patient, silent, unseen  # noqa: E402
from zoomearth.backend.engines.local import LocalEngine  # noqa: E402
from zoomearth.backend.scene.scene import Scene  # noqa: E402
from zoomearth.core.talk import Talk  # noqa: E402
from zoomearth.training.data.sets.scenes import Scenes  # noqa: E402
from zoomearth.training.tuning.checkpoint import load  # noqa: E402
from zoomearth.training.tuning.trl_chat import suppressed_tokens  # noqa: E402

LIMIT = 96  # new tokens a reply


class Plain:
    """HF generate with one batch for each turn; nothing is kept between turns."""

    def __init__(self, folder: str) -> None:
        self.start = load(folder, {})
        self.profile, self.device = self.start.profile, "cpu"
        self.start.model.eval()
        self.start.model.config.use_cache = True
        rows = self.start.model.config.text_config.vocab_size
        self.suppressed = suppressed_tokens(self.start.processor.tokenizer, rows, self.start.ends)

    def reply(
        self,
        talks: Sequence[Talk],
        *,
        limit: int = LIMIT,
        on_text: OnText = silent,
        on_try: OnTry = patient,
        on_read: OnRead = unseen,
        cancelled: Callable[[], bool] = never,
        together: int | None = None,
    ) -> list[Reply]:
        texts = ["".join(part if isinstance(part, str) else "<|image_pad|>" for part in talk.layout()) for talk in talks]
        pictures = [[turn.picture for turn in talk.turns if turn.view] for talk in talks]
        batch = self.start.processor(text=texts, images=pictures, padding=True, padding_side="left", return_tensors="pt")
        with torch.inference_mode():
            made = self.start.model.generate(**batch, max_new_tokens=limit, do_sample=False, suppress_tokens=self.suppressed)
        replies = []
        for row in made[:, batch["input_ids"].shape[1] :].tolist():
            at = next((at for at, token in enumerate(row) if token in self.start.ends), len(row))
            replies.append(Reply(self.start.processor.tokenizer.decode(row[:at]), cut=at == len(row), tokens_out=min(at + 1, len(row))))
        return replies

    def close(self) -> None:
        """Frees everything but the model."""


def measure(engine: Plain | LocalEngine, questions: Sequence[Question], group: int) -> dict[str, object]:
    """Asks all questions at once, each `group` times."""
    tokens, answers = 0, []
    began, cpu = time.perf_counter(), time.process_time()
    for question in questions:
        for answered in answer_all(engine, [question] * group, limit=LIMIT):
            tokens += sum(reply.tokens_out for reply in answered.replies)
            answers.append(answered.outcome.answer)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    return {"rollouts": len(answers), "tokens": tokens, "wall_s": wall, "cpu_s": cpu, "answers": answers}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", required=True, help="a checkpoint tuned here")
    parser.add_argument("--scenes", type=int, default=4, help="each gives up to eight questions (default 4)")
    parser.add_argument("--group", type=int, default=8, help="rollouts a question (default 8)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        examples = list(islice(Scenes(size=2048).load(Path(folder)), 8 * options.scenes))
        scenes = {image: Scene.open(str(image)) for image in {example.image for example in examples}}
        questions = [Question(scenes[example.image], example.question) for example in examples]
        results = {"plain": measure(Plain(options.model), questions, options.group)}
        results["shared prefix"] = measure(LocalEngine(options.model, device="cpu", dtype="float32"), questions, options.group)
        for scene in scenes.values():
            scene.close()
    one, other = (row.pop("answers") for row in results.values())
    alike = sum(a == b for a, b in zip(one, other)) / len(one)
    if options.json:
        print(json.dumps({"machine": machine(), "group": options.group, "alike": alike, "results": results}))
        return 0
    print(f"{machine()}\n{len(questions)} questions, groups of {options.group}; {100 * alike:.1f} % of the answers alike")
    print(f"  {'':14}{'rollouts/s':>11}{'tokens/s':>10}{'rollouts/CPU-s':>16}{'tokens/CPU-s':>14}")
    for name, row in results.items():
        rollouts, tokens, wall, cpu = (float(row[key]) for key in ("rollouts", "tokens", "wall_s", "cpu_s"))
        print(f"  {name:14}{rollouts / wall:>11.2f}{tokens / wall:>10.1f}{rollouts / cpu:>16.2f}{tokens / cpu:>14.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
