"""Other projects, each run in a virtual environment of its own and asked over JSON lines."""
