"""The source table and its daily snapshot as Dagster assets.

Here: what Dagster shows and configures of this stage. Not here: contract, days, scan; they know
no Dagster.
"""

# No `from __future__ import annotations`: Dagster reads the annotations of configurations.
from pathlib import Path

import dagster as dg
from pydantic import Field

from kweli_assets.errors import KweliError
from kweli_assets.partitions import SNAPSHOTS, snapshot_date
from kweli_assets.resources.clock import Clock
from kweli_assets.resources.frame_store import FrameStore, FrameStoreResource
from kweli_assets.resources.progress import logged
from kweli_assets.resources.source import LearnerSource, SourceResource
from kweli_assets.snapshot import contract, days, scan
from kweli_assets.snapshot.columns import COLUMNS, SELECTED, MysqlType, Use

STAGE = "snapshot"
LEARNER_ROWS = "learner_rows"

NULL_WHEN_EMPTY = frozenset(c.name for c in COLUMNS if c.mysql_type is not MysqlType.TEXT)
"""A CSV can't tell NULL from the empty text: in columns of numbers it is NULL."""


class SnapshotConfig(dg.Config):
    """What a run may ask of the snapshot."""

    csv: str | None = Field(
        default=None,
        description="Import this CSV dump (a path on the machine that runs it) instead of reading "
        "the table; needed for past days.",
    )
    max_rows: int | None = Field(
        default=None, ge=1, description="Read no more than so many rows: a partial snapshot."
    )
    replace_snapshot: bool = Field(
        default=False, description="Let a smaller or partial snapshot replace a stored one."
    )


learner_table = dg.AssetSpec(
    key=["source", "impact_learners_profile"],
    group_name="source",
    kinds={"mysql"},
    description="The learner table: one row an enrolment, today's state only, no key and no "
    "index. Read by one scan a day; never written.",
    metadata={
        "dagster/column_schema": dg.TableSchema(
            [
                dg.TableColumn(
                    column.name,
                    column.mysql_type.value,
                    description="never leaves the source" if column.use is Use.NEVER else None,
                    tags={"use": column.use.value},
                )
                for column in COLUMNS
            ]
        )
    },
)


@dg.asset(
    key=[STAGE, LEARNER_ROWS],
    deps=[learner_table],
    group_name=STAGE,
    kinds={"polars", "parquet"},
    partitions_def=SNAPSHOTS,
    backfill_policy=dg.BackfillPolicy.multi_run(1),
    retry_policy=dg.RetryPolicy(max_retries=2, delay=10, backoff=dg.Backoff.EXPONENTIAL),
    description="All rows of the learner table on the snapshot date, 57 columns as text exactly "
    "as they came (email is never read), in one Parquet file.",
    metadata={
        "dagster/column_schema": dg.TableSchema(
            [
                *(dg.TableColumn(column.name, "string") for column in SELECTED),
                dg.TableColumn(
                    scan.BUCKET, "uint8", description="range of the learner key; one a row group"
                ),
            ]
        )
    },
)
def learner_rows(
    context: dg.AssetExecutionContext,
    config: SnapshotConfig,
    source: SourceResource,
    frame_store: FrameStoreResource,
    clock: Clock,
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One unbuffered scan into Parquet."""
    try:
        return _take(context, config, source, frame_store.store, clock)
    except KweliError as error:
        raise dg.Failure(str(error), allow_retries=error.rerun_helps) from error


def _take(
    context: dg.AssetExecutionContext,
    config: SnapshotConfig,
    source: SourceResource,
    store: FrameStore,
    clock: Clock,
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    day, today = snapshot_date(context.partition_key), clock.today()
    target = store.path(STAGE, LEARNER_ROWS, day)
    days.require_readable_today(day, today, is_live=config.csv is None, is_stored=target.exists())
    table = _source(config, source)
    stored = scan.read_info(target) if target.exists() and not config.replace_snapshot else None
    with table.open() as reader:
        extra = contract.compare(reader.columns(), table.describe())
        if extra:
            context.log.warning("Columns beyond the contract are not read: %s", ", ".join(extra))
        taken = scan.write_snapshot(
            reader,
            target,
            snapshot=day,
            source=table.describe(),
            max_rows=config.max_rows,
            accept=lambda info: days.require_no_loss(stored, info, day, today),
            progress=logged(context.log.info, "rows read"),
        )
    info = taken.info
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": info.rows,
            "rows in source": info.source_rows,
            "partial": info.is_partial,
            "bytes": taken.bytes,
            "seconds": round(taken.seconds, 2),
            "rows per second": round(info.rows / max(taken.seconds, 1e-6)),
            "buckets": info.buckets,
            "snapshot ids": dg.MetadataValue.json(info.snapshot_ids),
            "columns not read": dg.MetadataValue.json(list(extra)),
            "source": info.source,
            "path": dg.MetadataValue.path(str(target)),
        }
    )


def _source(config: SnapshotConfig, source: SourceResource) -> LearnerSource:
    if config.csv is None:
        return source.table()
    return source.dump(Path(config.csv).expanduser(), NULL_WHEN_EMPTY)
