import logging
import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.errors import ConfigurationError
from bot.models import Dialect
from bot.settings import Settings, table

TOKEN = "123456:AAF-secret_tail"
KEY = "0123kiekey4567"
GOOD = {"TELEGRAM_TOKEN": TOKEN, "KIE_API_KEY": KEY}


def load(**given: str) -> Settings:
    return Settings.load(GOOD | given, env_file=None)


def problems(environ: dict[str, str], env_file: Path | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        Settings.load(environ, env_file)
    lines = str(caught.value).splitlines()
    return [line.removeprefix("- ") for line in lines if line.startswith("- ")]


def test_defaults_are_the_promised_ones() -> None:
    assert {row.name: row.default for row in table()} == {
        "TELEGRAM_TOKEN": "required",
        "KIE_API_KEY": "required",
        "TELEGRAM_API_URL": "https://api.telegram.org",
        "TELEGRAM_UPLOAD_MAX_MB": "50",
        "TELEGRAM_MODE": "polling",
        "KIE_API_URL": "https://api.kie.ai",
        "KIE_UPLOAD_URL": "https://kieai.redpandaai.co",
        "KIE_DIALECT": "veo",
        "KIE_WEBHOOK_HMAC_KEY": "none",
        "KIE_MAX_CONCURRENT": "10",
        "KIE_CREATES_PER_10S": "20",
        "KIE_CREDITS_LOW": "500",
        "PUBLIC_URL": "none",
        "PHOTO_HOSTING": "kie",
        "HOST": "127.0.0.1",
        "PORT": "8080",
        "DATA_DIR": "data",
        "ADMIN_IDS": "none",
        "ACCESS": "invited",
        "DAILY_CREDITS": "300",
        "DAILY_CREDITS_TOTAL": "none",
        "MAX_JOBS_PER_USER": "3",
        "PROMPT_MAX_CHARS": "1000",
        "POLL_EXPECTED_SECONDS": "180",
        "POLL_MIN_SECONDS": "5",
        "SOFT_DEADLINE_SECONDS": "900",
        "HARD_DEADLINE_SECONDS": "86400",
        "CATALOG_FILE": "none",
        "RESULT_MAX_MB": "1024",
        "TRUSTED_MEDIA_HOSTS": "none",
        "KEEP_VIDEOS_DAYS": "14",
        "LOG_LEVEL": "INFO",
        "LOG_FORMAT": "text",
    }


def test_every_setting_is_described() -> None:
    assert [row.name for row in table() if not row.description] == []


def test_values_arrive_typed_and_tidied() -> None:
    settings = load(
        ADMIN_IDS=" 7, 8,,9 ",
        TRUSTED_MEDIA_HOSTS="Media.Local, 127.0.0.1:9000,[::1]:80",
        PUBLIC_URL="https://bot.example/veo/",
        POLL_MIN_SECONDS="0.25",
        DATA_DIR=" /srv/veogram ",
        KIE_DIALECT="Market",
        ACCESS="OPEN",
        DAILY_CREDITS_TOTAL="0",
        PORT="0",
        LOG_LEVEL="debug",
    )
    assert settings.telegram_token.get_secret_value() == TOKEN
    assert settings.admin_ids == {7, 8, 9}
    assert settings.trusted_media_hosts == {"media.local", "127.0.0.1:9000", "[::1]:80"}
    assert settings.public_url == "https://bot.example/veo"
    assert settings.poll_min_seconds == 0.25
    assert settings.database_path == Path("/srv/veogram/veogram.db")
    assert settings.kie_dialect is Dialect.MARKET
    assert (settings.access, settings.daily_credits_total) == ("open", 0)
    assert (settings.port, settings.log_level) == (0, "DEBUG")


def test_empty_and_blank_values_count_as_not_set() -> None:
    assert load(PORT="", PUBLIC_URL="   ", ADMIN_IDS="") == load()


def test_lower_case_names_are_read_too() -> None:
    assert load(port="9").port == 9


def test_a_value_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValidationError):
        load().port = 1


def test_the_constructor_does_not_read_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "99")
    assert Settings.model_validate({"telegram_token": TOKEN, "kie_api_key": KEY}).port == 8080


def test_load_reads_the_environment_and_the_env_file_of_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name in {row.name for row in table()}]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    Path(".env").write_text(f"KIE_API_KEY={KEY}\nPORT=1\n", "utf-8")
    assert Settings.load().port == 1


def test_the_environment_wins_over_the_env_file_unless_it_is_empty(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(
        f'\ufeffexport KIE_API_KEY="{KEY}"  # from kie.ai\nPORT=1\nDAILY_CREDITS=7\n', "utf-8"
    )
    settings = Settings.load({"TELEGRAM_TOKEN": TOKEN, "PORT": "2", "DAILY_CREDITS": ""}, env_file)
    assert (settings.port, settings.daily_credits) == (2, 7)
    assert settings.kie_api_key.get_secret_value() == KEY


def test_an_absent_env_file_is_no_problem(tmp_path: Path) -> None:
    assert Settings.load(GOOD, tmp_path / ".env").port == 8080


def test_an_unreadable_env_file_is_told_with_all_else(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_bytes(b"PORT=\xff\xfe")
    told = problems(GOOD | {"PORT": "x"}, env_file)
    assert told[0].startswith(".env cannot be read")
    assert told[1].startswith("PORT must be")


class TestSecretFiles:
    def test_a_secret_is_read_from_the_file_that_is_named(self, tmp_path: Path) -> None:
        for name, value in (("token", TOKEN), ("key", KEY), ("hmac", "h-key")):
            (tmp_path / name).write_text(f"{value}\n", "utf-8")
        settings = Settings.load(
            {
                "TELEGRAM_TOKEN_FILE": str(tmp_path / "token"),
                "KIE_API_KEY_FILE": str(tmp_path / "key"),
                "KIE_WEBHOOK_HMAC_KEY_FILE": str(tmp_path / "hmac"),
            },
            env_file=None,
        )
        assert settings.secrets == (TOKEN, KEY, "h-key")
        assert not any("no setting" in warning for warning in settings.warnings)

    def test_the_file_may_be_named_in_the_env_file(self, tmp_path: Path) -> None:
        (tmp_path / "token").write_text(TOKEN, "utf-8")
        (tmp_path / ".env").write_text(f"TELEGRAM_TOKEN_FILE={tmp_path / 'token'}", "utf-8")
        settings = Settings.load({"KIE_API_KEY": KEY}, tmp_path / ".env")
        assert settings.telegram_token.get_secret_value() == TOKEN

    @pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe\x00"])
    def test_an_unusable_file_is_the_only_problem_told_of_that_secret(
        self, tmp_path: Path, content: bytes | None
    ) -> None:
        path = tmp_path / "token"
        if content is not None:
            path.write_bytes(content)
        told = problems({"KIE_API_KEY": KEY, "TELEGRAM_TOKEN_FILE": str(path)})
        assert told == [
            "TELEGRAM_TOKEN_FILE must name a text file that holds the secret and can be read."
        ]

    def test_a_secret_pasted_where_a_file_name_belongs_is_not_repeated(self) -> None:
        assert TOKEN not in "".join(problems({"KIE_API_KEY": KEY, "TELEGRAM_TOKEN_FILE": TOKEN}))

    def test_a_secret_given_twice_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "token"
        path.write_text("1:other", "utf-8")
        told = problems(GOOD | {"TELEGRAM_TOKEN_FILE": str(path)})
        assert told == ["TELEGRAM_TOKEN and TELEGRAM_TOKEN_FILE are both set: keep one of them."]


BAD = [
    ("TELEGRAM_TOKEN", "no-colon"),
    ("TELEGRAM_TOKEN", "123:"),
    ("TELEGRAM_TOKEN", ":abc"),
    ("TELEGRAM_TOKEN", "abc:def"),
    ("TELEGRAM_TOKEN", "123:ab cd"),
    ("TELEGRAM_TOKEN", '"123:abc"'),
    ("TELEGRAM_TOKEN", "123:zürich"),
    ("KIE_API_KEY", "two words"),
    ("KIE_API_KEY", "'quoted'"),
    ("KIE_API_KEY", "tab\tbed"),
    ("KIE_API_KEY", "back\\slash"),
    ("KIE_API_KEY", "zero\u200bwidth"),
    ("KIE_WEBHOOK_HMAC_KEY", "two words"),
    ("TELEGRAM_API_URL", "api.telegram.org"),
    ("TELEGRAM_API_URL", "ftp://api.telegram.org"),
    ("KIE_API_URL", "https://"),
    ("KIE_API_URL", "https://user:pass@kie.example"),
    ("KIE_UPLOAD_URL", "https://kie.example?key=1"),
    ("KIE_UPLOAD_URL", "https://kie.example/#here"),
    ("PUBLIC_URL", "https://bot.example:99999"),
    ("PUBLIC_URL", "https://bot.example:0"),
    ("PUBLIC_URL", "https://bot.example:port"),
    ("PUBLIC_URL", "https://[::1"),
    ("PUBLIC_URL", "https://bot.example/a b"),
    ("TELEGRAM_UPLOAD_MAX_MB", "0"),
    ("TELEGRAM_UPLOAD_MAX_MB", "2001"),
    ("TELEGRAM_UPLOAD_MAX_MB", "50.5"),
    ("TELEGRAM_MODE", "push"),
    ("KIE_DIALECT", "latin"),
    ("PHOTO_HOSTING", "s3"),
    ("ACCESS", "closed"),
    ("LOG_LEVEL", "LOUD"),
    ("LOG_FORMAT", "xml"),
    ("KIE_MAX_CONCURRENT", "0"),
    ("KIE_CREATES_PER_10S", "-20"),
    ("KIE_CREDITS_LOW", "-1"),
    ("MAX_JOBS_PER_USER", "three"),
    ("PROMPT_MAX_CHARS", "0"),
    ("RESULT_MAX_MB", "0"),
    ("KEEP_VIDEOS_DAYS", "-1"),
    ("DAILY_CREDITS", "-1"),
    ("DAILY_CREDITS", str(2**63)),
    ("DAILY_CREDITS", "9" * 5000),
    ("DAILY_CREDITS_TOTAL", "1.5"),
    ("DAILY_CREDITS_TOTAL", "unlimited"),
    ("HOST", "127.0.0.1 or so"),
    ("HOST", "http://127.0.0.1"),
    ("PORT", "-1"),
    ("PORT", "65536"),
    ("PORT", "http"),
    ("POLL_EXPECTED_SECONDS", "0"),
    ("POLL_EXPECTED_SECONDS", "nan"),
    ("POLL_MIN_SECONDS", "-5"),
    ("POLL_MIN_SECONDS", "5s"),
    ("SOFT_DEADLINE_SECONDS", "-900"),
    ("HARD_DEADLINE_SECONDS", "inf"),
    ("HARD_DEADLINE_SECONDS", "1e999"),
    ("ADMIN_IDS", "7,@somebody"),
    ("ADMIN_IDS", "-100123"),
    ("ADMIN_IDS", "0"),
    ("ADMIN_IDS", "7;8"),
    ("ADMIN_IDS", str(2**60)),
    ("CATALOG_FILE", "/nowhere/catalog.toml"),
    ("CATALOG_FILE", "/"),
    ("DATA_DIR", __file__),
    ("TRUSTED_MEDIA_HOSTS", "https://media.example"),
    ("TRUSTED_MEDIA_HOSTS", "media.example/path"),
    ("TRUSTED_MEDIA_HOSTS", "media.example:"),
    ("TRUSTED_MEDIA_HOSTS", "media.example:0"),
    ("TRUSTED_MEDIA_HOSTS", "media.example:99999"),
    ("TRUSTED_MEDIA_HOSTS", "user@media.example"),
    ("TRUSTED_MEDIA_HOSTS", "*.example"),
    ("TRUSTED_MEDIA_HOSTS", "::1"),
    ("TRUSTED_MEDIA_HOSTS", ":80"),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_is_told_in_one_sentence_that_names_it_and_hides_the_value(
    name: str, value: str
) -> None:
    (told,) = problems(GOOD | {name: value})
    assert told.startswith(f"{name} must be ")
    assert told.endswith(".")
    assert len(value) < 6 or value not in told


def test_every_setting_that_can_be_wrong_is_covered_by_the_table() -> None:
    assert {row.name for row in table()} == {name for name, _ in BAD}


CONTRADICTIONS = [
    ({"TELEGRAM_MODE": "webhook"}, "TELEGRAM_MODE=webhook needs PUBLIC_URL"),
    ({"PHOTO_HOSTING": "self"}, "PHOTO_HOSTING=self needs PUBLIC_URL"),
    (
        {"POLL_EXPECTED_SECONDS": "4"},
        "POLL_MIN_SECONDS must not be above POLL_EXPECTED_SECONDS",
    ),
    (
        {"SOFT_DEADLINE_SECONDS": "86400"},
        "HARD_DEADLINE_SECONDS must be above SOFT_DEADLINE_SECONDS",
    ),
]


@pytest.mark.parametrize(("given", "beginning"), CONTRADICTIONS)
def test_settings_that_contradict_each_other_are_told(
    given: dict[str, str], beginning: str
) -> None:
    (told,) = problems(GOOD | given)
    assert told.startswith(beginning)


def test_settings_that_agree_are_accepted() -> None:
    settings = load(
        TELEGRAM_MODE="webhook",
        PHOTO_HOSTING="self",
        PUBLIC_URL="https://bot.example",
        POLL_EXPECTED_SECONDS="1",
        POLL_MIN_SECONDS="1",
        SOFT_DEADLINE_SECONDS="1",
        HARD_DEADLINE_SECONDS="2",
    )
    assert (settings.telegram_mode, settings.photo_hosting) == ("webhook", "self")


def test_a_bad_address_is_not_also_told_as_a_missing_one() -> None:
    (told,) = problems(GOOD | {"TELEGRAM_MODE": "webhook", "PUBLIC_URL": "bot.example"})
    assert told.startswith("PUBLIC_URL must be")


def test_all_problems_stand_on_one_page_in_the_order_of_the_readme() -> None:
    told = problems(
        {
            "TELEGRAM_TOKN": TOKEN,
            "KIE_API_KEY": "my key",
            "TELEGRAM_MODE": "webhook",
            "PHOTO_HOSTING": "self",
            "PORT": "x",
            "ADMIN_IDS": "a,b,c",
            "HARD_DEADLINE_SECONDS": "1",
        }
    )
    assert [sentence.split()[0] for sentence in told] == [
        "TELEGRAM_TOKEN",
        "KIE_API_KEY",
        "TELEGRAM_MODE=webhook",
        "PHOTO_HOSTING=self",
        "PORT",
        "ADMIN_IDS",
        "HARD_DEADLINE_SECONDS",
        "TELEGRAM_TOKN",
    ]


def test_missing_secrets_come_with_the_place_to_get_them() -> None:
    token, key = problems({})
    assert token.startswith("TELEGRAM_TOKEN is missing: @BotFather")
    assert key.startswith("KIE_API_KEY is missing: kie.ai")
    assert token.endswith("write TELEGRAM_TOKEN=… into .env.")


def test_no_secret_reaches_the_page_its_causes_or_the_representation() -> None:
    swapped = {"TELEGRAM_TOKEN": KEY, "KIE_API_KEY": f"{TOKEN} {TOKEN}", "PORT": TOKEN}
    with pytest.raises(ConfigurationError) as caught:
        Settings.load(swapped, env_file=None)
    assert caught.value.__suppress_context__
    assert caught.value.__cause__ is None
    shown = f"{caught.value} {caught.value!r} {load()!r} {load()}"
    assert not any(secret in shown for secret in (TOKEN, TOKEN.split(":")[1], KEY))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("TELEGRAM_TOKN", "TELEGRAM_TOKEN"),
        ("TELEGRAM_BOT_TOKEN", "TELEGRAM_TOKEN"),
        ("KIE_APIKEY", "KIE_API_KEY"),
        ("KIE_WEBHOOK_KEY", "KIE_WEBHOOK_HMAC_KEY"),
        ("ADMIN_ID", "ADMIN_IDS"),
        ("DAILY_CREDIT", "DAILY_CREDITS"),
        ("LOG_LEVELS", "LOG_LEVEL"),
        ("TELEGRAM_TOKEN_FIL", "TELEGRAM_TOKEN_FILE"),
    ],
)
def test_an_unknown_name_close_to_a_known_one_is_a_warning(name: str, meant: str) -> None:
    assert load(**{name: "5"}).warnings == (f"{name} is no setting: was {meant} meant?",)


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "HOME", "HOSTS", "PORTS", "LC_ALL", "XDG_DATA_DIRS", "SSH_AUTH_SOCK"),
        *("PYTHONPATH", "PIP_INDEX_URL", "COMPOSE_PROJECT_NAME", "PUBLIC_IP", "DATABASE_DIR"),
        *("LOG_FILE", "TELEGRAM_API_ID", "TELEGRAM_API_HASH"),
    ],
)
def test_other_programs_names_are_left_alone(name: str) -> None:
    assert load(**{name: "5"}).warnings == ()


def test_misspelt_names_in_the_env_file_are_pointed_out(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("TELEGRAM_MODUS=webhook\n", "utf-8")
    assert Settings.load(GOOD, env_file).warnings == (
        "TELEGRAM_MODUS is no setting: was TELEGRAM_MODE meant?",
    )


@pytest.mark.parametrize(
    ("given", "beginning"),
    [
        ({"PUBLIC_URL": "http://bot.example"}, "PUBLIC_URL is http"),
        ({"KIE_API_URL": "https://kie.example:4443"}, "KIE_API_URL names the unusual port 4443"),
        ({"TELEGRAM_API_URL": "http://10.0.0.2"}, "TELEGRAM_API_URL is http"),
        ({"ACCESS": "open"}, "ACCESS=open without DAILY_CREDITS_TOTAL"),
        ({"TELEGRAM_UPLOAD_MAX_MB": "51"}, "TELEGRAM_UPLOAD_MAX_MB above 50"),
        ({"KIE_WEBHOOK_HMAC_KEY": "k" * 9}, "KIE_WEBHOOK_HMAC_KEY does nothing"),
    ],
)
def test_what_works_but_is_hardly_meant_is_a_warning(given: dict[str, str], beginning: str) -> None:
    (warning,) = load(**given).warnings
    assert warning.startswith(beginning)


@pytest.mark.parametrize(
    "given",
    [
        {"KIE_API_URL": "http://localhost:9"},
        {"KIE_API_URL": "http://kie.localhost:9"},
        {"TELEGRAM_API_URL": "http://127.0.0.2:8081", "TELEGRAM_UPLOAD_MAX_MB": "2000"},
        {"PUBLIC_URL": "http://[::1]:8080"},
        {"PUBLIC_URL": "https://bot.example:8443"},
        {"ACCESS": "open", "DAILY_CREDITS_TOTAL": "9"},
    ],
)
def test_what_is_meant_is_not_warned_of(given: dict[str, str]) -> None:
    assert load(**given).warnings == ()


def test_loading_says_nothing_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        load()
    assert caplog.records == []
