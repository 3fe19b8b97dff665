"""The design that most public bots share, to be measured against: nothing outlives the process.

A task per job, a record read in fixed pauses, the whole video in memory.
"""

import asyncio
import os
from typing import Any

import httpx
from telegram import Update
from telegram.ext import Application, CommandHandler, ContextTypes

GENERATING = 0


class Naive:
    """Answers ``/generate``."""

    def __init__(self, client: httpx.AsyncClient, pause_seconds: float) -> None:
        self._client = client
        self._pause_seconds = pause_seconds

    async def generate(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Ask KIE and watch what becomes of it."""
        message = update.effective_message
        if message is None:
            return
        prompt = " ".join(context.args or ()).replace("—", "--").replace("--go", "").strip()
        await message.reply_text("Generating…")
        body = {"prompt": prompt, "model": "veo3_fast", "aspect_ratio": "16:9"}
        body |= {"generationType": "TEXT_2_VIDEO"}
        answer = (await self._client.post("/api/v1/veo/generate", json=body)).json()
        watch = self._watch(message.chat_id, prompt, answer["data"]["taskId"], context)
        context.application.create_task(watch)

    async def _watch(
        self, chat_id: int, prompt: str, task_id: str, context: ContextTypes.DEFAULT_TYPE
    ) -> None:
        record: dict[str, Any] = {"successFlag": GENERATING}
        while record["successFlag"] == GENERATING:
            await asyncio.sleep(self._pause_seconds)
            params = {"taskId": task_id}
            answer = await self._client.get("/api/v1/veo/record-info", params=params)
            record = answer.json()["data"]
        video = await self._client.get(record["response"]["resultUrls"][0])
        await context.bot.send_video(chat_id, video.content, caption=prompt, write_timeout=120)


def main() -> None:
    """Run until a signal comes."""
    env = os.environ
    client = httpx.AsyncClient(
        base_url=env["KIE_API_URL"],
        headers={"Authorization": f"Bearer {env['KIE_API_KEY']}", "User-Agent": "Naive/1"},
        limits=httpx.Limits(max_connections=None),
        timeout=60,
    )
    naive = Naive(client, float(env["POLL_MIN_SECONDS"]))
    builder = Application.builder().token(env["TELEGRAM_TOKEN"])
    builder = builder.base_url(f"{env['TELEGRAM_API_URL']}/bot").connection_pool_size(256)
    application = builder.pool_timeout(60).build()
    application.add_handler(CommandHandler("generate", naive.generate))
    application.run_polling()


if __name__ == "__main__":
    main()
