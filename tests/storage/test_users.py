"""What is remembered of people."""

from bot.models import Access, Mode, Options, Ratio, Resolution, User
from storage import users
from storage.database import Connection

BASE = Options("veo3_fast", watermark="base")
CHOSEN = Options(
    "veo3",
    mode=Mode.FRAMES,
    ratio=Ratio.PORTRAIT,
    seconds=4,
    resolution=Resolution.K4,
    seed=12345,
    translate=False,
    watermark="mine",
)


def meet(tx: Connection, user_id: int = 1, name: str = "Ann", language: str = "de") -> User:
    return users.meet(tx, user_id, name, language, 100.0, BASE)


def test_somebody_never_met_is_unknown(tx: Connection) -> None:
    assert users.get(tx, 1, BASE) is None


def test_a_new_user_is_a_stranger_with_the_base_options(tx: Connection) -> None:
    met = meet(tx)
    assert met == User(1, "Ann", "de", Access.STRANGER, BASE)
    assert users.get(tx, 1, BASE) == met


def test_meeting_again_takes_the_new_name_and_leaves_all_else(tx: Connection) -> None:
    meet(tx)
    users.set_access(tx, 1, Access.ALLOWED, 100.0)
    users.remember(tx, 1, CHOSEN)
    again = users.meet(tx, 1, "Anna", "fr", 200.0, BASE)
    assert (again.name, again.language, again.access) == ("Anna", "de", Access.ALLOWED)
    assert again.defaults.model == "veo3"
    assert users.get(tx, 1, BASE) == again


def test_only_model_ratio_length_and_resolution_are_remembered(tx: Connection) -> None:
    meet(tx)
    users.remember(tx, 1, CHOSEN)
    found = users.get(tx, 1, BASE)
    assert found is not None
    assert found.defaults == Options(
        "veo3",
        mode=BASE.mode,
        ratio=Ratio.PORTRAIT,
        seconds=4,
        resolution=Resolution.K4,
        seed=None,
        translate=BASE.translate,
        watermark="base",
    )


def test_what_was_never_chosen_follows_the_base(tx: Connection) -> None:
    meet(tx)
    found = users.get(tx, 1, Options("veo3_lite", seconds=6))
    assert found is not None
    assert found.defaults == Options("veo3_lite", seconds=6)


def test_preferences_change_one_by_one_and_can_be_taken_back(tx: Connection) -> None:
    meet(tx)
    users.change(tx, 1, translate=False)
    users.change(tx, 1, watermark="mine", language="es")
    found = users.get(tx, 1, BASE)
    assert found is not None
    assert (found.defaults.translate, found.defaults.watermark) == (False, "mine")
    assert found.language == "es"
    users.change(tx, 1, watermark=None)
    users.change(tx, 1)
    found = users.get(tx, 1, BASE)
    assert found is not None
    assert (found.defaults.translate, found.defaults.watermark) == (False, "base")


def test_access_is_set_for_those_who_were_met_only(tx: Connection) -> None:
    meet(tx)
    assert users.set_access(tx, 1, Access.BANNED, 100.0)
    assert not users.set_access(tx, 2, Access.ADMIN, 100.0)
    found = users.get(tx, 1, BASE)
    assert found is not None
    assert found.access is Access.BANNED


def test_admins_are_those_with_that_access(tx: Connection) -> None:
    for user_id in (3, 1, 2):
        meet(tx, user_id)
    users.set_access(tx, 3, Access.ADMIN, 100.0)
    users.set_access(tx, 1, Access.ADMIN, 100.0)
    users.set_access(tx, 2, Access.ALLOWED, 100.0)
    assert users.admins(tx) == [1, 3]


def test_those_who_wait_for_the_decision_are_counted(tx: Connection) -> None:
    for user_id in (1, 2, 3):
        meet(tx, user_id)
        users.set_access(tx, user_id, Access.ASKED, 50.0)
    users.set_access(tx, 3, Access.DENIED, 300.0)
    assert users.count_asking(tx) == 2


def test_when_somebody_wrote_last_is_noted_at_every_meeting(tx: Connection) -> None:
    meet(tx)
    again = users.meet(tx, 1, "Ann", "de", 250.0, BASE)
    assert users.seen_since(tx, 1, 249.0, BASE) == again
    assert users.seen_since(tx, 1, 250.0, BASE) is None
