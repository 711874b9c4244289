"""Sessions: what an app remembers of a visitor from request to request.

- ``session``: what handlers are given. ``state``: what one request knows of it, and what has changed.
- ``manager``: loads it, writes it when the response is there, sets the cookie. ``keeping``: by an id and a store, or in the cookie.
- ``memory``, ``sqlite``, ``redis``: stores. ``cookies``: sessions that travel in their cookie, signed or encrypted.
- ``mounting``: what applications of other frameworks see of it.
"""
