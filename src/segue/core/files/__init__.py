"""Files as responses: one, a directory, a browser application."""
