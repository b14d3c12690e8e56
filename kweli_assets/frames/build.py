"""The pass over a snapshot that writes all frames, bucket after bucket.

Belongs here: reading a snapshot's buckets, building them two at a time, writing row groups in the
buckets' order. Does not belong here: rules (the frame modules), Dagster (assets).

Memory holds a few buckets, whatever the number of rows. Buckets are ranges of the learner key, so
frames come out sorted by learner, the same in whatever order the snapshot's rows stand.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from kweli_assets.errors import FrameError
from kweli_assets.frames import bucket
from kweli_assets.frames.bucket import BucketFrames
from kweli_assets.frames.built import Account
from kweli_assets.resources.frame_store import FrameStore, RowGroupWriter
from kweli_assets.snapshot.columns import SELECTED

STAGE = "frames"
SNAPSHOT_KEY = "kweli.snapshot"
"""In each file's metadata: the fingerprint of the snapshot that the frame was built from."""
RULES_KEY = "kweli.rules"
"""In each file's metadata: what the rules were (see `rules_version`)."""

FINDINGS_SCHEMA = pl.Schema(
    {
        "frame": pl.String,
        "column": pl.String,
        "kind": pl.String,
        "value": pl.String,
        "count": pl.Int64,
    }
)
"""What was noticed and cost no entry: unreadable values by masked shape (kinds flag, number,
date, enrollmentStatus, claim), countries without a code by name (country), has_… columns that
disagree (disagreement), skills beyond the first fifty (beyond fifty)."""

ACCOUNT_SCHEMA = pl.Schema(
    {
        "frame": pl.String,
        "entriesIn": pl.Int64,
        "entriesOut": pl.Int64,
        "quarantined": pl.Int64,
    }
)
"""Entries in, out and quarantined by frame."""

WORKERS = 2
"""Buckets under way at once: decoding JSON holds Python's lock, Polars does not, so two threads
keep two cores busy where one gives about two thirds of the speed."""


@dataclass
class FramesReport:
    """What a pass over a snapshot gave.

    Attributes:
        rows: rows of each frame.
        accounts: entries in, out and quarantined of each frame.
        findings: FINDINGS_SCHEMA.
    """

    rows: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    findings: pl.DataFrame = field(default_factory=FINDINGS_SCHEMA.to_frame)


class SnapshotBuckets:
    """Reads a snapshot file bucket by bucket; every row group holds rows of one bucket."""

    def __init__(self, path: Path) -> None:
        file = pq.ParquetFile(path)
        metadata = file.metadata
        self.rows = metadata.num_rows
        position = file.schema_arrow.get_field_index("bucket")
        self._lengths: list[tuple[int, int]] = []
        for group in range(metadata.num_row_groups):
            statistics = metadata.row_group(group).column(position).statistics
            if statistics is None or statistics.min != statistics.max:
                raise FrameError(
                    f"reading {path}",
                    f"its row group {group} does not hold one bucket.",
                    "Materialize snapshot/learner_rows again, or import a dump of that date.",
                )
            self._lengths.append((int(statistics.min), metadata.row_group(group).num_rows))
        # The statistics let Polars skip the other row groups; it reads text columns at a third
        # of the time that pyarrow takes.
        self._rows = pl.scan_parquet(path, cache=False)

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """The selected source columns of each bucket, in the order of the learner keys.

        Raises:
            FrameError: fewer or more rows of a bucket were read than its row groups hold.
        """
        names = [column.name for column in SELECTED]
        for number in sorted({found for found, _ in self._lengths}):
            rows = self._rows.filter(pl.col("bucket") == number).select(names).collect()
            expected = sum(length for found, length in self._lengths if found == number)
            if len(rows) != expected:
                raise FrameError(
                    "reading the snapshot",
                    f"bucket {number} gave {len(rows)} rows of {expected}.",
                    "Materialize snapshot/learner_rows again, or import a dump of that date.",
                )
            yield rows


FAILED_CHECKS = "failed_checks"
FAILED_CHECKS_SCHEMA = pl.Schema({"frame": pl.String, "check": pl.String})
"""Blocking checks that the stored frames did not pass; the file is there only if there are any.

A failed check stops the assets of its own run only, so whoever reads frames in another run looks
here again.
"""


def note_failed_checks(
    store: FrameStore, snapshot_date: date, failed: Sequence[tuple[str, str]]
) -> None:
    """Writes which blocking checks failed (frame, check), or removes the note when none did."""
    if not failed:
        store.path(STAGE, FAILED_CHECKS, snapshot_date).unlink(missing_ok=True)
        return
    with store.writer(STAGE, FAILED_CHECKS, snapshot_date, FAILED_CHECKS_SCHEMA) as writer:
        writer.write(pl.DataFrame(failed, schema=FAILED_CHECKS_SCHEMA, orient="row"))


@cache
def rules_version() -> str:
    """A digest of all that decides what becomes of a snapshot: our rules and their libraries.

    Frames of the same snapshot, date and rules are the same, so a pass that would only write them
    again is left out.
    """
    digest = hashlib.sha256()
    package = Path(__file__).parent.parent
    sources = [*(package / "cleaning").glob("*.py"), *(package / "frames").glob("*.py")]
    for source in sorted([*sources, package / "snapshot" / "columns.py"]):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    for library in ("polars", "msgspec", "pycountry"):
        digest.update(f"{library} {version(library)}".encode())
    digest.update(unicodedata.unidata_version.encode())
    return digest.hexdigest()[:16]


def stored_report(
    store: FrameStore, snapshot_date: date, metadata: Mapping[str, str]
) -> FramesReport | None:
    """The report of the stored frames, if every one of them carries this metadata."""
    names = [*bucket.SCHEMAS, "findings", "account"]
    for name in names:
        if not store.exists(STAGE, name, snapshot_date):
            return None
        found = store.metadata(STAGE, name, snapshot_date)
        if any(found.get(key) != value for key, value in metadata.items()):
            return None
    account = store.scan(STAGE, "account", snapshot_date).collect()
    return FramesReport(
        rows={
            name: pq.read_metadata(store.path(STAGE, name, snapshot_date)).num_rows
            for name in names
        },
        accounts={name: Account(*counts) for name, *counts in account.iter_rows()},
        findings=store.scan(STAGE, "findings", snapshot_date).collect(),
    )


def build_frames(
    snapshot: Path,
    store: FrameStore,
    snapshot_date: date,
    *,
    metadata: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FramesReport:
    """Writes every frame of a snapshot into the store.

    Args:
        snapshot: the snapshot's Parquet file.
        store: where the frames go; they appear when all of them are whole.
        snapshot_date: "today" of every rule.
        metadata: written into each file.
        progress: called with rows done and rows in all.

    Raises:
        FrameError: the snapshot's file is not as it should be, or not all of it was read.
    """
    buckets = SnapshotBuckets(snapshot)
    report = FramesReport()
    findings: list[pl.DataFrame] = []
    beyond = 0
    claims: dict[str, int] = {}
    done = 0
    with ExitStack() as stack:
        writers: dict[str, RowGroupWriter] = {
            name: stack.enter_context(
                store.writer(STAGE, name, snapshot_date, schema, metadata or {})
            )
            for name, schema in (
                *bucket.SCHEMAS.items(),
                ("findings", FINDINGS_SCHEMA),
                ("account", ACCOUNT_SCHEMA),
            )
        }
        for built in _built(buckets, snapshot_date):
            for name, frame in built.frames.items():
                writers[name].write(frame)
            findings.append(built.unreadable)
            for name, account in built.accounts.items():
                report.accounts[name] = report.accounts.get(name, Account()) + account
            for column, count in built.claims.items():
                claims[column] = claims.get(column, 0) + count
            beyond += built.skills_beyond
            done += built.accounts["learners"].entries_in
            if progress:
                progress(done, buckets.rows)
        _check_all_read(report.accounts, buckets.rows, snapshot_date)
        report.findings = _findings(findings, claims, beyond)
        writers["findings"].write(report.findings)
        writers["account"].write(
            pl.DataFrame(
                [
                    (name, a.entries_in, a.entries_out, a.quarantined)
                    for name, a in report.accounts.items()
                ],
                schema=ACCOUNT_SCHEMA,
                orient="row",
            )
        )
        report.rows = {name: writer.rows for name, writer in writers.items()}
    return report


def _built(buckets: SnapshotBuckets, snapshot_date: date) -> Iterator[BucketFrames]:
    """Builds buckets, WORKERS at a time, and gives them in their order."""
    with ThreadPoolExecutor(WORKERS) as pool:
        under_way: list[Future[BucketFrames]] = []
        try:
            for rows in buckets:
                under_way.append(pool.submit(bucket.build, rows, snapshot_date))
                del rows
                if len(under_way) == WORKERS:
                    yield under_way.pop(0).result()
            while under_way:
                yield under_way.pop(0).result()
        finally:
            for future in under_way:
                future.cancel()


def _check_all_read(accounts: dict[str, Account], rows: int, snapshot_date: date) -> None:
    learners_in = accounts.get("learners", Account()).entries_in
    if learners_in != rows:
        raise FrameError(
            "building the frames",
            f"{rows} rows stand in the snapshot, but {learners_in} were read.",
            "Materialize snapshot/learner_rows again.",
            snapshot=snapshot_date,
        )


def _findings(parts: list[pl.DataFrame], claims: dict[str, int], beyond: int) -> pl.DataFrame:
    others = [("learners", c, "disagreement", "", n) for c, n in claims.items() if n]
    if beyond:
        others.append(("skills", "skills_list", "beyond fifty", "", beyond))
    return (
        pl.concat([*parts, pl.DataFrame(others, schema=FINDINGS_SCHEMA, orient="row")])
        .group_by("frame", "column", "kind", "value")
        .agg(pl.col("count").sum())
        .sort("frame", "column", "kind", "value")
        .select(*FINDINGS_SCHEMA.names())
    )
