#!/bin/sh
# Hosts ZoomEarth-3B with SGLang so that it reads and writes what the local engine does. Why each flag is there: docs/serving.md.
#   sh zoomearth-3b.sglang.sh [FOLDER or hub repository] [more flags of SGLang]
#   zoomearth ask scene.tif "..." --remote http://localhost:30000/v1 --remote-model zoomearth-3b --asked-as zoomearth-3b
templates=$(cd "$(dirname "$0")/../templates" && pwd) || exit 1
model=${1:-HappyBug/ZoomEarth-3B}
[ $# -gt 0 ] && shift
exec python3 -m sglang.launch_server --model-path "$model" \
    --served-model-name zoomearth-3b \
    --dtype bfloat16 \
    --chat-template "$templates/zoomearth.jinja" \
    --sampling-defaults openai \
    --context-length 8192 \
    --port 30000 "$@"
