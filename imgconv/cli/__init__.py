"""Layer 5: the command line. Everything here is words and exit codes."""
