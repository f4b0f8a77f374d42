#!/bin/sh
# The demo model that is shipped: 59,024 scenes, 6,302 s on two CPU cores, and its figures in the README.
set -eu
OUT=${OUT:-runs/demo}
python -m zoomearth.training.demo.pretrain train "$OUT/pretrain" --minutes 105 --workers 2
python -m zoomearth.training.demo.pretrain export "$OUT/pretrain" "$OUT/model"
python -m zoomearth.training.evaluation.evaluate scenes --model "$OUT/model" --ablation --limit 1000 --out "$OUT/evaluation"
