"""The panel, and the boxes that it draws on the map canvas."""
