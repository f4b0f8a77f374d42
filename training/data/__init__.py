"""Data sets: where rows come from, what they hold, how an answer is scored."""
