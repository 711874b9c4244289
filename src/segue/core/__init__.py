"""Layer 2: what an application is. Declare, freeze, serve (DESIGN.md, section 2).

- declared: ``declaring`` is what apps (``app``) and plugins may say, its parts are the ``declarations`` of the packages; ``records``
  and ``options`` are what is kept of it (``recording``), each with its line (``source``); ``default`` is the app of a script
- frozen: ``freeze`` walks the tree of apps, with what is inherited there (``branches``); ``routes`` makes endpoints of what it
  finds (``handlers``), and all of it is the ``plan``
- asked of others: ``ports``; ``threads`` for sync handlers; ``context`` for code that cannot be handed the request

Each package is one part of the way from a declaration to a reply:

- ``routing`` finds what a request goes to; ``styles`` are ways of writing handlers besides functions
- ``binding`` makes the parameters of a handler, ``providing`` the objects that it asks for by their types
- ``results`` makes the response, ``errors`` that of an exception, ``files`` those of files
- ``middleware`` is around them; ``life`` is what happens before, after and beside them
- ``plugins`` and ``settings`` say things for an app; ``inspection`` tells what it has become
"""
