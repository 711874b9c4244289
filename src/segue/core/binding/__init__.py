"""From a request to the parameters of a handler: signatures are read once, a function is written for each endpoint."""
