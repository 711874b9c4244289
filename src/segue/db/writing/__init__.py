"""What inserts, updates and deletes, and looks at the values first."""
