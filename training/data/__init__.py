"""Data sets: the sources of rows, their content, and the scoring of answers."""
