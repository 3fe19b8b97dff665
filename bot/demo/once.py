"""``demo --once``: one order in a terminal, from the command to the file, told as it happens."""

from collections.abc import Callable
from pathlib import Path
from shutil import copyfile

from bot.demo import cast, transcript
from bot.demo.chats import Message
from bot.demo.show import Show, Stage
from bot.demo.theatre import Theatre
from bot.demo.waiting import race, signalled, until, within
from bot.errors import VeogramError

GENERATE = "Generate"
_ENDED_BADLY = frozenset({"failed", "expired", "cancelled"})
# Without an open job the bot has nothing more to say so long after its last word.
_SILENCE_SECONDS = 3.0
_LOOK_SECONDS = 0.2
_GIVES_UP_SECONDS = (3600.0, 300.0)  # divided by the speed, but never less than the second
_NAMES_TRIED = 10_000


class NoVideo(VeogramError):
    """No video was made."""


async def main(stage: Stage, text: str, folder: Path, say: Callable[[str], None]) -> int:
    """Let the admin write ``text`` and press Generate; put the video into ``folder``.

    ``say`` gets the transcript line by line, the path of the file last. Returns 0; raises NoVideo
    when there is none in the end, or it cannot be written.
    """
    if not text.strip():
        raise NoVideo('There is no order: write what it is to be, such as "/generate a fox".')
    folder = _usable(folder)
    with signalled() as stopped:
        await race(_ordered(stage, text, folder, say), until(stopped))
        if stopped.is_set():
            raise NoVideo("Stopped before there was a video.")
    return 0


async def _ordered(stage: Stage, text: str, folder: Path, say: Callable[[str], None]) -> None:
    theatre = Theatre(stage)
    try:
        await theatre.open()
        show = _playing(theatre)
        video = await _Order(theatre, show, stage, say).made(text)
        say(str(_kept(show, video, folder)))
    finally:
        await theatre.close()


class _Order:
    """What becomes of one message in the admin's chat."""

    def __init__(
        self, theatre: Theatre, show: Show, stage: Stage, say: Callable[[str], None]
    ) -> None:
        self._theatre = theatre
        self._show = show
        self._clock = stage.clock
        self._say = say
        self._admin = show.cast.people[cast.ADMIN.id]
        self._told: dict[int, list[str]] = {}
        self._pressed: set[int] = set()
        self._moved_at = stage.clock()
        usual, least = _GIVES_UP_SECONDS
        self._gives_up_at = stage.clock() + max(usual / stage.speed, least)

    async def made(self, text: str) -> Message:
        """Return the message with the video. Raises NoVideo."""
        await self._admin.send(text)
        while True:
            self._tell()
            found = next(
                (each for each in self._admin.private.messages if transcript.is_result(each)), None
            )
            if found is not None:
                return found
            await self._press()
            self._check()
            await within(_LOOK_SECONDS, self._theatre.changed.wait())

    def _tell(self) -> None:
        """Say what stands in the chat and was not said yet, or otherwise."""
        for message in self._admin.private.messages:
            if message.video and not transcript.is_result(message):
                continue  # the status card, just before the video is sent
            lines = list(transcript.lines(message))
            if self._told.get(message.id) != lines:
                self._told[message.id] = lines
                self._moved_at = self._clock()
                for line in lines:
                    self._say(line)

    async def _press(self) -> None:
        for message in self._admin.private.from_bot:
            label = next((label for label in message.labels if GENERATE in label), None)
            if label is not None and message.id not in self._pressed:
                self._pressed.add(message.id)
                await self._admin.press(message, label)
                self._say(f"{cast.ADMIN.name} presses [{label}]")
                self._moved_at = self._clock()

    def _check(self) -> None:
        """Raise NoVideo when there is nothing left to wait for."""
        _playing(self._theatre)
        if self._clock() > self._gives_up_at:
            raise NoVideo("No video was made in time.")
        states = {job["state"] for job in self._show.page.jobs.values()}
        if states <= _ENDED_BADLY and self._clock() > self._moved_at + _SILENCE_SECONDS:
            raise NoVideo("No video was made; the bot's last words say why.")


def _playing(theatre: Theatre) -> Show:
    if theatre.trouble or theatre.show is None:
        raise NoVideo(theatre.trouble)
    return theatre.show


def _usable(folder: Path) -> Path:
    """Return the folder, made where it does not exist; known before anything is begun."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NoVideo(f"{folder} cannot hold the video: {error.strerror}.") from error
    return folder.resolve()


def _kept(show: Show, message: Message, folder: Path) -> Path:
    """Copy the video as Telegram has it; nothing that lies there is replaced."""
    video = message.video or {}
    stored = show.telegram.telegram.uploads.file(str(video.get("file_id")))
    name = Path(str(video.get("file_name") or "veogram.mp4"))
    if stored is None:
        raise NoVideo("The video was sent, but its file is gone.")
    names = (f"{name.stem}{f'-{n}' if n > 1 else ''}.mp4" for n in range(1, _NAMES_TRIED))
    free = next(path for path in (folder / each for each in names) if not path.exists())
    try:
        copyfile(stored.path, free)
    except OSError as error:
        raise NoVideo(f"{free} cannot be written: {error.strerror}.") from error
    return free
