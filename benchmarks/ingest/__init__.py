"""How fast documents go in, and how fast they are found among many."""
