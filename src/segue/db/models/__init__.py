"""Models: classes that are rows, and what their objects do."""
