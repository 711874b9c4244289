"""Ways of writing handlers besides functions: classes, trees of objects, folders, trees of resources; and their hooks."""
