"""The backend process of the QGIS plugin: reads requests, runs jobs in order, sends events."""
