"""How two images differ, by how much, and why."""
