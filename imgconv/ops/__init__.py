"""Layer 2: arrays in, arrays out."""
