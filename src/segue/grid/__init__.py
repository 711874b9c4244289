"""Grids: one call makes of a model, or of a query, the pages in which people work with its objects.

    from segue.grid import Grid

    films = Grid(Film, columns=[Film.title, Film.director.name], search=[Film.title], filters=[Film.year, Film.genre])
    app.include(films, at="/films")

- ``grid``: Grid, an app; ``options``: what may be said of one; ``routes``: its pages; ``plan``: what is known of its list beforehand
- ``columns``, ``cells``, ``naming``: what is shown, and how it is called; ``facets``: what is filtered by
- ``asked``, ``listing``, ``paging``: the question of a request, what was found, and the page of it
- ``visit``, ``trail``, ``links``, ``keys``, ``permits``: where a request is in the grids, and who may do what
- ``pages``, ``editing``, ``modelforms``, ``inlines``, ``deleting``, ``acting``, ``actions``, ``exporting``: what the pages do
- ``shownlist``, ``table``, ``controls``, ``searchbuilder``, ``page``, ``texts``, ``telling``: what they look like
"""

from segue.grid.actions import Action
from segue.grid.columns import Column
from segue.grid.facets import Bits, Facet, Has, Range, Values
from segue.grid.grid import Grid
from segue.grid.options import GridOptions

__all__ = ["Action", "Bits", "Column", "Facet", "Grid", "GridOptions", "Has", "Range", "Values"]
