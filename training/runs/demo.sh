#!/bin/sh
# The demo model from scratch with the final settings, and its figures: old questions with the zoom, calls of tools, marks.
# The shipped model was made with START, in four parts (docs/training.md): 107,032 scenes in all. A scene takes 0.5 to 0.65 s of processor, so
# that MINUTES=180 on two cores is a third of that.
set -eu
OUT=${OUT:-runs/demo}
zoomearth demo pretrain train "$OUT/pretrain" --minutes "${MINUTES:-180}" --workers 2 ${START:+--start "$START"}
zoomearth demo pretrain export "$OUT/pretrain" "$OUT/model"
zoomearth evaluate skills --model "$OUT/model" --requests 300 --marks 600
zoomearth evaluate scenes --model "$OUT/model" --ablation --limit 1200 --out "$OUT/evaluation"
