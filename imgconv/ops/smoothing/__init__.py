"""Smoothing that keeps edges. OpenCV or float64 computes; results are not exactly rounded."""
