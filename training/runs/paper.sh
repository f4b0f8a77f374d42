#!/bin/sh
# The paper's own recipe: SFT on 1,011 rows, then GRPO on 2,500, on 8 GPUs. Ready to run where data and weights can be had:
#   pip install 'zoomearth[training]' torchvision deepspeed
#   zoomearth evaluate lrs-gro --download --limit 1     (puts LRS-GRO where --data below finds it; 20 GB of images)
#   DATA=/data/LRS-GRO OUT=runs/paper sh training/runs/paper.sh            (the same command continues where it was stopped)
#
# No step below was run by the project at this size: there was no GPU. Estimates for Qwen2.5-VL-3B (3.75 G parameters, of which
# 3.09 G, the language half, are trained) and rows of about 1,300 tokens (2 pictures of 324, a prompt of 450, replies of 200):
#
#                        weights  reference  gradients  Adam    sum a card   what fits
#   full, one card          15.0       15.0       12.4  24.7    67 GB        1 x 80 GB with --checkpointing, batch 1 to 2 (SFT: 52 GB, no reference)
#   full, ZeRO-2 over 8      7.5        7.5        0.8   4.6    20 GB        8 x 80 GB with ease, 8 x 40 GB
#   LoRA rank 16             7.5          -        0.1   0.4     8 GB        1 x 24 GB with --checkpointing, batch 1 to 2
#
#   (GB; one card trains in float32 with bfloat16 arithmetic, ZeRO-2 keeps bfloat16 copies and shares float32 out. On top: activations,
#   1 to 2 GB a row with --checkpointing, and 37 kB of KV cache a token of a rollout.)
#
# Time: SFT reads 1,011 x 3 x 1,300 = 3.9 M tokens, 7e16 FLOP: minutes on one H100. GRPO samples 2,500 x 4 = 10,000 rollouts an epoch in
# 156 steps of 64; each waits for about 260 tokens decoded one by one by HF generate, at 30 to 40 a second: some 10 s, and 2 to 4 s of
# training. An epoch is therefore about 40 minutes on 8 cards, 4 hours on one (more rollouts a batch cost little), 10 or more on 1 x 24 GB.
# 1 x 24 GB: write `zoomearth` in place of `accelerate launch ... -m zoomearth`, and add --lora 16 --checkpointing --batch 1 --accumulate 64 --rate 1e-6 to GRPO
# (--set steps_per_generation=4 keeps its four samples together).
set -eu
: "${DATA:?the folder of LRS-GRO}"
OUT=${OUT:-runs/paper}
BASE=${BASE:-Qwen/Qwen2.5-VL-3B-Instruct}
CONFIGS=$(python -c 'import zoomearth, pathlib; print(pathlib.Path(zoomearth.__file__).parent / "resources" / "accelerate")')
# The published crop and sizes. Leave this out for ours, which keep all of a long thin box and show whole cells.
SHOWN="view=512 max_zooms=1 least=512 crop=reference multiple=1"

accelerate launch --config_file "$CONFIGS/8gpu-zero2.yaml" -m zoomearth train sft \
  --model "$BASE" --data "lrs-gro:$DATA#SFT" --policy $SHOWN --out "$OUT/sft" \
  --rate 3e-5 --epochs 3 --batch 4 --accumulate 1 --checkpointing
[ -d "$OUT/sft-merged" ] || zoomearth merge "$OUT/sft" "$OUT/sft-merged"

accelerate launch --config_file "$CONFIGS/8gpu-zero2.yaml" -m zoomearth train grpo \
  --model "$OUT/sft-merged" --data "lrs-gro:$DATA#RL" --out "$OUT/grpo" \
  --rate 1e-7 --epochs 1 --batch 4 --accumulate 2 --generations 4 --kl 0.04 --clip 0.2 --temperature 0.7 --checkpointing
[ -d "$OUT/merged" ] || zoomearth merge "$OUT/grpo" "$OUT/merged"

for MODEL in sft-merged merged; do
  zoomearth evaluate lrs-gro --data "$DATA" --model "$OUT/$MODEL" --ablation --out "$OUT/evaluation-$MODEL"
done
