"""What is around handlers: how it is put there, and what comes with Segue."""
