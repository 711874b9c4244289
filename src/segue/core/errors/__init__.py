"""From an exception to a response, and what a developer sees of it."""
