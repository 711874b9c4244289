"""What the wire tests drive: a recording application, a server on its own thread, a client that trusts nothing."""
