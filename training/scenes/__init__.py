"""Generated scenes: drawn from a seed, with questions whose answers are known; as GeoTIFFs of any size."""
