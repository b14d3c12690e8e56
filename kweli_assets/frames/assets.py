"""The frames as Dagster assets, with their checks.

Belongs here: descriptions, lineage, metadata and check results of the frames stage. Does not
belong here: rules (the frame modules), the pass itself (build), what always holds (invariants).
"""

import time
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import dagster as dg
import polars as pl

from kweli_assets.errors import KweliError
from kweli_assets.frames import bucket, build, invariants, places, quarantine
from kweli_assets.frames.build import ACCOUNT_SCHEMA, FINDINGS_SCHEMA, STAGE, FramesReport
from kweli_assets.partitions import SNAPSHOTS, snapshot_date
from kweli_assets.resources.frame_store import FrameStore, FrameStoreResource
from kweli_assets.resources.progress import logged
from kweli_assets.snapshot import scan

IO_MANAGER = "frame_io_manager"
"""Hands stored frames to assets that take one as an input."""

SNAPSHOT = dg.AssetKey(["snapshot", "learner_rows"])

DESCRIPTIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "learning": ("One row an enrolment: an entry of learning_details.", ()),
    "employment": ("One row a job that a learner lists: an entry of employment_details.", ()),
    "placement": (
        "One row a placement by the programme, job or venture: an entry of placement_details.",
        (),
    ),
    "education": ("One row a study: an entry of education_details.", ()),
    "skills": ("One row a learner and skill: the first fifty of skills_list.", ()),
    "learning_history": (
        "The learning state of every learner over time, half-open intervals.",
        ("learning",),
    ),
    "professional_history": (
        "The professional status of every learner over time, half-open intervals.",
        ("employment", "placement"),
    ),
    "learners": (
        "One row a learner: the properties of the Learner node, and what places are made of.",
        ("professional_history",),
    ),
    "quarantine": (
        "What could not be used, as it came, with the reason: rows, columns' texts, entries.",
        (),
    ),
    "findings": (
        "What was noticed and cost no entry: unreadable values by shape, countries without a "
        "code, has_… columns that disagree.",
        (),
    ),
    "account": ("Entries in, out and quarantined by frame.", ()),
}
"""Frame -> description and the other frames that it is made from, those before it."""

SCHEMAS: Mapping[str, pl.Schema] = {
    **bucket.SCHEMAS,
    "findings": FINDINGS_SCHEMA,
    "account": ACCOUNT_SCHEMA,
    "countries": places.COUNTRIES_SCHEMA,
    "cities": places.CITIES_SCHEMA,
}

_COUNTED = ("learners", *invariants.SOURCE_COLUMNS)
_HISTORIES = {
    "learning_history": "currentLearningState",
    "professional_history": "currentProfessionalStatus",
}
_WITHOUT_SENTINELS = tuple(name for name in invariants.KEYS if name not in ("countries", "cities"))


def key(name: str) -> dg.AssetKey:
    """The asset key of a frame."""
    return dg.AssetKey([STAGE, name])


def column_schema(schema: pl.Schema) -> dg.TableSchema:
    """A frame's columns and types as Dagster shows them."""
    return dg.TableSchema([dg.TableColumn(name, str(dtype)) for name, dtype in schema.items()])


def _check(name: str, frame: str, description: str, *, blocking: bool = True) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(name, asset=key(frame), description=description, blocking=blocking)


CHECKS = [
    *(
        _check("entries_accounted_for", name, "Entries in = rows of the frame + quarantined.")
        for name in _COUNTED
    ),
    *(
        _check("keys_unique", name, "No key stands twice, none is missing.")
        for name in bucket.SCHEMAS
        if name in invariants.KEYS
    ),
    *(
        _check("intervals_hold", name, "In order, half open, no gap or overlap, the last current.")
        for name in _HISTORIES
    ),
    *(
        _check("no_sentinel_text", name, "No text stands for missing or has blanks around it.")
        for name in _WITHOUT_SENTINELS
    ),
    _check(
        "countries_known",
        "learners",
        "Every country's name has a code; names without one, with their learners.",
        blocking=False,
    ),
    _check(
        "claims_agree",
        "learners",
        "The has_… columns agree with what they speak of.",
        blocking=False,
    ),
]


@dg.multi_asset(
    name="frames",
    specs=[
        dg.AssetSpec(
            key(name),
            deps=[SNAPSHOT, *(key(other) for other in others)],
            group_name=STAGE,
            kinds={"polars", "parquet"},
            description=description,
            metadata={"dagster/column_schema": column_schema(SCHEMAS[name])},
        ).with_io_manager_key(IO_MANAGER)
        for name, (description, others) in DESCRIPTIONS.items()
    ],
    check_specs=CHECKS,
    partitions_def=SNAPSHOTS,
    backfill_policy=dg.BackfillPolicy.multi_run(1),
)
def frame_pass(
    context: dg.AssetExecutionContext, frame_store: FrameStoreResource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """One pass over the snapshot writes all frames; then what must hold of them is looked at.

    Frames of the same snapshot and rules are kept: writing them again gives the same bytes.
    """
    store, day = frame_store.store, snapshot_date(context.partition_key)
    started = time.monotonic()
    try:
        info = scan.read_info(store.path("snapshot", "learner_rows", day))
        metadata = {
            build.SNAPSHOT_KEY: info.fingerprint,
            build.RULES_KEY: build.rules_version(),
        }
        report = build.stored_report(store, day, metadata)
        kept = report is not None
        if report is None:
            report = build.build_frames(
                store.path("snapshot", "learner_rows", day),
                store,
                day,
                metadata=metadata,
                progress=logged(context.log.info, "rows cleaned"),
            )
        else:
            context.log.info("The snapshot and the rules are as before: the frames are kept.")
    except KweliError as error:
        raise dg.Failure(str(error), allow_retries=error.rerun_helps) from error
    seconds = time.monotonic() - started
    for name in DESCRIPTIONS:
        yield dg.MaterializeResult(
            asset_key=key(name),
            metadata={
                **_metadata(name, report, store, day),
                "kept as they were": kept,
                "seconds of the pass": round(seconds, 2),
                "rows per second of the pass": round(info.rows / max(seconds, 1e-6)),
            },
        )
    results = list(check_results(store, day, report.findings))
    build.note_failed_checks(
        store,
        day,
        [
            (str(result.asset_key and result.asset_key.path[-1]), str(result.check_name))
            for result in results
            if not result.passed and result.severity is dg.AssetCheckSeverity.ERROR
        ],
    )
    yield from results


def _metadata(name: str, report: FramesReport, store: FrameStore, day: date) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "dagster/row_count": report.rows[name],
        "bytes": store.path(STAGE, name, day).stat().st_size,
    }
    account = report.accounts.get(name)
    if account:
        metadata |= {
            "entries in": account.entries_in,
            "entries out": account.entries_out,
            "entries quarantined": account.quarantined,
        }
    if name in ("quarantine", "findings"):
        metadata |= (
            {"by reason and column": table(quarantine.counts(store.scan(STAGE, name, day)))}
            if name == "quarantine"
            else {"findings": table(report.findings)}
        )
    else:
        found = report.findings.filter(pl.col("frame") == name)
        if len(found):
            metadata["findings"] = table(found.drop("frame"))
    return metadata


_MOST_RECORDS = 200
"""Rows of a table in the event log, which grows for ever; the frame holds them all."""


def table(frame: pl.DataFrame) -> dg.TableMetadataValue:
    """A small frame of counts as Dagster shows it, the largest counts first."""
    last = frame.columns[-1]
    shown = frame.sort(last, descending=True, maintain_order=True).head(_MOST_RECORDS)
    return dg.MetadataValue.table(
        [dg.TableRecord(record) for record in shown.iter_rows(named=True)],
        schema=column_schema(shown.schema),
    )


def check_results(
    store: FrameStore, day: date, findings: pl.DataFrame
) -> Iterator[dg.AssetCheckResult]:
    """Looks at the stored frames; one result a check of CHECKS."""
    frames = {name: store.scan(STAGE, name, day) for name in DESCRIPTIONS}
    entries_in = dict(frames["account"].select("frame", "entriesIn").collect().iter_rows())
    for name in _COUNTED:
        rows = invariants.rows(frames[name])
        lost = invariants.quarantined(name, frames["quarantine"])
        yield dg.AssetCheckResult(
            asset_key=key(name),
            check_name="entries_accounted_for",
            passed=entries_in[name] == rows + lost,
            description=f"{entries_in[name]} in = {rows} out + {lost} quarantined",
        )
    for name in bucket.SCHEMAS:
        if name in invariants.KEYS:
            yield _count_result(
                name, "keys_unique", invariants.repeated_keys(name, frames[name]), "repeated keys"
            )
    for name, state in _HISTORIES.items():
        current = frames["learners"].select(
            pl.col("hashedEmail").alias("learner"), pl.col(state).alias("current")
        )
        broken = invariants.broken_histories(frames[name], current)
        yield _count_result(name, "intervals_hold", broken, "learners with a broken history")
    for name in _WITHOUT_SENTINELS:
        found = invariants.sentinel_texts(frames[name])
        yield _count_result(name, "no_sentinel_text", sum(found.values()), "texts", found)
    countries = (
        findings.filter(pl.col("kind") == "country")
        .group_by(pl.col("value").alias("country"))
        .agg(pl.col("count").sum().alias("learners"))
        .sort("learners", "country", descending=[True, False])
    )
    yield dg.AssetCheckResult(
        asset_key=key("learners"),
        check_name="countries_known",
        passed=countries.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{len(countries)} names have no code",
        metadata={"names without a code": table(countries)},
    )
    claims = findings.filter(pl.col("kind") == "disagreement")
    yield dg.AssetCheckResult(
        asset_key=key("learners"),
        check_name="claims_agree",
        passed=claims.is_empty(),
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{claims.get_column('count').sum()} learners in {len(claims)} columns differ",
        metadata={"learners that differ": table(claims.select("column", "count"))},
    )


def _count_result(
    frame: str, check: str, count: int, what: str, found: Mapping[str, int] | None = None
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key(frame),
        check_name=check,
        passed=count == 0,
        description=f"{count} {what}",
        metadata={"by column": dg.MetadataValue.json(dict(found))} if found else {},
    )


def _place_asset(name: str, description: str) -> dg.AssetsDefinition:
    """Countries and cities differ in the function that builds them."""
    build_place = {"countries": places.countries, "cities": places.cities}[name]

    @dg.asset(
        key=key(name),
        ins={"learners": dg.AssetIn(key("learners"))},
        group_name=STAGE,
        kinds={"polars", "parquet"},
        partitions_def=SNAPSHOTS,
        backfill_policy=dg.BackfillPolicy.multi_run(1),
        io_manager_key=IO_MANAGER,
        description=description,
        metadata={"dagster/column_schema": column_schema(SCHEMAS[name])},
        check_specs=[_check("keys_unique", name, "No key stands twice, none is missing.")],
    )
    def place(
        learners: pl.LazyFrame,
    ) -> Iterator[dg.Output[pl.LazyFrame] | dg.AssetCheckResult]:
        built = build_place(learners).collect()
        yield dg.Output(built.lazy(), metadata={"dagster/row_count": len(built)})
        repeated = invariants.repeated_keys(name, built.lazy())
        yield _count_result(name, "keys_unique", repeated, "repeated keys")

    return place


countries = _place_asset(
    "countries", "Countries that a learner resides in or comes from, with name and position."
)
cities = _place_asset("cities", "Cities that a learner resides in, with name and position.")
