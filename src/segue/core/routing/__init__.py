"""Where a request goes: templates of paths, what matches them, and what else tells routes apart."""
