"""Registers every handler with the framework, in the order in which they are asked."""

from collections.abc import Callable

from bot.jobs.access import Admission
from bot.jobs.chats import Chats
from bot.jobs.erasure import Erasure
from bot.jobs.further import Further
from bot.jobs.history import History
from bot.jobs.preferences import Preferences
from bot.jobs.service import Service
from bot.media.library import Library
from bot.models import Step
from bot.updates.albums import Albums
from handlers import chats as chat_changes
from handlers import gate, private
from handlers.access import AccessHandlers
from handlers.admin import Admin
from handlers.chats import ChatHandlers
from handlers.context import App
from handlers.errors import Errors
from handlers.farewell import Farewell
from handlers.gate import Gate
from handlers.generate import Generate
from handlers.history import HistoryHandlers
from handlers.jobs import Jobs
from handlers.photos import Photos
from handlers.questions import Questions
from handlers.quota import QuotaCommand
from handlers.results import Results
from handlers.settings import SettingsHandlers
from handlers.start import Start
from handlers.texts import Languages


def register(
    application: App,
    service: Service,
    languages: Languages,
    clock: Callable[[], float],
    *,
    library: Library,
    albums: Albums,
    further: Further,
    admission: Admission,
    chats: Chats,
    history: History,
    preferences: Preferences,
    erasure: Erasure,
) -> None:
    """The gate goes first, the conversation before what answers anything."""
    start = Start(service)
    questions = Questions(service)
    settings = SettingsHandlers(service, preferences, questions, languages)
    answers = {Step.DEFAULT_WATERMARK: settings.take_watermark}
    generate = Generate(service, further, questions, answers)
    photos = Photos(service, library, albums, generate)
    again = HistoryHandlers(service, history)
    moves = ChatHandlers(service, chats, questions, languages)
    application.add_handlers(moves.handlers(), chat_changes.GROUP)
    application.add_handler(Gate(service, languages, clock).handler(), gate.GROUP)
    application.add_handlers(
        [
            *AccessHandlers(service, admission).handlers(),
            *start.handlers(),
            *QuotaCommand(service, clock).handlers(),
            *Jobs(service).handlers(),
            *Results(service, further, again, generate).handlers(),
            *Admin(service).handlers(),
            *again.handlers(),
            *settings.handlers(),
            *Farewell(service, erasure).handlers(),
            *private.handlers(),
            generate.handler(photos.handlers()),
            *start.last_handlers(),
        ]
    )
    application.add_error_handler(Errors(languages, service.catalog).handle)
