"""Correlation: kernels, kernel sets, alpha, and what a kernel is."""
