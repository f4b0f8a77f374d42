"""The private Python environment: made on first use, by child processes, and removed by one click."""
