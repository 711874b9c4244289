"""The session inside mounted applications of other frameworks, by their own names for it.

- ``flask``: a session interface, for ``flask.session``. ``django``: a middleware, for ``request.session``.

Starlette and FastAPI need nothing: ``request.session`` finds it. All WSGI applications have it as
``environ["segue.session"]``.
"""
