"""Many files: planned, run by supervised processes, recorded in a manifest."""
