"""Files appear whole or not at all, and what killed writers leave does not stay for ever."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from kweli_assets.errors import FrameError
from kweli_assets.resources.frame_store import written_aside


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "frames" / "day.parquet"
    with written_aside(target) as aside:
        aside.write_text("half")
        assert not target.exists()
    assert target.read_text() == "half"

    def fail() -> None:
        with written_aside(target) as other:
            other.write_text("nothing")
            raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        fail()
    assert [path.name for path in target.parent.iterdir()] == ["day.parquet"]
    assert target.read_text() == "half"


def test_leftovers_of_killed_writers_go_after_a_day(tmp_path: Path) -> None:
    names = (".a.parquet.1-00.part", ".b.parquet.2-00.part", "c.parquet")
    old, young, whole = (tmp_path / name for name in names)
    for path in (old, young, whole):
        path.write_text("x")
    for path, hours in ((old, 25), (young, 23), (whole, 99)):
        os.utime(path, (time.time() - hours * 3600,) * 2)
    with written_aside(tmp_path / "d.parquet") as aside:
        aside.write_text("x")
    assert {path.name for path in tmp_path.iterdir()} == {young.name, whole.name, "d.parquet"}


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("x")
    with pytest.raises(FrameError, match="Make the folder writable"):  # noqa: SIM117
        with written_aside(tmp_path / "store" / "day.parquet"):
            pytest.fail("wrote into a file")
