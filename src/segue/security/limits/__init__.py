"""How often somebody may do something: exact in all workers, in any stretch of time.

- ``rate``: "10 per minute", and the log of when it was done. ``plugin``: the plugin, and limits of routes.
- ``memory``, ``sqlite``, ``redis``: where the logs are kept. ``client``: who is counted as one.
- ``fields``: what clients are told.
"""
