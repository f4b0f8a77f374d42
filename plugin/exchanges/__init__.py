"""Questions and answers: asked one after another, and kept with the project."""
