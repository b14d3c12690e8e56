"""The pass over a snapshot: accounts, bounded pieces, and the same bytes whatever the order."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from kweli_assets.embedded.synthetic.rows import frame as synthetic
from kweli_assets.errors import FrameError
from kweli_assets.frames import bucket, build, invariants, places
from kweli_assets.resources.frame_store import FrameStore
from kweli_assets.resources.source import CsvSource
from kweli_assets.snapshot import scan
from kweli_assets_tests.frames.rows import NULL_WHEN_EMPTY, SAMPLE, SNAPSHOT_DATE

ROWS = 1_500


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    """Every third row is nasty."""
    return synthetic(rows=ROWS, seed=11, dirt=0.33)


def stored(table: pl.DataFrame, folder: Path, snapshot_date: date = SNAPSHOT_DATE) -> FrameStore:
    """A store with the snapshot of a table, in four buckets."""
    folder.mkdir()
    csv = folder / "table.csv"
    table.write_csv(csv)
    store = FrameStore(folder / "store")
    with CsvSource(csv, NULL_WHEN_EMPTY).open() as reader:
        scan.write_snapshot(
            reader,
            store.path("snapshot", "learner_rows", snapshot_date),
            snapshot=snapshot_date,
            source="test",
        )
    return store


def passed(store: FrameStore) -> build.FramesReport:
    return build.build_frames(
        store.path("snapshot", "learner_rows", SNAPSHOT_DATE), store, SNAPSHOT_DATE
    )


def digests(store: FrameStore) -> dict[str, str]:
    return {
        path.parent.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((store.root / "frames").glob("*/*.parquet"))
    }


@pytest.fixture(autouse=True)
def four_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "bucket_count", lambda rows: 4)


def test_every_entry_is_accounted_for(table: pl.DataFrame, tmp_path: Path) -> None:
    store = stored(table, tmp_path / "a")
    report = passed(store)
    assert report.accounts["learners"].entries_in == ROWS
    quarantine = store.scan("frames", "quarantine", SNAPSHOT_DATE)
    for name, account in report.accounts.items():
        lost = invariants.quarantined(name, quarantine)
        rows = invariants.rows(store.scan("frames", name, SNAPSHOT_DATE))
        assert (account.entries_out, account.quarantined) == (rows, lost)
        assert account.entries_in == rows + lost
        assert lost > 0


def test_what_always_holds(table: pl.DataFrame, tmp_path: Path) -> None:
    store = stored(table, tmp_path / "a")
    passed(store)
    frames = {name: store.scan("frames", name, SNAPSHOT_DATE) for name in bucket.SCHEMAS}
    for name in invariants.KEYS:
        if name in frames:
            assert invariants.repeated_keys(name, frames[name]) == 0
            assert invariants.sentinel_texts(frames[name]) == {}
            keys = frames[name].select(invariants.KEYS[name]).collect()
            if name != "skills":
                assert keys.equals(keys.sort(invariants.KEYS[name]))
    for name, state in (
        ("learning_history", "currentLearningState"),
        ("professional_history", "currentProfessionalStatus"),
    ):
        current = frames["learners"].select(
            pl.col("hashedEmail").alias("learner"), pl.col(state).alias("current")
        )
        assert invariants.broken_histories(frames[name], current) == 0


def test_same_bytes_whatever_the_order_of_the_rows(table: pl.DataFrame, tmp_path: Path) -> None:
    first, second = stored(table, tmp_path / "a"), tmp_path / "b"
    shuffled = stored(table.sample(fraction=1, shuffle=True, seed=5), second)
    passed(first)
    passed(shuffled)
    assert digests(first) == digests(shuffled)
    assert len(digests(first)) == len(bucket.SCHEMAS) + 2


PASS = """
import sys
from datetime import date
from pathlib import Path
from kweli_assets.frames import build
from kweli_assets.resources.frame_store import FrameStore
store = FrameStore(Path(sys.argv[1]))
build.WORKERS = int(sys.argv[2])
day = date.fromisoformat(sys.argv[3])
build.build_frames(store.path("snapshot", "learner_rows", day), store, day)
"""


def test_same_bytes_whatever_the_threads_and_the_clock(table: pl.DataFrame, tmp_path: Path) -> None:
    found = []
    for threads, workers, zone in (("1", "1", "Pacific/Kiritimati"), ("4", "3", "America/Adak")):
        store = stored(table, tmp_path / threads)
        environment = {**os.environ, "POLARS_MAX_THREADS": threads, "TZ": zone}
        # A clock a year ahead: nothing in the frames may ask what day it is.
        faked = "import time; real = time.time; time.time = lambda: real() + 365 * 86400\n"
        subprocess.run(
            [sys.executable, "-c", faked + PASS, store.root, workers, SNAPSHOT_DATE.isoformat()],
            check=True,
            env=environment,
        )
        found.append(digests(store))
    assert found[0] == found[1]


def test_an_older_frame_stays_until_the_new_ones_are_whole(
    table: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stored(table, tmp_path / "a")
    passed(store)
    before = digests(store)

    real, calls = bucket.build, []

    def fails_later(rows: pl.DataFrame, snapshot_date: date) -> bucket.BucketFrames:
        calls.append(len(rows))
        if len(calls) == 3:
            raise MemoryError
        return real(rows, snapshot_date)

    monkeypatch.setattr(bucket, "build", fails_later)
    with pytest.raises(MemoryError):
        passed(store)
    assert digests(store) == before
    assert list(store.root.rglob("*.part")) == []


def test_a_snapshot_that_is_not_bucketed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    mixed = pl.DataFrame({"hashed_email": ["a", "b"], "bucket": [0, 1]})
    mixed.write_parquet(path)
    with pytest.raises(FrameError, match="does not hold one bucket"):
        build.build_frames(path, FrameStore(tmp_path), SNAPSHOT_DATE)


def test_places_of_the_sample(tmp_path: Path) -> None:
    store = FrameStore(tmp_path)
    path = store.path("snapshot", "learner_rows", SNAPSHOT_DATE)
    with CsvSource(SAMPLE / "learners.csv", NULL_WHEN_EMPTY).open() as reader:
        scan.write_snapshot(reader, path, snapshot=SNAPSHOT_DATE, source="sample")
    passed(store)
    learners = store.scan("frames", "learners", SNAPSHOT_DATE)
    countries = places.countries(learners).collect()
    cities = places.cities(learners).collect()
    expected = [
        pl.read_ndjson(SAMPLE / "expected" / "nodes" / f"{label}.jsonl").unnest("properties")
        for label in ("Country", "City")
    ]
    assert countries.drop("name").equals(
        expected[0].select("code", "latitude", "longitude").sort("code")
    )
    assert countries["name"].null_count() == 0
    assert cities.equals(expected[1].select(cities.columns).sort("id"))


def test_invariants_see_what_is_broken() -> None:
    history = pl.LazyFrame(
        [
            ("a", 1, "Active", date(2024, 1, 1), date(2024, 2, 1), False, False),
            ("a", 2, "Graduate", date(2024, 2, 2), None, True, False),  # a gap
            ("b", 1, "Active", date(2024, 1, 1), None, False, False),  # none current
            ("c", 1, "Active", None, None, True, True),  # right
            ("d", 1, "Active", date(2024, 2, 1), date(2024, 1, 1), False, False),  # reversed
            ("d", 2, "Graduate", date(2024, 1, 1), None, True, False),
            ("e", 2, "Active", None, None, True, True),  # starts at 2
            ("f", 1, "Active", None, None, True, True),  # another state than the learner's
        ],
        schema=["learner", "index", "state", "validFrom", "validTo", "isCurrent", "dateUnknown"],
        orient="row",
    )
    shown = {"a": "Graduate", "b": "Active", "c": "Active", "d": "Graduate", "e": "Active"}
    current = pl.LazyFrame(
        [*shown.items(), ("f", "Graduate"), ("g", "Active")],  # g has no history
        schema=["learner", "current"],
        orient="row",
    )
    assert invariants.broken_histories(history, current) == 6
    repeated = pl.LazyFrame({"hashedEmail": ["a", "a", None]})
    assert invariants.repeated_keys("learners", repeated) == 2
    assert invariants.sentinel_texts(pl.LazyFrame({"t": ["n/a", " x", "ok", None], "n": [1] * 4}))
    wide = {"skillName": ["ｎｏｎｅ"], "skillId": ["none"]}
    assert invariants.sentinel_texts(pl.LazyFrame(wide)) == {}
