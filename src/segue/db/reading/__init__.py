"""What runs queries and turns rows into objects, or into replies."""
