"""REST doors of the registry."""
