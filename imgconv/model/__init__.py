"""Layer 0: values. Imports nothing of the project and no NumPy."""
