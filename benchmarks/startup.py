"""Measures the start in CPU seconds: the help, the backend until it is ready, and for comparison an import of torch.

python benchmarks/startup.py
"""

import resource
import statistics
import subprocess
import sys
from pathlib import Path

from machine import machine

ENTRY = str(Path(__file__).resolve().parents[1] / "backend" / "__main__.py")
REPEATS = 5


def cpu_seconds(command: list[str]) -> float:
    """CPU seconds of a process; its stdin is closed, so that the backend ends as soon as it is ready."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    assert done.stdout or "import" in command[-1], f"{command} said nothing"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    cases = {
        "zoomearth --help": ([sys.executable, "-I", ENTRY, "--help"], "0.15"),
        "zoomearth serve, until ready": ([sys.executable, "-I", "-X", "utf8", ENTRY, "serve"], "0.3"),
        "import torch": ([sys.executable, "-I", "-c", "import torch"], "-"),
    }
    print(machine())
    print(f"{'':32}{'CPU s':>8}{'reach':>8}")
    for name, (command, reach) in cases.items():
        spent = statistics.median(cpu_seconds(command) for _ in range(REPEATS))
        print(f"{name:32}{spent:>8.2f}{reach:>8}")


if __name__ == "__main__":
    main()
