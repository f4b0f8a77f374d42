"""Surveys of whole scenes: the driver that asks about each view, and a survey from its request to its file."""
