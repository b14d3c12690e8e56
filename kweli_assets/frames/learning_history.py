"""The learning state of every learner over time.

Belongs here: the rules of "Learning state". Does not belong here: the enrolments themselves
(learning), the state of now (learners), what both histories share (histories).
"""

from __future__ import annotations

from datetime import date

import polars as pl

from kweli_assets.frames import histories

SCHEMA = histories.SCHEMA
REASON = "enrolment"
KEPT_DAYS = 180
"""Days that Graduate and Dropped Out last at most before a next enrolment."""

_LEFT = ("Dropped Out", "Suspended")


def build(learning: pl.LazyFrame, learners: pl.LazyFrame, snapshot_date: date) -> pl.LazyFrame:
    """Learning histories.

    Args:
        learning: the learning frame, sorted by learner and index.
        learners: hashedEmail, currentLearningState; sorted.
        snapshot_date: "today" of every rule.

    Returns:
        histories.SCHEMA, sorted by learner and index.
    """
    start, end, graduation = pl.col("startDate"), pl.col("endDate"), pl.col("graduationDate")
    # The end of Active; null is "open" only together with isOpen.
    of_completed = pl.when(graduation >= start).then(graduation).otherwise(end)
    uses_end = ~(pl.col("isCompleted") & (graduation >= start)).fill_null(value=False)
    left = pl.col("enrollmentStatus").is_in(_LEFT).fill_null(value=False)
    ends = pl.col("isCompleted") | left
    first = (
        pl.when(ends)
        .then(
            pl.max_horizontal(
                pl.when(pl.col("isCompleted")).then(of_completed).otherwise(end).fill_null(start),
                start,
            )
        )
        .otherwise(pl.when(end >= start).then(end))
    )
    is_open = (uses_end & pl.col("endOpen")) | (first > snapshot_date).fill_null(value=False)
    enrolments = (
        learning.filter(start <= snapshot_date)
        .select(
            "learner",
            "index",
            "startDate",
            pl.when(~is_open).then(first).alias("activeTo"),
            pl.when(pl.col("isCompleted"))
            .then(pl.lit("Graduate"))
            .when(pl.col("isDropped"))
            .then(pl.lit("Dropped Out"))
            .otherwise(pl.lit("Inactive"))
            .alias("after"),
        )
        .sort("learner", "startDate", "index")
        .with_columns(
            pl.when(pl.col("learner") == pl.col("learner").shift(-1))
            .then(pl.col("startDate").shift(-1))
            .alias("next")
        )
    )
    # `next` null: there is none. An end at or after the next start leaves nothing in between.
    before_next = (pl.col("activeTo") < pl.col("next")).fill_null(pl.col("next").is_null())
    has_end = pl.col("activeTo").is_not_null()
    lapse = pl.col("activeTo").dt.offset_by(f"{KEPT_DAYS}d")
    not_empty = (pl.col("startDate") < pl.min_horizontal("activeTo", "next")).fill_null(value=True)
    pieces = pl.concat(
        [
            enrolments.filter(not_empty).select(
                "learner", pl.col("startDate").alias("validFrom"), pl.lit("Active").alias("state")
            ),
            enrolments.filter(has_end & before_next).select(
                "learner", pl.col("activeTo").alias("validFrom"), pl.col("after").alias("state")
            ),
            enrolments.filter(
                has_end & (pl.col("after") != "Inactive") & (lapse < pl.col("next"))
            ).select("learner", lapse.alias("validFrom"), pl.lit("Inactive").alias("state")),
        ]
    ).sort("learner", "validFrom")
    now = learners.select(
        pl.col("hashedEmail").alias("learner"), pl.col("currentLearningState").alias("now")
    )
    return histories.finish(histories.merge_neighbours(pieces), now, REASON)
