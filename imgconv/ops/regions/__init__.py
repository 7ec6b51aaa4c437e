"""Where a filter acts: regions, masks, channels, and pixels that do not count."""
