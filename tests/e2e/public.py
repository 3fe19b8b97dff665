"""Settings under which the bot's web server can be reached from outside."""

import socket


def free_port() -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


def reachable(**more: str) -> dict[str, str]:
    """Return settings for a bot with a public address."""
    port = str(free_port())
    return {"PORT": port, "PUBLIC_URL": f"http://127.0.0.1:{port}"} | more
