"""`zoomearth batch` with an engine that answers by rule, for the tests of runs that are killed.

As a program: batching.py LOG PACE ARGUMENTS...; it writes each question to LOG, so that a test can find questions that were asked twice.
"""

from __future__ import annotations

import importlib.util
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
if "zoomearth" not in sys.modules:  # run as a program
    spec = importlib.util.spec_from_file_location("zoomearth", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    sys.modules["zoomearth"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["zoomearth"])

from evaluating import ByRule  # noqa: E402

if __name__ == "__main__":
    from zoomearth.backend.cli import batch, main

    batch.open_engine = lambda settings, **_: ByRule(pathlib.Path(sys.argv[1]), pace=float(sys.argv[2]))
    sys.exit(main.main(sys.argv[3:]))
