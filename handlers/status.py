"""What the status card says of a job under way."""

from bot.catalog import Catalog, Field
from bot.jobs.messenger import Sending, Status, Waiting, Working
from bot.models import Job, Kind, State
from handlers.sentences.labels import Labels
from handlers.sentences.speech import Html
from handlers.texts import Texts


def said(job: Job, status: Status, catalog: Catalog, texts: Texts) -> Html:
    """Put a status into words."""
    match status:
        case Waiting(paused_account=True):
            return texts.progress.waiting_for_account()
        case Waiting(paused_model=True):
            return texts.progress.waiting_for_model(_what_is_off(job, catalog, texts.labels))
        case Waiting(place):
            return texts.progress.queued(place)
        case Working() if job.state is State.SUBMITTING:
            return texts.progress.submitting()
        case Working(share, rest):
            return texts.progress.generating(job.kind, share, rest)
        case Sending(trouble):
            return texts.progress.sending(trouble)


def _what_is_off(job: Job, catalog: Catalog, labels: Labels) -> str:
    """What is made of a video is called by its button."""
    if job.kind is not Kind.GENERATE:
        return labels.kind(job.kind)
    return labels.value(catalog, Field.MODEL, job.options.model)
