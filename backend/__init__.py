"""The local model process and the command line. Never imports qgis."""
