"""Every sentence that people read, bound to a language.

English stands in the source; translations are gettext catalogues in ``locales``:
``<language>/LC_MESSAGES/veogram.po``, kept as ``locales/babel.cfg`` describes and read as they are:
there is no compiled copy that could be missing or old.
"""

import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from handlers.sentences.admin import AdminTexts
from handlers.sentences.cards import CardTexts
from handlers.sentences.failures import FailureTexts
from handlers.sentences.labels import Labels
from handlers.sentences.menu import MenuTexts
from handlers.sentences.money import MoneyTexts
from handlers.sentences.own import FarewellTexts, HistoryTexts, SettingsTexts
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
    menu: MenuTexts
    welcome: WelcomeTexts
    access: AccessTexts
    request: RequestTexts
    photo: PhotoTexts
    card: CardTexts
    money: MoneyTexts
    progress: ProgressTexts
    jobs: JobsTexts
    history: HistoryTexts
    settings: SettingsTexts
    farewell: FarewellTexts
    result: ResultTexts
    failure: FailureTexts
    admin: AdminTexts

    @classmethod
    def speaking(cls, language: str, catalogue: gettext.NullTranslations) -> "Texts":
        """Bind every topic to one catalogue."""
        return cls(
            language=language,
            labels=Labels(catalogue),
            menu=MenuTexts(catalogue),
            welcome=WelcomeTexts(catalogue),
            access=AccessTexts(catalogue),
            request=RequestTexts(catalogue),
            photo=PhotoTexts(catalogue),
            card=CardTexts(catalogue),
            money=MoneyTexts(catalogue),
            progress=ProgressTexts(catalogue),
            jobs=JobsTexts(catalogue),
            history=HistoryTexts(catalogue),
            settings=SettingsTexts(catalogue),
            farewell=FarewellTexts(catalogue),
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
        return gettext.NullTranslations() if path is None else _read(path, language)


def _catalogues(folder: Path) -> Mapping[str, Path]:
    files = folder.glob(f"*/LC_MESSAGES/{DOMAIN}.po")
    return {path.parent.parent.name: path for path in files}


def _read(path: Path, language: str) -> gettext.GNUTranslations:
    """Compile a catalogue in memory; what is not translated, or unsure, stays English."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language, domain=DOMAIN)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
