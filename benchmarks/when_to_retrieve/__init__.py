"""Whether it pays to let the model decide when to retrieve, beside retrieving always and never."""
