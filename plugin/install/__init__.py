"""The private Python environment: child processes create it on first use; the options page removes it."""
