"""Boxes as vector files, the conversation as an HTML or PDF report."""
