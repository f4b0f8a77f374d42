"""Tests a model: shows it drawn targets at known places, and remembers how it counts its boxes.

    calibration = calibrate(engine, server="http://localhost:8000/v1", revision="...")
    remember(calibration)
    profile = applied(profile, calibration)

Four requests in three conversations: a wide view, shown large, with a second look inside the first; a tall one with two targets to be
marked in one reply; a small square one where a tool is to be called. `core/calibration.py` judges the numbers that come back.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Iterator, Sequence

from PIL import Image, ImageDraw

from ...core.atomic import write_whole
from ...core.calibration import READS, Calibration, Sighting, judge, longest_side, overlaps
from ...core.errors import Cancelled
from ...core.families import DIALECTS, corrected
from ...core.geometry import Box, Size, View
from ...core.look import Observation, Policy, shown_size
from ...core.profile import Profile
from ...core.settings import data_folder
from ...core.talk import Talk
from ...core.texts import read_object
from ...core.typed import from_json, to_json
from . import Engine, Reply, never

GROUND, FILL = (206, 210, 200), (250, 250, 250)
SMALL = 448  # pixels a side: whole cells of 28 and of 32
LIMIT = 1024  # new tokens a reply: one that thinks needs room
MARKED = 0.3  # overlap from which on a target counts as marked
CALL = (
    'Call the tool image_zoom_in_tool: write <tool_call>{"name": "image_zoom_in_tool", "arguments": {"bbox_2d": [...], "label": "..."}}'
    "</tool_call> with the box of the target."
)


@dataclass(frozen=True)
class Target:
    """A shape of one colour that fills its box as a rectangle or, where round, touches its sides."""

    name: str
    box: Box
    colour: tuple[int, int, int]
    round: bool = False


@dataclass(frozen=True)
class Drawing:
    """A scene that is drawn. A view of it is sharp at any size."""

    size: Size
    targets: tuple[Target, ...]

    def part(self, view: View) -> Image.Image:
        picture = Image.new("RGB", view.size, GROUND)
        pen = ImageDraw.Draw(picture)
        for target in self.targets:
            left, top, right, bottom = view.from_source(target.box)
            (pen.ellipse if target.round else pen.rectangle)((left, top, right - 1, bottom - 1), target.colour)
        return picture


RED = Target("red rectangle", Box(2480, 300, 3440, 780), (214, 40, 40))
DISC = Target("white disc", Box(3100, 420, 3300, 620), FILL, round=True)
BLUE = Target("blue square", Box(760, 420, 1120, 780), (30, 60, 200))
GREEN = Target("green disc", Box(120, 2500, 560, 2940), (20, 140, 60), round=True)
BLACK = Target("black rectangle", Box(250, 80, 390, 180), (20, 20, 20))
WIDE = Drawing(Size(4032, 2016), (RED, DISC))
TALL = Drawing(Size(1200, 3600), (BLUE, GREEN))
SQUARE = Drawing(Size(SMALL, SMALL), (BLACK,))
INSIDE = Box(2240, 120, 3680, 1020)  # of WIDE: what the second look shows


@dataclass(frozen=True)
class Trial:
    """One conversation: the picture and what is to be marked on it. inside: what is shown after the first reply, and the target on it."""

    drawing: Drawing
    text: str
    targets: tuple[Target, ...]
    view: int  # longest side, pixels
    inside: tuple[Box, Target] | None = None

    def observations(self, policy: Policy) -> Iterator[Observation]:
        """Whatever the model replies, the right part is shown next: a wrong convention would lead it elsewhere."""
        yield Observation(self._seen(Box(0, 0, *self.drawing.size), policy), self.text, begins=True)
        if self.inside:
            box, _ = self.inside
            yield Observation(self._seen(box, policy), label=self.targets[0].name, roi=self.targets[0].box, step=1)

    def sightings(self, talk: Talk, replies: Sequence[Reply]) -> list[Sighting]:
        """What the model was asked to mark, and what it wrote; a second look that it did not want is none."""
        dialect, views = talk.dialect, talk.views
        written = [tuple(box.numbers for box in dialect.boxes(reply.text)) for reply in replies]
        found = [Sighting(target.box, views[0], views[0], written[0]) for target in self.targets]
        if self.inside and len(written) > 1 and written[1]:
            found.append(Sighting(self.inside[1].box, views[1], views[0], written[1]))
        return found

    def _seen(self, box: Box, policy: Policy) -> View:
        return View(box, shown_size(box, replace(policy, view=max(policy.multiple, min(self.view, policy.view)))))


def trials(view: int) -> tuple[Trial, Trial, Trial]:
    """view: the longest side of what the model is usually shown."""
    closer = f"Ask for a closer look at the {RED.name}. When it is shown to you, ask for a closer look at the {DISC.name} inside it."
    several = f"Ask for a closer look at two places in one reply: one box for the {BLUE.name} and one box for the {GREEN.name}."
    exact = "Let each box follow the edges of its target exactly."
    return (
        Trial(WIDE, f"{closer} {exact}", (RED,), view, (INSIDE, DISC)),
        Trial(TALL, f"{several} {exact}", (BLUE, GREEN), view),
        Trial(SQUARE, f"Ask for a closer look at the {BLACK.name}. {CALL} {exact}", (BLACK,), SMALL),
    )


def calibrate(
    engine: Engine,
    server: str = "",
    revision: str = "",
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = never,
) -> Calibration:
    """Asks the engine's model, as its profile says. server, revision: see `Calibration`. on_progress: conversations done, of how many.

    Raises whatever the engine raises, and Cancelled.
    """
    began = time.monotonic()
    profile = engine.profile
    asked = trials(profile.policy.view)
    talks = [Talk(profile.dialect) for _ in asked]
    waiting = [trial.observations(profile.policy) for trial in asked]
    replies: list[list[Reply]] = [[] for _ in asked]
    on_progress(0, len(asked))
    going = list(range(len(asked)))
    while going := [at for at in going if _shown(talks[at], asked[at].drawing, waiting[at])]:
        for at, reply in zip(going, engine.reply([talks[at] for at in going], limit=LIMIT, cancelled=cancelled)):
            if reply.cancelled:
                raise Cancelled
            talks[at].act(reply.text, reply.cut)
            replies[at].append(reply)
        on_progress(sum(len(each) > bool(trial.inside) for each, trial in zip(replies, asked)), len(asked))
    closer, several, single = (trial.sightings(talk, each) for trial, talk, each in zip(asked, talks, replies))
    family = DIALECTS[profile.dialect.name].convention
    fit = judge([*closer, *several, *single], family)
    marked = [overlap >= MARKED for overlap in overlaps(several, fit.convention, fit.limit)]
    return Calibration(
        model=profile.name,
        server=server,
        revision=revision,
        dialect=profile.dialect.name,
        boxes=fit.overlap >= READS,
        unit=fit.convention.unit,
        y_first=fit.convention.y_first,
        frame=fit.convention.frame,
        overlap=round(fit.overlap, 3),
        as_family=round(fit.as_family, 3),
        again=len(closer) > 1,
        lists=all(marked),
        tools="<tool_call>" in replies[2][0].text and bool(single[0].boxes),
        view=longest_side(fit.limit, profile.policy.multiple) if fit.limit else 0,
        requests=sum(map(len, replies)),
        seconds=round(time.monotonic() - began, 1),
        date=datetime.date.today().isoformat(),
    )


def _shown(talk: Talk, drawing: Drawing, waiting: Iterator[Observation]) -> bool:
    """Shows the next picture; False where there is none."""
    observation = next(waiting, None)
    if observation and observation.view:
        talk.observe(observation, drawing.part(observation.view))
    return observation is not None


def applied(profile: Profile, calibration: Calibration) -> Profile:
    """The profile with what a test found wrong put right, and a note that says so. Weights that were tuned in the dialect `zoomearth` are
    asked as they were tuned, whatever a test says."""
    family = DIALECTS[profile.dialect.name].convention
    sentence = f"{calibration.verdict(family)} (Tested on {calibration.date}; `zoomearth models test` tests again.)"
    tuned = profile.dialect.template == "zoomearth"
    if calibration.boxes and calibration.convention == family and not calibration.view:
        return profile
    if tuned:
        return replace(profile, notes=(*profile.notes, sentence))
    policy, dialect = profile.policy, profile.dialect
    if not calibration.boxes:
        policy = replace(policy, max_zooms=0)
    else:
        dialect = corrected(dialect, calibration.convention)
        if calibration.view:
            policy = replace(policy, view=min(policy.view, calibration.view))
    return replace(profile, dialect=dialect, policy=policy, notes=(*profile.notes, sentence))


def remember(calibration: Calibration) -> Path:
    """Writes it into the data folder, in place of an older one. Raises OSError."""
    file = _file(calibration.server, calibration.model)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, json.dumps(to_json(calibration), indent=1) + "\n")
    return file


def recall(server: str, model: str, revision: str, dialect: str) -> Calibration | None:
    """The last test of this very model in this dialect; None where there was none, or the file can't be read."""
    with suppress(OSError, ValueError):
        found = from_json(Calibration, read_object(_file(server, model)), "calibration")
        if (found.server, found.model, found.revision, found.dialect) == (server, model, revision, dialect):
            return found
    return None


def _file(server: str, model: str) -> Path:
    digest = hashlib.sha256(f"{server}\0{model}".encode("utf-8", "replace")).hexdigest()
    return data_folder() / "calibrated" / f"{digest[:20]}.json"
