"""What must hold of a snapshot before anything is built from it.

Here: asset checks of this stage. Not here: the comparison with the contract, which stops the
reading itself (contract).
"""

# No `from __future__ import annotations`: Dagster reads the annotations of resources.
import dagster as dg
import pyarrow.parquet as pq

from kweli_assets.partitions import SNAPSHOTS, snapshot_date
from kweli_assets.resources.frame_store import FrameStoreResource
from kweli_assets.snapshot import scan
from kweli_assets.snapshot.assets import LEARNER_ROWS, STAGE, learner_rows


@dg.asset_check(
    asset=learner_rows,
    name="rows_equal_source",
    blocking=True,
    partitions_def=SNAPSHOTS,
    description="The file's row groups hold as many rows as the source counted (as many as were "
    "asked for, where a run limits them).",
)
def rows_equal_source(
    context: dg.AssetCheckExecutionContext, frame_store: FrameStoreResource
) -> dg.AssetCheckResult:
    """Count the stored rows by row group, not by what the scan said it wrote."""
    path = frame_store.store.path(STAGE, LEARNER_ROWS, snapshot_date(context.partition_key))
    info = scan.read_info(path)
    groups = pq.read_metadata(path)
    stored = sum(groups.row_group(number).num_rows for number in range(groups.num_row_groups))
    expected = info.source_rows if info.max_rows is None else min(info.max_rows, info.source_rows)
    return dg.AssetCheckResult(
        passed=stored == expected,
        description=f"{stored:,} rows stored, {info.source_rows:,} in the source",
        metadata={"rows stored": stored, "rows in source": info.source_rows},
    )
