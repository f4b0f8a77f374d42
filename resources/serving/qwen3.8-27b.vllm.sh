#!/bin/sh
# Hosts Qwen3.8-27B with vLLM, in its own layout and without thinking first. Why each flag is there: docs/serving.md.
#   sh qwen3.8-27b.vllm.sh [FOLDER or hub repository] [more flags of vLLM, such as --tensor-parallel-size 2]
#   zoomearth ask scene.tif "..." --remote http://localhost:8000/v1 --remote-model qwen3.8-27b --asked-as qwen3.8-27b
model=${1:-Qwen/Qwen3.8-27B}
[ $# -gt 0 ] && shift
exec vllm serve "$model" \
    --served-model-name qwen3.8-27b \
    --dtype bfloat16 \
    --default-chat-template-kwargs '{"enable_thinking": false}' \
    --generation-config vllm \
    --limit-mm-per-prompt '{"image": 8}' \
    --max-model-len 32768 "$@"
