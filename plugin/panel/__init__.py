"""The panel and what it draws on the canvas."""
