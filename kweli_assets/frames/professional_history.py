"""The professional status of every learner over time.

Belongs here: the rules of "Professional status". Does not belong here: jobs and placements
themselves (employment, placement), what both histories share (histories).
"""

from __future__ import annotations

from datetime import date

import polars as pl

from kweli_assets.frames import histories

SCHEMA = histories.SCHEMA
REASON = "jobs"

UNEMPLOYED = "Unemployed"
WAGE_EMPLOYED = "Wage Employed"
FREELANCER = "Freelancer"
ENTREPRENEUR = "Entrepreneur"
MULTIPLE = "Multiple"
STATUSES = (UNEMPLOYED, WAGE_EMPLOYED, FREELANCER, ENTREPRENEUR, MULTIPLE)

SAME_JOB_DAYS = 31
"""A placement names a listed job when their starts are at most this many days apart."""
BRIDGED_DAYS = 30
"""A gap of at most this many days between two jobs is bridged."""
DAYS_A_YEAR = 365.25
_FAR = 100_000
"""Days; a longer duration ends after every snapshot date all the same."""


def _has_word(text: pl.Expr, *words: str) -> pl.Expr:
    """Whether the text holds one of the words, bounded by anything but letters and digits."""
    pattern = rf"(?i)(?:^|[^\p{{L}}\p{{Nd}}])(?:{'|'.join(words)})(?:$|[^\p{{L}}\p{{Nd}}])"
    return text.str.contains(pattern).fill_null(value=False)


def _type(*texts: pl.Expr) -> pl.Expr:
    """A job's type by the words of its title and its company as written."""
    founder = [
        _has_word(t, "founder", "co-founder", "cofounder", "entrepreneur", "ceo", "owner")
        for t in texts
    ]
    freelancer = [
        _has_word(t, "freelance", "freelancer", "consultant", "contractor", "self-employed")
        for t in texts
    ]
    return (
        pl.when(pl.any_horizontal(founder))
        .then(pl.lit(ENTREPRENEUR))
        .when(pl.any_horizontal(freelancer))
        .then(pl.lit(FREELANCER))
        .otherwise(pl.lit(WAGE_EMPLOYED))
    )


def _jobs(employment: pl.LazyFrame, placement: pl.LazyFrame, snapshot_date: date) -> pl.LazyFrame:
    """learner, type, start, end (null: open) of the jobs that make history."""
    by_words = _type(pl.col("position"), pl.col("writtenCompany"))
    days = (pl.col("durationInYears") * DAYS_A_YEAR).floor().clip(upper_bound=_FAR)
    reckoned = pl.when(
        pl.col("endDate").is_null() & ~pl.col("endOpen") & ~pl.col("currentFlag") & (days > 0)
    ).then(pl.col("startDate") + pl.duration(days=days.cast(pl.Int64)))
    listed = employment.select(
        "learner",
        by_words.alias("type"),
        pl.col("startDate").alias("start"),
        pl.coalesce("endDate", reckoned).alias("end"),
        pl.col("endOpen").alias("open"),
    )
    named = (
        placement.with_row_index("row")
        .filter(pl.col("companyId").is_not_null())
        .select("row", "learner", "companyId", pl.col("startDate").alias("start"))
        .join(
            employment.select("learner", "companyId", "startDate"),
            on=["learner", "companyId"],
            how="inner",
        )
        .filter(
            (
                (pl.col("start") - pl.col("startDate")).dt.total_days().abs() <= SAME_JOB_DAYS
            ).fill_null(value=True)
        )
        .select("row")
        .unique()
    )
    placed = (
        placement.with_row_index("row")
        .join(named, on="row", how="anti")
        .select(
            "learner",
            pl.when("isVenture").then(pl.lit(ENTREPRENEUR)).otherwise(by_words).alias("type"),
            pl.col("startDate").alias("start"),
            pl.lit(None, pl.Date).alias("end"),
            pl.lit(value=True).alias("open"),
        )
    )
    return (
        pl.concat([listed, placed])
        .filter(
            (pl.col("start") <= snapshot_date)
            & (pl.col("open") | (pl.col("end") > pl.col("start")))
        )
        .select(
            "learner",
            "type",
            "start",
            pl.when(pl.col("end") <= snapshot_date).then("end").alias("end"),
        )
    )


def _pieces(jobs: pl.LazyFrame) -> pl.LazyFrame:
    """learner, validFrom, state at every moment from the first job's start, gaps bridged."""
    code = pl.col("type").replace_strict(
        {WAGE_EMPLOYED: 1, FREELANCER: 2, ENTREPRENEUR: 3}, return_dtype=pl.Int64
    )
    moments = pl.concat(
        [
            jobs.select(
                "learner", pl.col("start").alias("validFrom"), pl.lit(1).alias("jobs"), code
            ),
            jobs.filter(pl.col("end").is_not_null()).select(
                "learner", pl.col("end").alias("validFrom"), pl.lit(-1).alias("jobs"), -code
            ),
        ]
    )
    # Over all learners at once: every start of a job without an end stays in the running sums, so
    # they are taken within the learner. With one job the sum of codes is that job's code.
    counted = (
        moments.group_by("learner", "validFrom")
        .agg(pl.col("jobs").sum(), pl.col("type").sum())
        .sort("learner", "validFrom")
        .with_columns(pl.col("jobs", "type").cum_sum().over("learner"))
        .select(
            "learner",
            "validFrom",
            pl.when(pl.col("jobs") == 0)
            .then(pl.lit(UNEMPLOYED))
            .when(pl.col("jobs") > 1)
            .then(pl.lit(MULTIPLE))
            .otherwise(
                pl.col("type").replace_strict(
                    {1: WAGE_EMPLOYED, 2: FREELANCER, 3: ENTREPRENEUR},
                    default=None,
                    return_dtype=pl.String,
                )
            )
            .alias("state"),
        )
    )
    merged = histories.merge_neighbours(counted)
    gap = (
        pl.when(pl.col("learner") == pl.col("learner").shift(-1)).then(
            pl.col("validFrom").shift(-1)
        )
        - pl.col("validFrom")
    ).dt.total_days()
    # Dropping a short gap lets the status before it go on; a learner never starts with a gap.
    bridged = (pl.col("state") == UNEMPLOYED) & (gap <= BRIDGED_DAYS).fill_null(value=False)
    return histories.merge_neighbours(merged.filter(~bridged))


def build(
    employment: pl.LazyFrame, placement: pl.LazyFrame, learners: pl.LazyFrame, snapshot_date: date
) -> pl.LazyFrame:
    """Professional histories.

    Args:
        employment: the employment frame.
        placement: the placement frame.
        learners: hashedEmail, isRunningAVenture, isAFreelancer, isWageEmployed; sorted.
        snapshot_date: "today" of every rule.

    Returns:
        histories.SCHEMA, sorted by learner and index.
    """
    flags = [
        pl.col(c).fill_null(value=False)
        for c in ("isRunningAVenture", "isAFreelancer", "isWageEmployed")
    ]
    by_flags = (
        pl.when(pl.sum_horizontal(flags) > 1)
        .then(pl.lit(MULTIPLE))
        .when(flags[0])
        .then(pl.lit(ENTREPRENEUR))
        .when(flags[1])
        .then(pl.lit(FREELANCER))
        .when(flags[2])
        .then(pl.lit(WAGE_EMPLOYED))
        .otherwise(pl.lit(UNEMPLOYED))
    )
    now = learners.select(pl.col("hashedEmail").alias("learner"), by_flags.alias("now"))
    pieces = _pieces(_jobs(employment, placement, snapshot_date))
    return histories.finish(pieces, now, REASON, replaceable=UNEMPLOYED)
