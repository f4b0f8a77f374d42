#!/bin/sh
# The demo model that is shipped: 59,024 scenes, 6,302 s on two CPU cores, and its figures in the README.
set -eu
OUT=${OUT:-runs/demo}
zoomearth demo pretrain train "$OUT/pretrain" --minutes 105 --workers 2
zoomearth demo pretrain export "$OUT/pretrain" "$OUT/model"
zoomearth evaluate scenes --model "$OUT/model" --ablation --limit 1000 --out "$OUT/evaluation"
