"""Pages that need no network: comparisons, failed goldens, the explorer."""
