"""Models, data and lineage: where everything came from, what depends on it, what is serving."""
