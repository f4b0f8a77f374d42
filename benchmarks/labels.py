"""Measures the labels: what each flag catches on real rows and on rows that were spoilt on purpose, the blind guess, and how quick a label
file of 20,000 candidates is, by itself and as the dock in QGIS uses it.

python benchmarks/labels.py ROWS.jsonl > benchmarks/results/labels.txt

ROWS.jsonl: of LRS-GRO, for the published figures its 6,622 rows. "good": a real row as it is. Rows are spoilt at random, 200 of them, in
five ways; a direction is swapped only in a row whose box lies wholly in the half of the image that the row names, because there alone
the swapped word is wrong. The two flags that need a model's answers are not measured here: they compare two texts.
"""

import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from machine import machine

from zoomearth.core.labels import flags, lrs_gro, review
from zoomearth.core.labels.agreement import compare, pair_of, settle
from zoomearth.core.labels.balance import balance
from zoomearth.core.labels.file import LabelFile
from zoomearth.core.labels.learning import judgements
from zoomearth.core.labels.rows import ACCEPTED, REJECTED, LabelImage, Question, new_id, now
from zoomearth.core.labels.thoughts import propose_from_geometry, wanting
from zoomearth.core.source import SceneSource

SPOILT, CANDIDATES, BOXES = 200, 20_000, 4_000
SWAPPED = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}
SWAP = re.compile(r"\b(left|right|top|bottom)(?=-)")


def read(path: Path) -> tuple[list, list, list]:
    """The questions, boxes and images of a file of rows."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    made = [lrs_gro.label(row, lambda name: LabelImage.of(SceneSource(name))) for row in rows]
    boxes = {box.id: box for _, box, _ in made if box}
    return [question for _, _, question in made], list(boxes.values()), list({image.id: image for image, _, _ in made}.values())


def names_its_half(question, box) -> bool:
    """Whether the box lies wholly in the half, or the quarter, of the image that the question names."""
    named = SWAP.findall(question.question.lower().split(" of ")[0])
    left, top, right, bottom = box.sides
    middle = lrs_gro.FRAME / 2
    inside = {"left": right <= middle, "right": left >= middle, "top": bottom <= middle, "bottom": top >= middle}
    return bool(named) and all(inside[word] for word in named)


def spoil(kind: str, question, box, chance: random.Random):
    """The row with one fault; None where this row can't have it."""
    text, answer = question.question, question.answer.strip()
    if kind == flags.GIVEN:
        if answer.lower() in ("yes", "no") or re.search(r"\bor\b", text.lower()):
            return None
        return replace(question, question=f"{text.rstrip('? ')} with {answer}?")
    if kind == flags.LONG:
        ends = ("which is clearly visible near the main road", "because several vehicles stand beside the large building")
        return replace(question, answer=f"{answer} {chance.choice(ends)}")
    if kind == flags.COORDINATES:
        sides = [int(side) for side in box.sides] if box else [0, 0, 1023, 1023]
        x, y = sides[:2]
        forms = (f" at {sides}", f" (x={x}, y={y})", f" in the bounding box {sides}", f" around pixel {x}, {y}")
        return replace(question, question=text.rstrip("? ") + chance.choice(forms) + "?")
    if kind == flags.DUPLICATE:
        return replace(
            question, id=new_id(), question=chance.choice((text.lower(), text.rstrip("?"), f" {text} ", text.replace(" ", "  ")))
        )
    if not box or not names_its_half(question, box):
        return None
    return replace(question, question=SWAP.sub(lambda word: SWAPPED[word[0].lower()], text))


def measure_flags(questions: list, boxes: list, images: list) -> None:
    flagged = flags.flags_of_all(questions, boxes, images)
    counts = Counter(flag.name for each in flagged.values() for flag in each)
    print(f"\n{len(questions):,} real rows           flagged")
    for name in flags.FLAGS[:4] + flags.FLAGS[6:]:
        print(f"  {name:28}{100 * counts[name] / len(questions):6.2f} %")
    print(f"  {'any':28}{100 * len(flagged) / len(questions):6.2f} %")
    raw = sum(len(question.answer.split()) > flags.MOST_WORDS for question in questions)
    print(f"  (more than three words, articles and joining words counted too: {100 * raw / len(questions):.2f} %)")

    chance, box_of = random.Random(15), {box.id: box for box in boxes}
    kinds = (flags.GIVEN, flags.LONG, flags.COORDINATES, flags.DUPLICATE, flags.GEOMETRY)
    good = [question for question in questions if question.id not in flagged]
    chance.shuffle(good)
    caught, made, by_own = Counter(), Counter(), Counter()
    for question in good:
        kind = min(kinds, key=lambda each: made[each])
        box = box_of.get(question.box)
        if sum(made.values()) == SPOILT or not (spoilt := spoil(kind, question, box, chance)):
            continue
        found = {flag.name for flag in flags.flags(spoilt, box, None, [question], [])}
        made[kind] += 1
        caught[kind] += bool(found)
        by_own[kind] += kind in found
    print(f"\n{sum(made.values())} spoilt rows              made  caught  by its own flag")
    for kind in kinds:
        shares = (100 * count[kind] / made[kind] for count in (caught, by_own))
        print(f"  {kind:28}{made[kind]:4}{next(shares):7.1f} %{next(shares):12.1f} %")
    print(f"  {'all':28}{sum(made.values()):4}{100 * sum(caught.values()) / sum(made.values()):7.1f} %")


def measure_balance(questions: list) -> None:
    found = balance(questions)
    print("\nblind guess, right          ", f"all {100 * found.all.blind:.1f} %,", end=" ")
    print(", ".join(f"{line.name} {100 * line.blind:.1f} %" for line in sorted(found.levels, key=lambda line: -line.blind)))
    top = f"top answer {found.all.top!r} {100 * found.all.top_share:.1f} %"
    print(f"yes:no {found.all.yes}:{found.all.no}, {top}, {found.all.entropy:.2f} bit")


def opened(path: Path) -> LabelFile:
    """The file, after its first candidate was read."""
    labels = LabelFile.open(path, "Ada")
    labels.next()
    return labels


def about(labels: LabelFile, image: str) -> tuple[list, list]:
    """What the flags of a question need besides it."""
    return labels.questions(image), labels.boxes(image)


def filled(path: Path, questions: list, boxes: list, images: list) -> None:
    """Makes a file of CANDIDATES questions about BOXES boxes on these images."""
    with LabelFile.open(path, new=True) as labels:
        drawn = [replace(boxes[at % len(boxes)], id=new_id(), image=images[at * len(images) // BOXES].id) for at in range(BOXES)]
        rows = []
        for at in range(CANDIDATES):
            like, box = questions[at % len(questions)], drawn[at // (CANDIDATES // BOXES)]
            fields = {"level": "object", "category": like.category, "maker": "model"}
            rows.append(Question(new_id(), box.image, like.question, like.answer, box.id, (box.id,), **fields))
        labels.add(*images, *drawn, *rows)


class Times(dict):
    """Seconds of each step, by its name."""

    def __call__(self, name, action, *values):
        start = time.perf_counter()
        result = action(*values)
        self.setdefault(name, []).append(time.perf_counter() - start)
        return result

    def show(self, title: str) -> None:
        print(f"\n{title:54}median ms   longest ms")
        for name, seconds in self.items():
            print(f"  {name:46}{1000 * statistics.median(seconds):15.1f}{1000 * max(seconds):13.1f}")


def measure_file(questions: list, boxes: list) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, timed = Path(folder, "labels.gpkg"), Times()
        filled(path, questions, boxes, [LabelImage.of(SceneSource(f"{at}.tif")) for at in range(BOXES // 4)])
        for _ in range(5):
            labels = timed("open, and read the first candidate", opened, path)
            timed("a page of 100", labels.page, CANDIDATES // 2, 100)
            for _ in range(40):
                current = labels.next()
                timed("accept (on the disk)", labels.accept, current.id)
                following = timed("the next candidate", labels.next, current.id)
                others = timed("the questions and boxes of its image", about, labels, following.image)
                timed("its flags", flags.flags, following, None, None, *others)
            timed("undo (on the disk)", labels.undo)
            timed("counts", labels.counts)
            labels.close()
        with LabelFile.open(path) as labels:
            everything = timed("read all", labels.questions)
            timed("balance of all", balance, everything)
        timed.show(f"{CANDIDATES:,} candidates, {BOXES:,} boxes, {path.stat().st_size / 1e6:.0f} MB")


def measure_review(questions: list, boxes: list) -> None:
    """What the dock in QGIS asks its thread for: all candidates are about one raster, as in a project."""
    with tempfile.TemporaryDirectory() as folder:
        path, timed = Path(folder, "labels.gpkg"), Times()
        filled(path, questions, boxes, [LabelImage.of(SceneSource("one.tif"), width=8192, height=8192)])
        for _ in range(5):
            labels = timed("open (file)", LabelFile.open, path, "Ada")
            shown = timed("the first candidate, with box, flags and counts", review.first, labels)
            for _ in range(40):
                shown = timed("accept (on the disk), and show the next", review.decide(LabelFile.accept, shown.question.id), labels)
                timed("show the next (key: right)", review.beside, labels, shown.question.id, False)
            timed("undo, and show it", review.undo, labels)
            labels.close()
        timed.show("the same about one raster, as the dock shows it")


def measure_two(questions: list, boxes: list) -> None:
    """Two people have decided every candidate, and differ in a tenth of them."""
    with tempfile.TemporaryDirectory() as folder:
        path, timed = Path(folder, "labels.gpkg"), Times()
        filled(path, questions, boxes, [LabelImage.of(SceneSource("one.tif"), width=8192, height=8192)])
        for name in ("Ada", "Ben"):
            with LabelFile.open(path, name) as labels:
                rows = labels.questions()
                verdicts = [REJECTED if name == "Ben" and not at % 10 else ACCEPTED for at in range(len(rows))]
                decided = [replace(row, verdict=verdict, annotator=name, decided=now()) for row, verdict in zip(rows, verdicts)]
                labels.change(*decided, what="accepted")
        with LabelFile.open(path, "Eve") as labels:
            both = timed("compare two people, once", compare, labels, "Ada", "Ben")
            timed("their agreement, before and after", lambda: (both.agreement(), both.agreement(settled=True)))
            for pair in both.differences()[:100]:
                timed("settle one (on the disk)", settle, labels, pair.first)
                timed("read it again", pair_of, labels, "Ada", "Ben", pair.id)
            timed("what was said of answers in the panel", judgements, labels)
            timed("thoughts for all accepted, without a model", lambda: propose_from_geometry(labels, wanting(labels)))
        timed.show(f"{len(rows):,} decided by two, {len(both.differences()):,} of them differently")


def main() -> None:
    path = Path(sys.argv[1])
    print(machine())
    questions, boxes, images = read(path)
    measure_flags(questions, boxes, images)
    measure_balance(questions)
    measure_file(questions, boxes)
    measure_review(questions, boxes)
    measure_two(questions, boxes)


if __name__ == "__main__":
    main()
