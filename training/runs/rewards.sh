#!/bin/sh
# docs/rewards.png: what each reward pays, over the place of the box.
set -eu
python docs/rewards.py
