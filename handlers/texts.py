"""Every sentence that people read, bound to a language.

English stands in the source; translations are gettext catalogues in ``locales``:
``<language>/LC_MESSAGES/veogram.mo``, made as ``locales/babel.cfg`` describes.
"""

import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from handlers.sentences.admin import AdminTexts
from handlers.sentences.cards import CardTexts
from handlers.sentences.failures import FailureTexts
from handlers.sentences.labels import Labels
from handlers.sentences.money import MoneyTexts
from handlers.sentences.photos import PhotoTexts
from handlers.sentences.progress import JobsTexts, ProgressTexts
from handlers.sentences.requests import RequestTexts
from handlers.sentences.results import ResultTexts
from handlers.sentences.welcome import AccessTexts, WelcomeTexts

DOMAIN = "veogram"
SOURCE_LANGUAGE = "en"
LOCALES = Path(__file__).parent / "locales"


@dataclass(frozen=True, slots=True)
class Texts:
    """The sentences by topic; they are HTML, but for ``labels`` and others that say so."""

    language: str
    labels: Labels
    welcome: WelcomeTexts
    access: AccessTexts
    request: RequestTexts
    photo: PhotoTexts
    card: CardTexts
    money: MoneyTexts
    progress: ProgressTexts
    jobs: JobsTexts
    result: ResultTexts
    failure: FailureTexts
    admin: AdminTexts

    @classmethod
    def speaking(cls, language: str, catalogue: gettext.NullTranslations) -> "Texts":
        """Bind every topic to one catalogue."""
        return cls(
            language=language,
            labels=Labels(catalogue),
            welcome=WelcomeTexts(catalogue),
            access=AccessTexts(catalogue),
            request=RequestTexts(catalogue),
            photo=PhotoTexts(catalogue),
            card=CardTexts(catalogue),
            money=MoneyTexts(catalogue),
            progress=ProgressTexts(catalogue),
            jobs=JobsTexts(catalogue),
            result=ResultTexts(catalogue),
            failure=FailureTexts(catalogue),
            admin=AdminTexts(catalogue),
        )


class Languages:
    """Finds the texts for a Telegram ``language_code``; reads each catalogue once."""

    def __init__(self, folder: Path = LOCALES) -> None:
        self._catalogues = _catalogues(folder)
        self._spoken: dict[str, Texts] = {}

    @property
    def codes(self) -> tuple[str, ...]:
        """The languages that can be chosen, the source's first."""
        return (SOURCE_LANGUAGE, *sorted(set(self._catalogues) - {SOURCE_LANGUAGE}))

    def for_language(self, code: str | None) -> Texts:
        """Return the texts nearest to ``code`` (``pt-br``: pt_BR, else pt, else English)."""
        language = self._nearest(code or SOURCE_LANGUAGE)
        if language not in self._spoken:
            self._spoken[language] = Texts.speaking(language, self._read(language))
        return self._spoken[language]

    def _nearest(self, code: str) -> str:
        known = {known.lower(): known for known in self.codes}
        wanted = code.replace("-", "_").lower()
        while wanted and wanted not in known:
            wanted = wanted.rpartition("_")[0]
        return known.get(wanted, SOURCE_LANGUAGE)

    def _read(self, language: str) -> gettext.NullTranslations:
        path = self._catalogues.get(language)
        if path is None:
            return gettext.NullTranslations()
        with path.open("rb") as file:
            return gettext.GNUTranslations(file)


def _catalogues(folder: Path) -> Mapping[str, Path]:
    files = folder.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")
    return {path.parent.parent.name: path for path in files}
