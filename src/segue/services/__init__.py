"""Functions that other programs call: declared once, answered as JSON-RPC, XML-RPC, AMF, SOAP and plain HTTP.

    services = Services()

    @services.method
    async def add(a: int, b: int = 0) -> int:
        return a + b

    app.include(services, at="/call")

- the app: ``services`` (Services); the functions and their arguments: ``methods``
- the ways to call them: ``jsonrpc``, ``xmlrpc``, ``remoting`` with its values (``amf``), ``soap`` with its description (``wsdl``,
  ``xsd``), ``plain``
"""

from segue.services.methods import Fault
from segue.services.services import Services

__all__ = ["Fault", "Services"]
