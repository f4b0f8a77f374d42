"""The `zoomearth` command line: one parser, one file for each command."""
