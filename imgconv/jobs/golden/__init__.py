"""Goldens: what recipes yielded once, recorded, and held against what they yield now."""
