"""Layer 2: what an application is. Declare, freeze, serve (DESIGN.md, section 2).

- declared: ``app`` records (``records`` ``options`` ``markers`` ``converters``), each with its line (``source``)
- frozen: ``freeze`` makes the ``plan``; ``sites`` holds what answers which path, ``pipeline`` folds the middleware
- found: ``dispatch`` leads a request to its endpoint by the ``matcher`` of templates (``routing``)
- bound: ``parameters`` reads signatures, ``binding`` writes a function for each of the ``endpoints`` (``handlers``), with
  ``extraction`` of texts (``scalars`` ``kinds``), ``json_body``, and ``validation`` that names every bad field
- answered: ``results`` and ``streams``; ``threads`` for sync handlers; ``errors`` and their pages; ``events``, ``websockets``
- beside it: ``lifespan``, ``mounting``, files (``files`` ``static`` ``frontend``), origins and proxies (``cors`` ``hosts``
  ``proxies``), ``compression``, ``etags``, and ``default``, the app of a script
"""
