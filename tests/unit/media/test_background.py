"""Heavy work gives way to the event loop."""

import os
import sys
import threading

from bot.media import background


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_heavy_work_gives_way_and_nothing_else_does() -> None:
    usual = niceness()
    expected = min(usual + background.NICENESS, 19) if sys.platform == "linux" else usual
    with background.executor(1, "heavy") as executor:
        assert executor.submit(niceness).result() == expected
    assert niceness() == usual
