"""Attacks on an app in the process of a test: what gets through is told with the handler and its line.

- ``attacking``: all attacks on all routes; ``targets``: the routes, and the places where a value goes in; ``samples``: values that fit there
- ``values``: hostile ones, and how it shows that one got through; ``surroundings``: origins, hosts and cookies that are not ours
"""

from segue.testing.attacks.attacking import attack

__all__ = ["attack"]
