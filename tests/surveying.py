"""A survey with a marker that sees everything: what a perfect model would write in each view, and what a driver does with it.

As a program: surveying.py LOG PACE ARGUMENTS... is `zoomearth survey` or `batch` with an engine that marks what a file of boxes says, for
the tests of runs that are killed; it writes each view to LOG, so that a test can find views that were asked twice.
"""

from __future__ import annotations

import importlib.util
import json
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
if "zoomearth" not in sys.modules:  # run as a program
    spec = importlib.util.spec_from_file_location("zoomearth", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    sys.modules["zoomearth"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["zoomearth"])

from zoomearth.backend.engines import Reply  # noqa: E402
from zoomearth.core.geometry import Box, Size  # noqa: E402
from zoomearth.core.look import Policy  # noqa: E402
from zoomearth.core.marks import Mark, Reading, State  # noqa: E402
from zoomearth.core.profile import Profile  # noqa: E402
from zoomearth.core.survey import survey  # noqa: E402

VISIBLE = 0.3  # of a thing, in a view in which it is marked; the demo model's own
POLICY = Policy(view=168, least=168, multiple=28)
PROFILE = Profile.from_dict(
    {"name": "by truth", "dialect": "zoomearth", "instruction": "", "policy": {"view": 168, "least": 168, "max_zooms": 1, "multiple": 28}}
)


def seen(things, window, least=VISIBLE):
    """The visible parts of the things of which enough is visible, in source pixels."""
    parts = ((box, box.intersect(window)) for box in things)
    return [part for box, part in parts if part.area and part.area >= least * box.area]


def surveyed(things, size, plan, policy=POLICY, region=None, mark=None, together=16):
    """Features, records, the survey, and every view that was wanted. mark: a Reading for a wanted view; None: a perfect one."""
    mark = mark or (lambda wanted: Reading(State.DONE, tuple(Mark(part) for part in seen(things, wanted.view.window))))
    flow = survey(Size(*size), plan, policy, region, together)
    features, records, asked = [], [], []
    step = next(flow)
    while True:
        features += step.features
        records += step.records
        asked += step.wanted
        try:
            step = flow.send([mark(wanted) for wanted in step.wanted])
        except StopIteration as stop:
            return features, records, stop.value, asked


class ByTruth:
    """An engine that marks what is in its view, read from the words of the survey; each view takes `pace` seconds longer."""

    def __init__(self, things, log=None, pace=0.0, profile=PROFILE):
        self.things, self.log, self.pace, self.profile, self.device = things, log, pace, profile, "none"
        self.talks = []

    def reply(self, talks, **_):
        return [self.one(talk) for talk in talks]

    def one(self, talk):
        self.talks.append(talk)
        view = talk.view
        if self.log:
            with open(self.log, "a") as log:
                log.write(f"{tuple(map(int, view.window))}\n")
        time.sleep(self.pace)
        boxes = [talk.dialect.convention.rounded(part, view) for part in seen(self.things, view.window)]
        return Reply(json.dumps([{"bbox_2d": list(box), "label": "plane"} for box in boxes]), tokens_in=50, tokens_out=13 * len(boxes))

    def close(self):
        pass


if __name__ == "__main__":
    from zoomearth.backend.cli import batch, main
    from zoomearth.backend.cli import survey as command

    truth, log, pace, *arguments = sys.argv[1:]
    things = [Box(*box) for box in json.loads(pathlib.Path(truth).read_text())]
    command.open_engine = batch.open_engine = lambda settings, **_: ByTruth(things, pathlib.Path(log), float(pace))
    sys.exit(main.main(arguments))
