"""Step kinds as values: what a recipe is made of."""
