"""Pictures for people: plots, sheets, frames of an animation."""
