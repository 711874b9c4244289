"""Passwords: how they are hashed, which older hashes are read, and which passwords are too weak."""
