"""Kit: the description of an app as OpenAPI 3.1, the page that shows it, and clients made from it.

    from segue import App
    from segue.openapi import OpenAPI

    app = App(plugins=[OpenAPI(title="Films", version="1.0")])

Then ``/openapi.json`` has the document and ``/docs`` the page. Elements, Redoc and Scalar are plugins for further pages.
"""

from segue.openapi.document import About, describe
from segue.openapi.plugin import OpenAPI
from segue.openapi.viewers import Elements, Redoc, Scalar

__all__ = ["About", "Elements", "OpenAPI", "Redoc", "Scalar", "describe"]
