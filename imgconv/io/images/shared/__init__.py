"""What several formats are made of or decoded by."""
