"""What makes SQL of queries, once for each shape: SQLAlchemy is asked here."""
