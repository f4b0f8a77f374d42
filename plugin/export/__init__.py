"""Export of boxes and answers as vector files, and of the conversation as an HTML or PDF report."""
