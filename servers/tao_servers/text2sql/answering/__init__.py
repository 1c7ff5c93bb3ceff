"""From a question to a statement, its rows and what they say."""
