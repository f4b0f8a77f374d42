"""Runs: one question about each of many polygons, asked in batches, kept row by row, and gone on with after a pause or a kill."""
