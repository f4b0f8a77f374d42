"""Questions per second: in lockstep, one at a time, and with the published two-pass loop, with the same weights; then with a server.

    python benchmarks/evaluate.py [--questions 64] [--threads 1] [--batch 8] [--json] [--skip-server]

Demo model: real questions about real scenes, with its own replies. Random weights in the proportions of Qwen2.5-VL-3B (see engine.py): the
words are given, so that all three ways write what a trained model would; the computation is real. Nothing is kept in memory between the
ways. The views are read before the measurement, because rasters.py measures the reading. The server is `transformers serve` with the demo
model. On a busy machine compare the CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / ".build" / "path"), str(ROOT / "tests"), str(ROOT / "benchmarks")]

import torch  # noqa: E402
from engine import LONG, TAIL, _generate, picture, scaled  # noqa: E402
from machine import machine  # noqa: E402

from zoomearth.backend.answer import Question, answers  # noqa: E402
from zoomearth.backend.engines.local import LocalEngine  # noqa: E402
from zoomearth.backend.engines.remote import RemoteEngine  # noqa: E402
from zoomearth.backend.models import store as models  # noqa: E402
from zoomearth.backend.scene.scene import Scene  # noqa: E402
from zoomearth.core.geometry import Size  # noqa: E402
from zoomearth.core.look import look  # noqa: E402
from zoomearth.core.profile import Profile  # noqa: E402
from zoomearth.core.talk import Talk  # noqa: E402
from zoomearth.training.data.sets.scenes import Scenes  # noqa: E402
from zoomearth.training.evaluation.records import Record  # noqa: E402
from zoomearth.training.evaluation.runner import Asker, run, tasks  # noqa: E402

CONCURRENT = (1, 8, 64)
Work = Callable[[], int]  # answers questions, and says how many


class Pixels:
    """Stores all views of a generated scene: each window is read once, before the measurement."""

    generated, grid, crs, bytes_read = True, None, "", 0

    def __init__(self, name: str, size: Size, read: Callable[[object], object]) -> None:
        self.name, self.size = name, size
        self.read, self.views = read, {}

    def part(self, view):  # type: ignore[no-untyped-def]
        if view not in self.views:
            self.views[view] = self.read(view)
        return self.views[view]


def published(engine: LocalEngine, question: Question) -> str | None:
    """The released code's loop: each turn processes the whole conversation, and decodes until the end token."""
    flow = look(question.scene.size, question.text, engine.profile.policy)
    talk, observation, shown = Talk(engine.profile.dialect), next(flow), []
    while True:
        shown.append(question.scene.part(observation.view))
        talk.observe(observation, shown[-1])
        prompt = "".join(part if isinstance(part, str) else "<|image_pad|>" for part in talk.layout())
        try:
            observation = flow.send(talk.act(_generate(engine, prompt, shown)))
        except StopIteration as stop:
            return stop.value.answer


class Dictation:
    """Makes every conversation of a batch write `ids`, from the first token of its turn; `turn` marks the beginning of a turn."""

    def __init__(self, engine: LocalEngine) -> None:
        self.engine, self.ids, self.step = engine, [], 0
        engine.weights.model.lm_head.register_forward_hook(self._prefer)

    def _prefer(self, module: torch.nn.Module, given: object, out: torch.Tensor) -> torch.Tensor:
        """Our prefill requests the logits of one conversation at a time, [vocabulary]: the first of its turn."""
        step = 0 if out.dim() == 1 else self.step
        self.step = step + 1
        if step < len(self.ids):
            out = out.clone()
            out[..., self.ids[step]] += 1e4
        return out

    def says(self, text: str) -> None:
        self.ids, self.step = self.engine.weights.tokenizer(text + "<|im_end|>", add_special_tokens=False).input_ids, 0


def clocked(work: Work) -> dict[str, float]:
    """Seconds, CPU seconds of all threads, and the number of answered questions."""
    wall, cpu = time.perf_counter(), time.process_time()
    done = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"questions": done, "per_second": done / wall, "seconds_each": wall / done, "cpu_each": cpu / done}


def demo(count: int, batch: int, repeats: int) -> list[dict[str, object]]:
    """The demo model's own replies about held-out scenes, eight questions each."""
    engine = LocalEngine(models.find("zoomearth-demo"), device="cpu")
    dictation = Dictation(engine)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        loaded = Scenes(size=2048).load(Path(folder))
        examples = [next(loaded) for _ in range(count)]
        scenes = {image: opened.enter_context(Scene.open(image)) for image in {example.image for example in examples}}
        pixels = {path: Pixels(str(path), scene.size, scene.part) for path, scene in scenes.items()}
        questions = [Question(pixels[example.image], example.question) for example in examples]
        expected = dict(answers(engine, questions, batch))  # reads every view
        if failed := next((answered.error for answered in expected.values() if answered.error), None):
            raise failed

        def lockstep(together: int) -> int:
            engine._forget()
            dictation.ids = []
            for index, answered in answers(engine, questions, together):
                assert answered.outcome == expected[index].outcome, "another batch says another thing"
            return count

        def two_pass() -> int:
            """Made to write the engine's replies, because these weights were not trained to end a reply after the box."""
            for index, question in enumerate(questions):
                with turns(dictation, [reply.text for reply in expected[index].replies]):
                    assert published(engine, question) == expected[index].outcome.answer
            return count

        return compared(two_pass, lambda: lockstep(1), lambda: lockstep(batch), batch, repeats)


def proportioned(folder: Path, count: int, batch: int, repeats: int) -> list[dict[str, object]]:
    """Random weights in the 3B's proportions, given replies as long as the paper's; two questions about each scene."""
    engine = LocalEngine(scaled(folder), device="cpu")
    side, dictation = engine.profile.policy.view, Dictation(engine)
    size = Size(4 * side, 4 * side)
    pixels = [Pixels(str(at), size, lambda view, at=at: picture(at, view.size.width)) for at in range(max(1, count // 2))]
    questions = [Question(pixels[at // 2], f"What color are the planes at the {at % 2}. airport?") for at in range(count)]

    class Turns:
        """An engine that tells `Dictation` which turn begins; all conversations of a call are at the same turn."""

        profile, device = engine.profile, "cpu"

        def reply(self, talks, **options):  # type: ignore[no-untyped-def]
            dictation.says(LONG[sum(turn.role == "tool" for turn in talks[0].turns)])
            return engine.reply(talks, **options)

    def lockstep(together: int) -> int:
        engine._forget()
        for start in range(0, count, together):  # so that all are at the same turn
            for _, answered in answers(Turns(), questions[start : start + together], together):
                assert answered.outcome.answer == "red", answered.outcome
        return count

    def two_pass() -> int:
        for question in questions:
            with turns(dictation, (LONG[0] + TAIL, LONG[1])):
                assert published(engine, question) == "red"
        return count

    return compared(two_pass, lambda: lockstep(1), lambda: lockstep(batch), batch, repeats)


@contextmanager
def turns(dictation: Dictation, replies: Sequence[str]) -> Iterator[None]:
    """Makes `_generate` in this module write the next of these replies at each call."""
    global _generate
    plain, left = _generate, list(replies)

    def dictated(engine, prompt, pictures):  # type: ignore[no-untyped-def]
        dictation.says(left.pop(0))
        return plain(engine, prompt, pictures)

    _generate = dictated
    try:
        yield
    finally:
        _generate = plain


def compared(two_pass: Work, one: Work, many: Work, batch: int, repeats: int) -> list[dict[str, object]]:
    """Medians by CPU seconds of `repeats` rounds; each round has every way once."""
    ways = {"published two-pass loop": two_pass, "one at a time": one, f"lockstep of {batch}": many}
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, work in ways.items():
            runs[name].append(clocked(work))
    rows = []
    for name, found in runs.items():
        middle = sorted(found, key=lambda row: row["cpu_each"])[len(found) // 2]
        rows.append({"way": name, **middle})
    for row in rows:
        row["times_less_cpu_than_published"] = rows[0]["cpu_each"] / row["cpu_each"]  # type: ignore[operator]
        row["times_less_cpu_than_one"] = rows[1]["cpu_each"] / row["cpu_each"]  # type: ignore[operator]
    return rows


def server(count: int) -> list[dict[str, object]]:
    """Questions per second with a real server, with 1, 8 and 64 questions at once."""
    from server import serving

    folder = models.find("zoomearth-demo")
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as scratch, serving(folder, Path(scratch)) as there:
        loaded = Scenes(size=2048).load(Path(scratch) / "scenes")
        asked = list(tasks(next(loaded) for _ in range(count)))
        engine = RemoteEngine(there.url, there.model, profile=Profile.of_folder(folder))
        asker = Asker(engine, Scenes(), "zoom", engine.profile.policy, limit=96)
        run(asker, asked[:2], 1, True, lambda record: None)  # warms up the server, and learns how it streams
        for concurrent in CONCURRENT:
            records: list[Record] = []
            wall = time.perf_counter()
            run(asker, asked, concurrent, True, records.append)
            wall = time.perf_counter() - wall
            waits = sorted(record.seconds or 0.0 for record in records if record.error is None)
            row: dict[str, object] = {"concurrent": concurrent, "questions": len(records), "failed": sum(bool(r.error) for r in records)}
            rows.append({**row, "per_second": count / wall, "median_wait": statistics.median(waits), "longest_wait": waits[-1]})
    return rows


def ways(title: str, rows: list[dict[str, object]]) -> str:
    lines = [f"\n{title}\n  {'':26}{'questions/s':>12}{'s each':>10}{'CPU s each':>12}{'CPU: published /':>18}{'one at a time /':>17}"]
    for row in rows:
        lines.append(
            f"  {row['way']:26}{row['per_second']:>12.2f}{row['seconds_each']:>10.3f}{row['cpu_each']:>12.3f}"
            f"{row['times_less_cpu_than_published']:>17.2f}x{row['times_less_cpu_than_one']:>16.2f}x"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, default=64)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--skip-server", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    where = f"{machine()}, {options.threads} thread(s), torch {torch.__version__}, float32"
    found: dict = {"machine": where}
    say = (lambda text: None) if options.json else (lambda text: print(text, flush=True))
    say(where)
    found["demo"] = demo(options.questions, options.batch, options.repeats)
    say(ways("demo model, 1.7 M parameters", found["demo"]))
    with tempfile.TemporaryDirectory() as scratch:
        found["proportioned"] = proportioned(Path(scratch), options.batch, options.batch, 1)
    say(ways("random weights in the 3B's proportions, 59 M parameters", found["proportioned"]))
    if not options.skip_server:
        found["server"] = server(options.questions)
        say(f"\n`transformers serve`, demo model\n  {'under way':>10}{'questions/s':>14}{'median s':>12}{'longest s':>12}{'failed':>10}")
        for row in found["server"]:
            waits = f"{row['median_wait']:>12.2f}{row['longest_wait']:>12.2f}"
            say(f"  {row['concurrent']:>10}{row['per_second']:>14.2f}{waits}{row['failed']:>10}")
    if options.json:
        print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
