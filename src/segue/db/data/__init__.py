"""What is in a database, in and out: fixtures, factories."""
