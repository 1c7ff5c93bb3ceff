"""The keyword index beside others, and how well its terms find passages."""
