"""Convolution layers, activations, pooling and feature maps."""
