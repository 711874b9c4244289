"""What apps and plugins say about pages, for whatever makes pages of it: names in templates, folders, overrides."""
