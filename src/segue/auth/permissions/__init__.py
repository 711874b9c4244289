"""Who may do what: what was granted, rules of rows, predicates, access lists of resources, and security policies."""
