"""Questions and answers: asked one after another, and stored with the project."""
