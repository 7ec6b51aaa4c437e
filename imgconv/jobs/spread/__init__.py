"""Runs that are spread: over threads for URLs, over a cluster for millions of pictures."""
