"""Find the recipe that made one picture from another."""
