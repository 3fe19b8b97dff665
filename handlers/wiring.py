"""Registers every handler with the framework, in the order in which they are asked."""

from collections.abc import Callable

from bot.jobs.service import Service
from bot.media.library import Library
from bot.updates.albums import Albums
from handlers import gate
from handlers.admin import Admin
from handlers.context import App
from handlers.errors import Errors
from handlers.gate import Gate
from handlers.generate import Generate
from handlers.jobs import Jobs
from handlers.photos import Photos
from handlers.questions import Questions
from handlers.quota import QuotaCommand
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
) -> None:
    """The gate goes first, the conversation before what answers anything."""
    start = Start(service)
    generate = Generate(service, Questions(service))
    photos = Photos(service, library, albums, generate)
    application.add_handler(Gate(service, languages).handler(), gate.GROUP)
    application.add_handlers(
        [
            *start.handlers(),
            *QuotaCommand(service, clock).handlers(),
            *Jobs(service).handlers(),
            *Admin(service).handlers(),
            generate.handler(photos.handlers()),
            *start.last_handlers(),
        ]
    )
    application.add_error_handler(Errors(languages, service.catalog).handle)
