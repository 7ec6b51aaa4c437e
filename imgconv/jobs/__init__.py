"""Layer 4: files in, report out. Neither click nor printing."""
