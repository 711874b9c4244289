"""What ``segue check`` finds without running the app: faults that are certain, each with its line.

- ``finding``: what is found, and what is asked.
- ``subjects``: the functions of an app that are looked at, and what their text is.
- ``routes``: routes that are never reached, or whose handler cannot work.
- ``loop``: calls that block the event loop, and coroutines that nobody awaits.
- ``guards``: routes that write, act in the name of who sends a cookie, and are not guarded.
- ``deploying``: what must not be where others can reach the app.
- ``links``: ``url_for`` with a name that no route has, in Python and in templates.
- ``checking``: all of them, with those of the app, and the comments that silence them.

A check says nothing where it is not sure. What an app or a plugin checks itself is declared with ``app.check``.
"""

from segue.core.inspection.checks.checking import check_app, is_silenced
from segue.core.inspection.checks.finding import Finding

__all__ = ["Finding", "check_app", "is_silenced"]
