"""A line about the machine that a benchmark ran on, and the memory of a process."""

import os
import platform
import sys
from pathlib import Path


def machine() -> str:
    """Processor, number of cores and load."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        processor = platform.processor() or platform.machine()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{processor}, {os.cpu_count()} cores{load}, Python {platform.python_version()}"


def report(lines: list[str], out: Path | None) -> None:
    """Prints a benchmark's lines, and writes them with its command where `out` names a file."""
    print("\n".join(lines))
    if out:
        out.write_text(f"$ python {' '.join(sys.argv)}\n" + "\n".join(lines) + "\n")


def peak_mb() -> float:
    """The peak memory of this process; `ru_maxrss` would include the parent's, inherited by fork."""
    try:
        return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1000
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
