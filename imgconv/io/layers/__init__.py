"""Networks, weights, volumes and feature maps in files."""
