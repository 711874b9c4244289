"""A frozen app as plain data, for commands, pages and tests; and the search for mistakes."""
