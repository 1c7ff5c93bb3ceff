"""Whether the right tables are found in a schema of 900, and how small the prompt becomes."""
