"""The body of ``POST /order``: 20 fields, valid under ``peers.order_msgspec`` and ``peers.order_pydantic``."""

from __future__ import annotations

import json

ORDER = {
    "id": 4711,
    "customer": "Django Reinhardt",
    "email": "django@example.com",
    "street": "12 rue des Nuages",
    "city": "Samois-sur-Seine",
    "postcode": "77920",
    "country": "FR",
    "phone": None,
    "currency": "EUR",
    "net": 129_900,
    "tax": 24_681,
    "discount": 0.05,
    "paid": True,
    "express": False,
    "gift": True,
    "note": "Please ring twice.",
    "tags": ["guitar", "strings", "swing"],
    "quantity": 3,
    "weight": 4.25,
    "channel": "web",
}
ORDER_JSON = json.dumps(ORDER, separators=(",", ":")).encode()
INVALID_JSON = json.dumps({**ORDER, "country": "France", "quantity": 0}, separators=(",", ":")).encode()
