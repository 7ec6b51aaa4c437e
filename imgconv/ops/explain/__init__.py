"""How one output value came about."""
