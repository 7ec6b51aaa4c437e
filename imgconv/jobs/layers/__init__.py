"""A network on one file."""
