"""Tools for who develops an app: plugins that are there under ``segue run``, and nowhere else.

- ``Debugger``: error pages with a console in each frame, behind a token that the terminal shows.
- ``Toolbar``: the last requests with their time, header and log, and what the app consists of.
"""

from segue.debug.plugin import Debugger
from segue.debug.toolbar import Toolbar

__all__ = ["Debugger", "Toolbar"]
