"""A task for every job that waits, as the naive design has it; ends with standard input."""

import asyncio
import sys


async def main() -> None:
    """Make as many tasks as the argument says, report, and wait."""
    stop = asyncio.Event()

    async def job(prompt: str, chat_id: int) -> None:
        while not stop.is_set():
            await asyncio.sleep(3600)
            sys.stdout.write(f"{prompt} {chat_id}")

    tasks = [asyncio.create_task(job(f"A cat {each}", each)) for each in range(int(sys.argv[1]))]
    await asyncio.sleep(0)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    asyncio.get_running_loop().add_reader(sys.stdin, stop.set)
    await stop.wait()
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
