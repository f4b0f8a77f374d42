"""Benchmarks asked and scored: the run, its records, its statistics, its report."""
