"""What a template sees: the values of its page, then the names that all templates know."""

from typing import Any

from jinja2.runtime import Context
from jinja2.utils import missing

__all__ = ["PageContext"]


class PageContext(Context):
    """Values of one page. Names of the app are looked up where one is used, so a page pays for what it mentions."""

    def resolve_or_missing(self, key: str) -> Any:
        """The value of a name, or ``missing``."""
        if key in self.vars:
            return self.vars[key]
        if key in self.parent:
            return self.parent[key]
        environment: Any = self.environment
        if key in environment.globals:
            return environment.globals[key]
        made = environment.values.get(key)
        if made is None:
            return missing
        function, asks = made
        value = function(self.parent.get("request")) if asks else function()
        # Once for each page: the parent is that of all its templates.
        self.parent[key] = value
        return value
