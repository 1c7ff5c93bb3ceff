"""How many attacks are refused, how many honest statements pass, and whether anything changed."""
