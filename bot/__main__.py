"""The command line: ``python -m bot run``, ``demo``, ``check`` or ``backup FILE``."""

import asyncio
import gc
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    CliApp,
    CliPositionalArg,
    CliSubCommand,
    CliToggleFlag,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    get_subcommand,
)

from bot import log
from bot.errors import ConfigurationError, VeogramError
from bot.settings import Settings

FAILED = 1
EX_USAGE = 2  # as argparse has it
EX_CONFIG = 78  # as sysexits.h has it
INTERRUPTED = 130

logger = logging.getLogger(__name__)


class Run(BaseModel):
    """Run the bot; TELEGRAM_TOKEN and KIE_API_KEY come from the environment or .env."""

    def execute(self) -> int:
        """Run until SIGTERM or SIGINT; return the exit code."""
        settings = Settings.load()
        with loading():
            from bot import app  # noqa: PLC0415 - wrong settings are told before all this is loaded

        log.setup(settings.log_level, settings.log_format, settings.secrets)
        for warning in settings.warnings:
            logger.warning(warning)
        return app.run(settings, _invite)


class Demo(BaseModel):
    """Try the bot in the browser, between stand-ins for Telegram and KIE: no account, no money."""

    once: str | None = Field(
        None, description='one order in the terminal instead, such as "/generate a paper boat"'
    )
    out: Path = Field(Path(), description="folder for its video; default: the current one")
    speed: float = Field(
        20, ge=1, le=100, description="how many times faster than the real one KIE works"
    )
    port: int = Field(0, ge=0, le=65535, description="port of the page; default: any free one")

    def execute(self) -> int:
        """Run until SIGTERM or SIGINT, or until the one video is there; return the exit code."""
        from bot.demo import once, run, show  # noqa: PLC0415 - production never loads the demo

        stage, say = show.Stage(speed=self.speed), partial(print, flush=True)
        if self.once is not None:
            return asyncio.run(once.main(stage, self.once, self.out, say))
        return asyncio.run(run.main(stage, say, partial(print, file=sys.stderr), self.port))


class Check(BaseModel):
    """Look at settings, Telegram, KIE, database and disk, and say how to mend what is wrong."""

    as_json: CliToggleFlag[bool] = Field(False, alias="json", description="as JSON")

    def execute(self) -> int:
        """Print the findings; return 0 when nothing failed, 78 when the settings are wrong."""
        from bot import check  # noqa: PLC0415 - the bot itself does without it

        render = check.as_json if self.as_json else check.as_text
        try:
            settings = Settings.load()
        except ConfigurationError as error:
            wrong = check.Finding(check.Verdict.FAIL, str(error))
            print(render({"settings": wrong}))
            return EX_CONFIG
        log.setup("ERROR", settings.log_format, settings.secrets)
        findings = asyncio.run(check.examine(settings))
        print(render(findings))
        return 0 if check.works(findings.values()) else FAILED


class Backup(BaseModel):
    """Copy the database to FILE, also while the bot runs; the copy is whole or not there."""

    file: CliPositionalArg[Path] = Field(description="the copy to write; a former one is replaced")

    def execute(self) -> int:
        """Copy; raises StorageError when that is not possible."""
        from storage.database import backup  # noqa: PLC0415 - the demo does without it

        backup(Settings.load().database_path, self.file)
        print(f"The database was copied to {self.file}.")
        return 0


class Veogram(BaseSettings):
    """A Telegram bot that makes Veo 3.1 videos through KIE.ai."""

    model_config = SettingsConfigDict(cli_prog_name="python -m bot", cli_kebab_case=True)

    run: CliSubCommand[Run] = Field(description="run the bot")
    demo: CliSubCommand[Demo] = Field(description="try it in the browser, without any account")
    check: CliSubCommand[Check] = Field(description="say what is wrong and how to mend it")
    backup: CliSubCommand[Backup] = Field(description="copy the database, also while it is used")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the command line only: CHECK=1 in the environment is no command."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


@contextmanager
def loading() -> Iterator[None]:
    """Spare what is loaded, for it stays to the end, the search for garbage.

    While it is loaded a tenth of the time went there, later every full search held the event loop
    up for some 50 ms.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _invite(link: str) -> None:
    print("There is no admin yet. Whoever opens this link first becomes it:", link, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments (default: the process's) name; return its exit code."""
    try:
        parsed = CliApp.run(Veogram, None if arguments is None else list(arguments))
    except ValidationError as error:
        for problem in error.errors():
            name, *option = map(str, problem["loc"])
            where = f"python -m bot {name} --{'.'.join(option)}"
            print(f"{where}: {problem['msg']}", file=sys.stderr)
        return EX_USAGE
    command: Any = get_subcommand(parsed, is_required=False)
    if command is None:
        CliApp.print_help(Veogram)
        return EX_USAGE
    return exit_code(command.execute)


def exit_code(execute: Callable[[], int]) -> int:
    """Run a command and return its exit code; what goes wrong is a sentence on stderr."""
    try:
        return execute()
    except VeogramError as error:
        print(error, file=sys.stderr)
        return EX_CONFIG if isinstance(error, ConfigurationError) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:  # the border of the process: a traceback may only leave through the log
        logger.exception("Veogram stopped because of a fault in the program")
        return FAILED


if __name__ == "__main__":
    sys.exit(main())
