"""What an application may say about its languages: where its translations are, and which one is spoken."""

import os

from segue.core.pages.assets import located
from segue.core.ports import Extracts, Speaks
from segue.core.recording import Recording, Req_co
from segue.core.texts.records import Translations

__all__ = ["Spoken"]


class Spoken(Recording[Req_co]):
    """Records where translations are. The core translates nothing: ``segue.i18n`` does."""

    def translations(
        self, folder: "str | os.PathLike[str]" = "translations", *, domain: str = "messages"
    ) -> None:
        """Names a folder of translations of this app, for the one that is served and speaks languages.

            blog = App("blog")
            blog.translations("translations", domain="blog")

        A relative folder is looked for beside the file that says so; ``"package:folder"`` is in a package. ``domain``: the
        name of its catalogues. Those of an app hide those of the apps it includes, for texts of one domain.
        """
        place, _ = self._declaring("a folder of translations")
        self.declared.texts.translations.append(Translations(located(folder, place), domain, place))

    def speaks(self, speaks: Speaks) -> None:
        """Lets ``speaks`` say in which language a request is answered. ``I18n`` of ``segue.i18n`` does this."""
        place, _ = self._declaring("a language of requests")
        self.declared.texts.speaks.append((speaks, place))

    def extracts(self, extracts: Extracts) -> None:
        """Lets ``extracts`` find the texts in files of a kind, such as templates: for ``segue i18n extract``."""
        self._declaring("an extractor of texts")
        self.declared.texts.extracts.append(extracts)
