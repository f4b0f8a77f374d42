#!/bin/sh
# The demo model from scratch with the final settings, and its figures: old questions with the zoom, calls of tools, marks.
# The curriculum has had calls of tools, marks, noise, haze and clouds since the shipped model's first training (59,024 scenes, 6,302 s on
# two idle CPU cores), and takes about 0.2 s of processor a scene. START=MODEL begins with the weights of an earlier model instead.
set -eu
OUT=${OUT:-runs/demo}
zoomearth demo pretrain train "$OUT/pretrain" --minutes "${MINUTES:-180}" --workers 2 ${START:+--start "$START"}
zoomearth demo pretrain export "$OUT/pretrain" "$OUT/model"
zoomearth evaluate skills --model "$OUT/model" --requests 300 --marks 600
zoomearth evaluate scenes --model "$OUT/model" --ablation --limit 1200 --out "$OUT/evaluation"
