"""Measures how often the statement that is written for a question gives the right rows."""
