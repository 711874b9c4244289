"""Texts that people read: as they are written where nothing else is said, translated where an app speaks languages."""
