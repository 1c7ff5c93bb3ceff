"""How often the SQL for a question gives the right rows: Tao beside a plain prompt and beside Vanna."""
