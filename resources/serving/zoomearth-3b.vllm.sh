#!/bin/sh
# Hosts ZoomEarth-3B with vLLM so that it reads and writes what the local engine does. Why each flag is there: docs/serving.md.
#   sh zoomearth-3b.vllm.sh [FOLDER or hub repository] [more flags of vLLM]
#   zoomearth ask scene.tif "..." --remote http://localhost:8000/v1 --remote-model zoomearth-3b --asked-as zoomearth-3b
templates=$(cd "$(dirname "$0")/../templates" && pwd) || exit 1
model=${1:-HappyBug/ZoomEarth-3B}
[ $# -gt 0 ] && shift
exec vllm serve "$model" \
    --served-model-name zoomearth-3b \
    --dtype bfloat16 \
    --chat-template "$templates/zoomearth.jinja" \
    --chat-template-content-format openai \
    --generation-config vllm \
    --limit-mm-per-prompt '{"image": 8}' \
    --max-model-len 8192 "$@"
