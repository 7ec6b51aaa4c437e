"""Strict YAML, and recipes written in it."""
