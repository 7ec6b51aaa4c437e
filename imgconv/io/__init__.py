"""Layer 3: the only place that opens files."""
