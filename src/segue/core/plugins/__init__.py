"""What plugins are handed, in which order, and what they bring."""
