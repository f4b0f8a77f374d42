#!/bin/sh
# For docs/ablation.md: the paper's four findings in miniature, with the demo model and drawn scenes; on a CPU, without a download.
#   OUT=runs/ablation sh training/runs/ablation.sh
# The same command continues where it was stopped. Every variant of every seed is one GRPO run of STEPS steps from the same weak SFT, and an
# evaluation over QUESTIONS questions in all four modes (as served, no crop, true box, blind).
set -eu
OUT=${OUT:-runs/ablation}
SEEDS=${SEEDS:-0 1 2}
VARIANTS=${VARIANTS:-full no-iou no-region}
STEPS=${STEPS:-100}
QUESTIONS=${QUESTIONS:-300}
PIXELS=2048
TRAIN=800000000-800000200 # seeds that the demo model never saw

[ -f "$OUT/shifted/questions.jsonl" ] || python -m zoomearth.training.runs.shifted "$OUT/scenes" "$OUT/shifted" --seeds $TRAIN --pixels $PIXELS
zoomearth train sft --model zoomearth-demo --data "$OUT/shifted" --out "$OUT/weak" \
  --steps 70 --batch 16 --rate 6e-4 --save-every 35
[ -d "$OUT/weak-merged" ] || zoomearth merge "$OUT/weak" "$OUT/weak-merged"

evaluate() { # name, model
  zoomearth evaluate scenes --data "$OUT/held-out" --size $PIXELS --limit "$QUESTIONS" --ablation \
    --model "$2" --out "$OUT/evaluation/$1"
}
evaluate weak "$OUT/weak-merged"

for SEED in $SEEDS; do
  for VARIANT in $VARIANTS; do
    case $VARIANT in
      full) WEIGHTS="--iou 1 --region 2" ;;
      no-iou) WEIGHTS="--iou 0 --region 2" ;;
      no-region) WEIGHTS="--iou 1 --region 0" ;;
    esac
    RUN=$OUT/$VARIANT-$SEED
    [ -d "$RUN-merged" ] || {
      # raw_px IoU, and an alpha that fits scenes of 2,048 pixels. The rate is for a model of 2.5 M parameters.
      zoomearth train grpo --model "$OUT/weak-merged" --data "scenes:$OUT/scenes#$TRAIN@$PIXELS" --out "$RUN" \
        --steps "$STEPS" --seed "$SEED" --batch 64 --accumulate 1 --generations 8 --rate 4e-4 --kl 0 --temperature 1 \
        --max-completion 165 --save-every 10 --measure raw_px --alpha 300 $WEIGHTS
      zoomearth merge "$RUN" "$RUN-merged"
    }
    evaluate "$VARIANT-$SEED" "$RUN-merged"
  done
done
python -m zoomearth.training.runs.ablation "$OUT"
