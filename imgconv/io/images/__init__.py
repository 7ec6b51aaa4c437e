"""Image files: read, write, limits, metadata; one reader and one writer a format."""
