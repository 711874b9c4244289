"""The plugin for templates of lists."""

from segue.core.plugins.setup import Setup
from segue.site.humanised import Humanised
from segue.site.pagination import page_links

__all__ = ["Site"]


class Site:
    """Templates get ``{{ page_links(films) }}`` for what ``paginate`` gives, and the filters of Humanised:

        app = App(plugins=[Templates(), Site()])

    The pages of ``segue.site`` need it not.
    """

    name = "site"

    def setup(self, to: Setup) -> None:
        """Declares what templates know."""
        to.template_global(page_links)
        to.bring(Humanised())
