"""Reads the truth about a job's task from KIE."""

from bot.errors import TryLater
from bot.kie.client import KieClient
from bot.kie.wire import Record
from bot.models import Job


async def read_record(kie: KieClient, job: Job) -> Record:
    """Return the record of the newest attempt's task; raises KieError."""
    if job.task_id is None or job.dialect is None:
        raise TryLater(text="the task is not known")
    return await kie.record(job.task_id, job.dialect, job.kind)
