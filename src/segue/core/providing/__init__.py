"""What handlers and others ask for by its type: who makes it, for how long it lives, and how it is cleaned up."""
