"""Local contrast."""
