import re
from pathlib import Path

from bot.jobs.lifecycle import TRANSITIONS
from bot.settings import table

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def _row(name: str, default: str, description: str) -> str:
    shown = default if default in {"required", "none"} else f"`{default}`"
    return f"| `{name}` | {shown} | {description} |"


def test_the_settings_table_is_that_of_the_code() -> None:
    part = README.split("<!-- settings:")[1].split("\n\n")[0]
    assert part.splitlines()[3:] == [_row(*row) for row in table()]


def test_the_example_file_names_every_setting_with_its_default() -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    given = [line for line in lines if re.match(r"#?[A-Z][A-Z0-9_]*=", line)]
    wanted = [
        f"{row.name}=" if row.default == "required" else f"#{row.name}="
        for row in table()
        if row.default in {"required", "none"}
    ] + [f"#{row.name}={row.default}" for row in table() if row.default not in {"required", "none"}]
    assert sorted(given) == sorted(wanted)


def test_the_state_diagram_is_the_life_cycle() -> None:
    diagram = README.split("stateDiagram-v2")[1].split("```")[0]
    arrows = re.findall(r"^\s*(\w+) --> (\w+)(?:: .+)?$", diagram, re.MULTILINE)
    assert sorted(arrows) == sorted(
        (str(source), str(target)) for source, targets in TRANSITIONS.items() for target in targets
    )


def test_every_make_target_that_is_named_exists() -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z]+)\b", README, re.MULTILINE))
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
    assert {"demo", "run", "test", "check", "lock", "help"} <= named
    assert named <= targets


def test_every_link_to_a_file_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
