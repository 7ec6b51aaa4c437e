"""Filters of windows that are not sums: order statistics and morphology."""
