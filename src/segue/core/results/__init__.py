"""From what a handler returned to a response."""
