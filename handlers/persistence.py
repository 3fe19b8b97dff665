"""Gives the conversation its state back after a restart: the step of each open draft."""

from typing import Any

from telegram.ext import BasePersistence, PersistenceInput
from telegram.ext._utils.types import CDCData, ConversationDict, ConversationKey

from bot.jobs.service import Service
from handlers.context import Data


class DraftPersistence(BasePersistence[Data, Data, Data]):
    """Nothing is written here: a draft's step was committed with the draft itself."""

    def __init__(self, service: Service) -> None:
        nothing = PersistenceInput(
            bot_data=False, chat_data=False, user_data=False, callback_data=False
        )
        super().__init__(store_data=nothing)
        self._service = service

    async def get_conversations(self, name: str) -> ConversationDict:  # noqa: ARG002 - there is one
        """Return the state by (chat id, user id)."""
        return {key: step for key, step in (await self._service.open_steps()).items()}  # noqa: C416 - widens the types

    async def update_conversation(
        self, name: str, key: ConversationKey, new_state: object | None
    ) -> None:
        """The draft's own transaction has said it already."""

    async def get_bot_data(self) -> Data:
        """Not kept."""
        return {}

    async def get_chat_data(self) -> dict[int, Data]:
        """Not kept."""
        return {}

    async def get_user_data(self) -> dict[int, Data]:
        """Not kept."""
        return {}

    async def get_callback_data(self) -> CDCData | None:
        """Not kept."""
        return None

    async def update_bot_data(self, data: Data) -> None:
        """Not kept."""

    async def update_chat_data(self, chat_id: int, data: Data) -> None:
        """Not kept."""

    async def update_user_data(self, user_id: int, data: Data) -> None:
        """Not kept."""

    async def update_callback_data(self, data: CDCData) -> None:
        """Not kept."""

    async def drop_chat_data(self, chat_id: int) -> None:
        """Not kept."""

    async def drop_user_data(self, user_id: int) -> None:
        """Not kept."""

    async def refresh_bot_data(self, bot_data: Data) -> None:
        """Not kept."""

    async def refresh_chat_data(self, chat_id: int, chat_data: Any) -> None:
        """Not kept."""

    async def refresh_user_data(self, user_id: int, user_data: Any) -> None:
        """Not kept."""

    async def flush(self) -> None:
        """Nothing waits to be written."""
