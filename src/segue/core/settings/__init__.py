"""Configuration: files, layers, typed settings, and tools that are switched on for paths."""
