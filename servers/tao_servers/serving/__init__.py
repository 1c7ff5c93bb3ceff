"""What every server shares. `serving.process` runs one, `serving.results` forms what its tools return."""
