"""Pauses, alerts, facts and durations."""

from bot.models import Kind
from storage import operations
from storage.database import Connection
from storage.operations import Alert, Pause


def test_a_pause_is_new_once_and_later_ones_move_only_its_reason_and_probe(tx: Connection) -> None:
    assert operations.pause(tx, "account", "no credits", 10.0, 20.0, 60)
    assert not operations.pause(tx, "account", "bad key", 15.0, 30.0)
    assert operations.pauses(tx) == {"account": Pause("bad key", 10.0, 30.0, 0)}


def test_scopes_pause_and_resume_by_themselves(tx: Connection) -> None:
    operations.pause(tx, "account", "no credits", 10.0, 20.0, 60)
    operations.pause(tx, "model:veo3", "maintenance", 11.0, 21.0)
    assert operations.resume(tx, "account")
    assert not operations.resume(tx, "account")
    assert operations.pauses(tx) == {"model:veo3": Pause("maintenance", 11.0, 21.0, 0)}
    assert operations.pause(tx, "account", "no credits", 40.0, 50.0)


def test_an_alert_is_told_once_until_it_clears(tx: Connection) -> None:
    assert operations.raise_alert(tx, "disk", "The disk is nearly full.", 10.0)
    assert not operations.raise_alert(tx, "disk", "The disk is nearly full.", 20.0)
    assert operations.untold_alerts(tx) == [Alert("disk", "The disk is nearly full.", 10.0)]
    operations.mark_told(tx, "disk", 30.0)
    assert operations.untold_alerts(tx) == []
    assert not operations.raise_alert(tx, "disk", "The disk is nearly full.", 40.0)
    assert operations.untold_alerts(tx) == []
    assert operations.clear_alert(tx, "disk")
    assert not operations.clear_alert(tx, "disk")
    assert operations.raise_alert(tx, "disk", "The disk is nearly full.", 50.0)
    assert operations.untold_alerts(tx) == [Alert("disk", "The disk is nearly full.", 50.0)]


def test_untold_alerts_come_in_the_order_they_were_raised(tx: Connection) -> None:
    operations.raise_alert(tx, "late", "b", 20.0)
    operations.raise_alert(tx, "early", "a", 10.0)
    assert [alert.name for alert in operations.untold_alerts(tx)] == ["early", "late"]


def test_a_fact_is_the_last_that_was_set(tx: Connection) -> None:
    assert operations.fact(tx, "claim") is None
    operations.set_fact(tx, "claim", "one")
    operations.set_fact(tx, "claim", "two")
    operations.set_fact(tx, "other", "three")
    assert operations.fact(tx, "claim") == "two"


def test_the_newest_fifty_durations_of_a_sort_are_kept(tx: Connection) -> None:
    operations.add_duration(tx, "veo3", Kind.GENERATE, 500.0)
    operations.add_duration(tx, "veo3_fast", Kind.EXTEND, 600.0)
    for seconds in range(60):
        operations.add_duration(tx, "veo3_fast", Kind.GENERATE, float(seconds))
    assert operations.durations(tx, "veo3_fast", Kind.GENERATE) == [float(n) for n in range(10, 60)]
    assert operations.durations(tx, "veo3", Kind.GENERATE) == [500.0]
    assert operations.durations(tx, "veo3_fast", Kind.EXTEND) == [600.0]
    assert operations.durations(tx, "veo3", Kind.EXTEND) == []
