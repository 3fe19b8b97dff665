"""A bot with nothing between the framework and its handler, to be measured against."""

import os

from telegram import Update
from telegram.ext import Application, CommandHandler, ContextTypes


async def answer(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """Say something."""
    if update.effective_chat is not None:
        await context.bot.send_message(update.effective_chat.id, "Help yourself.")


def main() -> None:
    """Run until a signal comes."""
    builder = Application.builder().token(os.environ["TELEGRAM_TOKEN"])
    application = builder.base_url(f"{os.environ['TELEGRAM_API_URL']}/bot").build()
    application.add_handler(CommandHandler("help", answer))
    application.run_polling()


if __name__ == "__main__":
    main()
