"""Labels that need pixels or a model: what is known of a raster, and candidate questions."""
