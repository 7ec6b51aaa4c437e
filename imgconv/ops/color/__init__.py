"""Gray, black and white, negative, and linear light."""
