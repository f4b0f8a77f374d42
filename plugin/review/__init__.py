"""The answers of a run as a table, and their review by keys."""
