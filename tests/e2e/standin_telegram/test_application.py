"""A real Application of python-telegram-bot lives with the stand-in."""

from telegram import (
    Update,
)
from telegram.constants import ParseMode
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from bot.demo.people import Person
from bot.demo.telegram import TelegramStandin
from tests.e2e.botapi import problems
from tests.e2e.standin_telegram.conftest import KEYBOARD, TOKEN


async def _start(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    await update.message.reply_text("<b>Hello</b>", ParseMode.HTML, reply_markup=KEYBOARD)


async def _echo(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    await update.message.reply_text(f"you said {update.message.text}")


async def _pressed(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.callback_query is not None
    await update.callback_query.answer("going")
    await update.callback_query.edit_message_text("⏳ 10 %")


async def test_a_real_application_polls_answers_and_edits(
    telegram: TelegramStandin, ada: Person
) -> None:
    application = (
        Application.builder()
        .token(TOKEN)
        .base_url(f"{telegram.url}/bot")
        .base_file_url(f"{telegram.url}/file/bot")
        .build()
    )
    application.add_handler(CommandHandler("start", _start))
    application.add_handler(CallbackQueryHandler(_pressed))
    application.add_handler(MessageHandler(filters.TEXT, _echo))
    assert application.updater is not None
    async with application:
        await application.start()
        await application.updater.start_polling(timeout=10)
        await ada.send("/start")
        card = (await telegram.wait_for(lambda: ada.private.from_bot))[-1]
        press = await ada.press(card, "Generate")
        await telegram.wait_for(lambda: press.answer and card.text == "⏳ 10 %")
        await ada.send("it's <raw>")
        await telegram.wait_for(lambda: ada.private.last.text == "you said it's <raw>")
        await application.updater.stop()
        await application.stop()

    assert card.rows == ()
    assert telegram.violations == []
    assert problems(telegram.calls) == []
