#!/bin/sh
# The demo model from scratch with the final settings, and its figures: old questions with the zoom, calls of tools, marks.
# The shipped model was made with START: it began with the weights of a first training without calls of tools and marks (59,024 scenes,
# 6,302 s on two idle CPU cores), and learnt 21,288 scenes more in 6,901 s on one core. A scene takes 0.2 to 0.3 s of processor.
set -eu
OUT=${OUT:-runs/demo}
zoomearth demo pretrain train "$OUT/pretrain" --minutes "${MINUTES:-180}" --workers 2 ${START:+--start "$START"}
zoomearth demo pretrain export "$OUT/pretrain" "$OUT/model"
zoomearth evaluate skills --model "$OUT/model" --requests 300 --marks 600
zoomearth evaluate scenes --model "$OUT/model" --ablation --limit 1200 --out "$OUT/evaluation"
