"""Looking at the quarantine: counts, one reason, an export that holds the text as it came."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

import pytest

from kweli_assets.errors import ConfigurationError, FrameError
from kweli_assets.frames import quarantine
from kweli_assets_tests.frames.rows import built, row

FRAMES = built(
    row("a", learning_details='[{"cohort_code": "A"}, 1, "x"', employment_details="{}"),
    row("b", education_details=[1, {"level_of_study": "Diploma"}, 2], bio='two\nlines, "quoted"'),
    row(None, bio='two\nlines, "quoted"'),
).frames["quarantine"]


def test_counts() -> None:
    assert quarantine.counts(FRAMES.lazy()).rows() == [
        ("not an object", "education_details", 2),
        ("bad json", "learning_details", 1),
        ("no learner key", "(row)", 1),
        ("not an array", "employment_details", 1),
    ]


def test_one_reason() -> None:
    found = quarantine.of_reason(FRAMES.lazy(), "bad json").collect()
    assert found.rows() == [
        ("a", "learning_details", None, "bad json", '[{"cohort_code": "A"}, 1, "x"')
    ]
    assert len(quarantine.of_reason(FRAMES.lazy(), None).collect()) == 5
    with pytest.raises(ConfigurationError, match="not an array"):
        quarantine.of_reason(FRAMES.lazy(), "strange")


def test_export_comes_back_as_it_went(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.csv"
    assert quarantine.export(FRAMES.lazy(), path) == 5
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["hashed_email", "column", "index", "reason", "raw"]
    assert [tuple(r) for r in rows] == [
        tuple("" if v is None else str(v) for v in r) for r in FRAMES.rows()
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_export_into_a_file_that_is_a_folder_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match="writing"):
        quarantine.export(FRAMES.lazy(), tmp_path)


def test_reasons_are_all_that_there_are() -> None:
    assert set(FRAMES["reason"]) <= set(quarantine.REASONS)
