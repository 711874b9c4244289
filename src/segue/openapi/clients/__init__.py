"""Clients of an app in other languages, made from its document: one method for each operation."""

from segue.openapi.clients.python import python_client
from segue.openapi.clients.typescript import typescript_client

__all__ = ["python_client", "typescript_client"]
