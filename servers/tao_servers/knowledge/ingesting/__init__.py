"""Takes documents into a collection, and keeps it in step with them."""
