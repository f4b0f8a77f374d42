"""SFT and GRPO of a checkpoint, its merging and serving."""
