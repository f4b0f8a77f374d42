"""The Processing provider: questions for batches, models and `qgis_process`."""
