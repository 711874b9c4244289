"""Databases: one or several, their transactions, and what is told of their statements."""
