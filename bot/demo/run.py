"""``make demo``: the unmodified bot between the two stand-ins, and a page to watch and try it."""

import contextlib
from collections.abc import AsyncIterator, Callable
from secrets import token_urlsafe

from starlette.applications import Starlette
from starlette.routing import Mount

from bot.demo.loopback import Loopback
from bot.demo.page import DemoPage
from bot.demo.show import Stage
from bot.demo.theatre import Theatre
from bot.demo.waiting import race, signalled, until
from bot.errors import ConfigurationError


async def main(
    stage: Stage, say: Callable[[str], None], complain: Callable[[str], None], port: int = 0
) -> int:
    """Run until a signal comes (0) or the bot ends (1); returns the exit code.

    Raises ConfigurationError when the port is taken.

    ``say`` gets one line, the address of the page, once the bot listens; ``complain`` what went
    wrong. The page is served at ``port``, 0: any free one.
    """
    theatre = Theatre(stage)
    with signalled() as stopped:
        async with _served(theatre, stage.host, port) as address:
            try:
                await race(theatre.open(), until(stopped))
                if theatre.show is not None:
                    say(address)
                    await race(until(theatre.over), until(stopped))
            finally:
                await theatre.close()
    return _outcome(theatre, complain)


def _outcome(theatre: Theatre, complain: Callable[[str], None]) -> int:
    if theatre.trouble:
        complain(theatre.trouble)
    return 1 if theatre.trouble else 0


@contextlib.asynccontextmanager
async def _served(theatre: Theatre, host: str, port: int) -> AsyncIterator[str]:
    """Serve the page under a path that nobody can guess; give its address.

    Raises ConfigurationError when the port is taken.
    """
    path = f"/demo/{token_urlsafe(16)}"
    server = Loopback(Starlette(routes=[Mount(path, DemoPage(theatre).app)]), "veogram-demo")
    try:
        await server.start(host, port)
    except OSError as error:
        raise ConfigurationError(
            f"Cannot listen on {host} port {port}: {error.strerror}. Choose another --port."
        ) from error
    try:
        yield f"{server.url}{path}/"
    finally:
        await server.stop()
