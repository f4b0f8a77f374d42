#!/bin/sh
# For docs/labelling.md: what 300 reviewed rows make of a weakened demo model, for three seeds; on a CPU, without a download.
#   OUT=runs/labels sh training/runs/labels.sh > benchmarks/results/pipeline.txt
# The same command continues where it was stopped. A seed takes some 8 minutes of one core; its folder may be made on another one:
#   python -m zoomearth.training.runs.labels OUT --seeds 2
set -eu
OUT=${OUT:-runs/labels}
python -m zoomearth.training.runs.labels "$OUT"
