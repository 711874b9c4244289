"""Tables of models, and the types of their columns."""
