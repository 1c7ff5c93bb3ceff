"""Kills an ingest at random moments, and looks whether anything was lost or half written."""
