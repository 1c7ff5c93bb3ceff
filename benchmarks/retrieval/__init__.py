"""How well the right passages are found by a user who changes nothing, and by each part of the search."""
