"""Measures how well a data set's queries find the documents that were judged relevant to them."""
