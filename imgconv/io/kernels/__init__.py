"""The kernel bank, kernel specs and expressions, and matrices in files."""
