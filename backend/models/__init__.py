"""The catalogue's models on this machine: where each is, and how it is downloaded."""
