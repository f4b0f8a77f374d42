"""Labels that need pixels: what is known of a raster, and candidate questions from a model or from a template."""
