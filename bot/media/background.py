"""Threads for heavy work on photos and videos: they give way to all else in the process."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

# As nice(2) has it: with too few cores for both, the event loop runs and the decoder waits.
NICENESS = 10


def executor(workers: int, name: str) -> ThreadPoolExecutor:
    """Return what runs functions in so many threads, which bear the ``name``."""
    return ThreadPoolExecutor(workers, thread_name_prefix=name, initializer=_give_way)


def _give_way() -> None:
    # Elsewhere it would be the priority of the whole process (setpriority(2), "C library/kernel
    # differences").
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICENESS)
