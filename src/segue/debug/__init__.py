"""Tools for who develops an app: plugins that are there under ``segue run``, and nowhere else.

- ``Debugger``: error pages with a console in each frame, behind a token that the terminal shows.
"""

from segue.debug.plugin import Debugger

__all__ = ["Debugger"]
