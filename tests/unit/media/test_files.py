from pathlib import Path

import pytest

from bot.media import files


def test_file_appears_under_its_name_at_the_end(tmp_path: Path) -> None:
    with files.replacing(tmp_path / "whole") as file:
        file.write(b"content")
        files.sync(file)
        (part,) = tmp_path.iterdir()
        assert part.suffix == files.PARTIAL_SUFFIX
        assert part.read_bytes() == b"content"
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_error_deletes_the_part_and_leaves_the_earlier_file(tmp_path: Path) -> None:
    (tmp_path / "whole").write_bytes(b"earlier")

    def fail() -> None:
        with files.replacing(tmp_path / "whole") as file:
            file.write(b"half")
            raise EOFError

    with pytest.raises(EOFError):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]
    assert (tmp_path / "whole").read_bytes() == b"earlier"


def test_sweeping_deletes_parts_and_nothing_else(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    with files.replacing(whole) as file:
        file.write(b"content")
        (tmp_path / "left").hardlink_to(file.name)  # what a killed process leaves behind
        (tmp_path / "left").rename(tmp_path / f"whole.0123abcd{files.PARTIAL_SUFFIX}")
    files.sweep(tmp_path)
    assert list(tmp_path.iterdir()) == [whole]
