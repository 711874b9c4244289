"""Names that the data have in English, and that each reader sees in their own language: templates say ``_(genre.name)``."""

from segue.i18n import lazy_gettext as _

GENRES = (
    _("Action"),
    _("Adventure"),
    _("Black Comedy"),
    _("Comedy"),
    _("Concert/Performance"),
    _("Documentary"),
    _("Drama"),
    _("Horror"),
    _("Musical"),
    _("Romantic Comedy"),
    _("Thriller/Suspense"),
    _("Western"),
)
RATINGS = (_("Not Rated"), _("Open"))
