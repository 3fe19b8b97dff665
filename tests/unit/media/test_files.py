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
