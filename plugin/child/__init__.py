"""Child processes of the plugin: the backend, and other commands."""
