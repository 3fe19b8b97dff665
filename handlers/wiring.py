"""Registers every handler with the framework, in the order in which they are asked."""

from collections.abc import Callable

from bot.jobs.service import Service
from handlers import gate
from handlers.admin import Admin
from handlers.context import App
from handlers.errors import Errors
from handlers.gate import Gate
from handlers.generate import Generate
from handlers.jobs import Jobs
from handlers.questions import Questions
from handlers.quota import QuotaCommand
from handlers.start import Start
from handlers.texts import Languages


def register(
    application: App, service: Service, languages: Languages, clock: Callable[[], float]
) -> None:
    """The gate goes first, the conversation before what answers anything."""
    start = Start(service)
    application.add_handler(Gate(service, languages).handler(), gate.GROUP)
    application.add_handlers(
        [
            *start.handlers(),
            *QuotaCommand(service, clock).handlers(),
            *Jobs(service).handlers(),
            *Admin(service).handlers(),
            Generate(service, Questions(service)).handler(),
            *start.last_handlers(),
        ]
    )
    application.add_error_handler(Errors(languages, service.catalog).handle)
