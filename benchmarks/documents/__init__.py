"""How much of real files is read."""
