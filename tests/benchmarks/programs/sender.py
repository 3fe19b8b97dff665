"""Sends the POST requests of its standard input, and tells in how many seconds all were answered.

Arguments: the port on loopback, and how many kept connections take turns.
"""

import asyncio
import json
import sys
import time


async def main() -> None:
    """Send; ends with an error when one is not answered with 200."""
    port, connections = int(sys.argv[1]), int(sys.argv[2])
    requests = [_written(each) for each in json.load(sys.stdin)]
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]
    begun = time.perf_counter()
    await asyncio.gather(*(_use(*pair, requests) for pair in streams))
    sys.stdout.write(f"{time.perf_counter() - begun}")
    for _, writer in streams:
        writer.close()


def _written(each: dict[str, object]) -> bytes:
    body = str(each["body"]).encode()
    headers = each["headers"] if isinstance(each["headers"], dict) else {}
    lines = [
        f"POST {each['path']} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _use(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, requests: list[bytes]
) -> None:
    while requests:
        writer.write(requests.pop())
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            sys.exit(1)
        length = next(line for line in head.lower().split(b"\r\n") if b"content-length" in line)
        await reader.readexactly(int(length.partition(b":")[2]))


if __name__ == "__main__":
    asyncio.run(main())
