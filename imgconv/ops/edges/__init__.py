"""Edges: gradients, Canny, hysteresis and zero crossings."""
