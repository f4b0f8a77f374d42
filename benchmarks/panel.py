"""Measures how long QGIS's window is blocked: the longest gap between two turns of the event loop, for each question, and for what one does
with a run about 2,000 polygons and its table; and the memory that such a run takes.

python benchmarks/panel.py            # needs `make setup setup-desktop`; the real QGIS under Xvfb, the demo model
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from machine import machine

ROOT = Path(__file__).resolve().parent.parent
STALL = re.compile(r"^ *[\d.]+ (?P<what>[^>]+); longest stall (?P<stall>\d+) ms, own (?P<own>-?\d+) ms$")
MEMORY = re.compile(r"^ *[\d.]+ (?P<what>[^;]+); memory (?P<more>.+)$")
OWN = "but for other programs"  # the longest stall without the time in which the window had no processor
LINE = re.compile(
    r"^ *[\d.]+ (?P<question>.+) -> '(?P<answer>.*)' in (?P<seconds>[\d.]+) s; longest stall (?P<stall>\d+) ms, own (?P<own>-?\d+) ms$"
)


def main() -> None:
    done = subprocess.run(["make", "-s", "desktop-test"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    print("$ python benchmarks/panel.py")
    print(machine())
    print(f"{'question':54} {'answer':8} {'answered in':>11}  {'longest stall':>13}  {OWN}   reach")
    for line in done.stdout.splitlines():
        if found := LINE.match(line):
            stalls = f"{found['stall']:>10} ms  {found['own']:>{len(OWN) - 3}} ms"
            print(f"{found['question']:54} {found['answer']:8} {found['seconds']:>9} s  {stalls}   < 100 ms")
    print(f"{'a run about 2,000 polygons':40} {'longest stall':>13}  {OWN}   reach")
    for line in done.stdout.splitlines():
        if found := STALL.match(line):
            print(f"{found['what']:40} {found['stall']:>10} ms  {found['own']:>{len(OWN) - 3}} ms   < 100 ms")
        elif found := MEMORY.match(line):
            print(f"{found['what']}: {found['more']}")


if __name__ == "__main__":
    main()
