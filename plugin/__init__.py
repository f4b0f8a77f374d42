"""The QGIS plugin: Qt through qgis.PyQt alone, and never torch. It starts the backend as a child process and talks to it over pipes."""
