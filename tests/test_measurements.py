"""The benchmarks of speed run at all: each is measured once with few questions, and no figure is asserted."""

import importlib
import sys

import pytest


@pytest.fixture(scope="module")
def measuring(root, one_thread):
    """Imports a file of `benchmarks/`, as it imports its neighbours."""
    sys.path.insert(0, str(root / "benchmarks"))
    yield importlib.import_module
    sys.path.remove(str(root / "benchmarks"))


def test_questions_in_lockstep_and_one_at_a_time_and_by_the_published_loop(measuring):
    rows = measuring("evaluate").demo(count=8, batch=4, repeats=1)
    assert [row["way"] for row in rows] == ["published two-pass loop", "one at a time", "lockstep of 4"]
    assert all(row["questions"] == 8 for row in rows)
