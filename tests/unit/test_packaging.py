import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Collection, Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~!; ]", each)[0].lower() for each in requirements}


def _pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", read(lock), re.MULTILINE))


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
class TestLock:
    def test_every_pin_has_hashes(self, lock: str) -> None:
        pins = re.split(r"^(?=[a-z0-9])", read(lock), flags=re.MULTILINE)[1:]
        assert pins
        assert [pin.split()[0] for pin in pins if "--hash=sha256:" not in pin] == []

    def test_no_index_or_host_stands_in_it(self, lock: str) -> None:
        assert not re.search(r"://|--index|--find-links|--trusted-host|file:", read(lock))

    def test_it_covers_what_the_project_asks_for(self, lock: str) -> None:
        project = tomllib.loads(read("pyproject.toml"))["project"]
        wanted = _names(project["dependencies"])
        if "dev" in lock:
            wanted |= _names(project["optional-dependencies"]["dev"])
        assert wanted <= set(_pins(lock))


def _extras(lock: str) -> dict[str, set[str]]:
    found = re.findall(r"^([a-z0-9._-]+)(?:\[([a-z0-9,._-]+)\])?==", read(lock), re.MULTILINE)
    return {name: {extra for extra in extras.split(",") if extra} for name, extras in found}


def _required_extras(names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Give what installed packages among ``names`` require of another one beyond its core."""
    for package in distributions():
        if canonicalize_name(package.name) not in names:
            continue
        for requirement in map(Requirement, package.requires or ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                for extra in requirement.extras:
                    yield canonicalize_name(requirement.name), extra


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_extras_that_packages_require_are_kept_or_pip_refuses_the_lock(lock: str) -> None:
    extras = _extras(lock)
    missing = [
        f"{name}[{extra}]"
        for name, extra in _required_extras(extras.keys())
        if extra not in extras[name]
    ]
    assert missing == []
    if "dev" in lock:
        assert "toml" in extras["coverage"]  # pytest-cov's wish, so the test finds what there is


def test_both_locks_pin_the_same_versions() -> None:
    assert _pins("requirements.lock").items() <= _pins("requirements-dev.lock").items()


def test_the_image_runs_without_root_and_watches_its_health() -> None:
    final = read("Dockerfile").split("FROM ")[-1]
    user = re.search(r"^USER (\d+)$", final, re.MULTILINE)
    assert user is not None
    assert int(user[1]) > 0
    assert final.index("USER") < final.index("ENTRYPOINT")
    assert "/healthz" in final.split("HEALTHCHECK")[1]
    assert "GPL" in re.findall(r"image\.licenses=.*", final)[0]


def test_the_image_installs_only_what_the_lock_holds() -> None:
    installs = re.findall(r"pip install (.*)", read("Dockerfile"))
    assert installs == ["--require-hashes -r requirements.lock", "--no-deps ."]


def test_the_container_can_write_nowhere_but_to_its_volume() -> None:
    compose = read("compose.yaml")
    for line in ("read_only: true", "- ALL", "- no-new-privileges:true", "- data:/data"):
        assert re.search(rf"^\s+{re.escape(line)}$", compose, re.MULTILINE), line
    assert "privileged: true" not in compose
    assert '"127.0.0.1:' in compose


FORBIDDEN_TO_CONTAINERS = (
    *("privileged", "cap_add", "devices", "network_mode", "pid", "ipc", "userns_mode", "user"),
    *("docker.sock", "seccomp:unconfined", "apparmor:unconfined"),
)


@pytest.mark.parametrize("right", FORBIDDEN_TO_CONTAINERS)
def test_the_container_asks_for_no_further_right(right: str) -> None:
    compose = re.sub(r"#.*", "", read("compose.yaml"))
    assert not re.search(rf"(?<![\w-]){re.escape(right)}(?![\w-])", compose)


def test_the_container_sees_nothing_of_its_host_but_named_places() -> None:
    compose = read("compose.yaml")
    mounts = re.findall(r"^ {4}(?:volumes|tmpfs):\n((?: {6}- .*\n)+)", compose, re.MULTILINE)
    assert [line.strip("- \n") for mount in mounts for line in mount.splitlines()] == [
        *("data:/data", "/tmp"),  # noqa: S108 - the container's own
    ]
    final = read("Dockerfile").split("FROM ")[-1]
    assert re.findall(r"^(?:USER|ADD) .*", final, re.MULTILINE) == ["USER 10001"]
    assert "setcap" not in final
    assert "chmod" not in final


def test_secrets_and_data_stay_out_of_the_image() -> None:
    lines = read(".dockerignore").splitlines()
    assert "*" in lines
    assert not any(re.match(r"!\.?(env|data|git)", line) for line in lines)


def test_ci_checks_and_tests_and_can_be_executed() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert {"make check", "make test"} <= set(re.findall(r"make \w+", read(".ci/run")))
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)


def _make(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_alone_lists_the_targets() -> None:
    listed = _make().stdout.splitlines()
    assert [line.split()[1] for line in listed] == [
        *("help", "demo", "run", "test", "storm", "bench", "pictures", "check", "lock", "clean")
    ]


def test_without_a_usable_python_make_says_what_is_needed(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "make"):
        (tools / name).symlink_to(shutil.which(name) or "absent")
    (tools / "python3").write_text("#!/bin/sh\nexit 1\n", "utf-8")
    (tools / "python3").chmod(0o700)
    done = _make("lock", PATH=str(tools))
    assert done.returncode != 0
    assert "Veogram needs Python 3.11 or newer" in done.stderr


@pytest.fixture
def shown_arguments(tmp_path: Path) -> tuple[str, ...]:
    """Arguments that let ``make test`` install nothing and show how it would call Python."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "python $@"\n', "utf-8")
    python.chmod(0o700)
    return ("-o", ".venv/.dev", f"BIN={tmp_path}", "test")


def test_with_chromium_all_tests_run(shown_arguments: tuple[str, ...]) -> None:
    done = _make(*shown_arguments, "CHROMIUM=/usr/bin/chromium")
    assert done.stdout.startswith("python -m pytest ")
    assert " --cov " in done.stdout
    assert "browser" not in done.stdout


def test_without_chromium_the_browser_tests_are_left_out_and_it_is_said(
    shown_arguments: tuple[str, ...],
) -> None:
    said, called = _make(*shown_arguments, "CHROMIUM=").stdout.splitlines()
    assert "the browser tests are left out" in said
    assert called.endswith("-m not browser")


def test_ci_fails_without_chromium(shown_arguments: tuple[str, ...]) -> None:
    done = _make(*shown_arguments, "CHROMIUM=", CI="true")
    assert done.returncode != 0
    assert "CI needs Chromium" in done.stderr
    assert done.stdout == ""


AUDIT = "pip-audit --progress-spinner off --timeout 15 --disable-pip --require-hashes"


def _check(folder: Path, *, reachable: bool, findings: bool = False) -> tuple[int, str]:
    """Run ``make check`` with tools that only tell their names, and pypi.org there or not."""
    for name in ("ruff", "mypy", "lint-imports", "pip-audit", "python"):
        fails = (name == "python" and not reachable) or (name == "pip-audit" and findings)
        tool = folder / name
        tool.write_text(f'#!/bin/sh\necho "{name} $@"\nexit {int(fails)}\n', "utf-8")
        tool.chmod(0o700)
    done = _make("-o", ".venv/.dev", f"BIN={folder}", "check")
    return done.returncode, done.stdout


def test_check_looks_for_known_vulnerabilities_and_fails_at_one(tmp_path: Path) -> None:
    code, told = _check(tmp_path, reachable=True)
    assert (code, told.count(AUDIT)) == (0, 1)
    code, _ = _check(tmp_path, reachable=True, findings=True)
    assert code != 0


def test_check_says_that_it_cannot_look_for_vulnerabilities_and_goes_on(tmp_path: Path) -> None:
    code, told = _check(tmp_path, reachable=False)
    assert code == 0
    assert "pypi.org cannot be reached" in told
    assert AUDIT not in told


def test_changelog_and_project_agree_on_a_version_or_it_is_unreleased() -> None:
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    headings = re.findall(r"^## \[(.+?)\]", read("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1:] == [] or headings[1] == version
