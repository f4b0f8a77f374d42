"""`zoomearth evaluate surveys`: an engine that sees everything finds all and counts exactly, and one that marks too much does not."""

import json
import random

import pytest
from surveying import ByTruth

from zoomearth.backend.cli.main import main
from zoomearth.backend.engines import Reply
from zoomearth.core.geometry import Box
from zoomearth.core.settings import Settings
from zoomearth.training.data.sets.scenes import FIRST_SEED
from zoomearth.training.evaluation import surveys
from zoomearth.training.scenes.scene import make_scene


class Looking(ByTruth):
    """Marks what is there in each view of a survey; any other question gets the number as its answer."""

    def one(self, talk):
        if "mark every" not in "".join(part for part in talk.layout() if isinstance(part, str)):
            return Reply(f"<answer>{len(self.things)}</answer>")
        return super().one(talk)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(surveys, "SIDES", (2048, 2048))


@pytest.fixture
def suited():
    """A held-out scene with something to count, and the true boxes in its pixels."""
    for seed in range(FIRST_SEED, FIRST_SEED + 40):
        rng = random.Random(f"surveys {seed}")
        side = rng.randint(2048, 2048)
        found = surveys.things(make_scene(seed), rng)
        if found and len(found[2]) > 1:
            return seed, [Box(*(edge * side for edge in box)) for box in found[2]]
    raise AssertionError("no scene suits")


def test_an_engine_that_sees_everything_finds_all_and_counts_exactly(suited, tmp_path):
    seed, truth = suited
    results = surveys.ask(Looking(truth), Settings(), seed, tmp_path)
    assert {way: result.exact for way, result in results.items()} == dict.fromkeys(results, True)
    assert results["exhaustive"].counts == results["guided"].counts == (len(truth),) * 3
    assert results["guided"].views < results["exhaustive"].views
    assert (results[surveys.LOOK].views, results["exhaustive"].views > 20) == (1, True)


def test_a_thing_too_many_is_no_exact_count_and_lowers_the_precision(suited, tmp_path):
    seed, truth = suited
    elsewhere = Box(5, 5, 5 + truth[0].width, 5 + truth[0].height)
    results = surveys.ask(Looking([*truth, elsewhere]), Settings(), seed, tmp_path)
    row = surveys.summary([results["exhaustive"]], found=True)
    assert (row["exact"], row["features"] - row["pairs"]) == (0.0, 1)
    assert row["f1"] == pytest.approx(2 * len(truth) / (2 * len(truth) + 1))


def test_the_command_prints_one_object(capsys):
    assert main(["evaluate", "surveys", "--scenes", "1", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert list(rows) == [surveys.LOOK, surveys.ZOOM, "exhaustive", "guided"]
    assert {row["n"] for row in rows.values()} == {1}
