"""Ways to send: ``smtp``, ``console``, ``files``, ``memory``; ``contract``: what each of them does; ``choice``: by a URL."""
