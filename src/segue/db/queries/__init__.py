"""Queries: expressions, the ways between models, and the steps of a question; no SQL yet."""
