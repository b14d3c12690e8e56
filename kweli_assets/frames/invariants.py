"""What always holds of stored frames, as counts of what breaks it.

Belongs here: pure functions from frames to the number of rows (or learners) that break a rule;
zero is right. Does not belong here: Dagster's checks around them (assets), the rules themselves.

Source: "What always holds" and "Quarantine" of the graph's rules. The functions look at the
stored frames alone and share no code with what built them.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from kweli_assets.cleaning.missing import clean_text

KEYS: Mapping[str, tuple[str, ...]] = {
    "learners": ("hashedEmail",),
    "learning": ("learner", "index"),
    "employment": ("learner", "index"),
    "placement": ("learner", "index"),
    "education": ("learner", "index"),
    "skills": ("learner", "skillId"),
    "learning_history": ("learner", "index"),
    "professional_history": ("learner", "index"),
    "countries": ("code",),
    "cities": ("id",),
}
"""What tells the rows of a frame apart."""

SLUGS = frozenset({"cityOfResidenceId", "companyId", "institutionId", "skillId"})
"""Columns whose texts are made of names, not taken from the source."""

SOURCE_COLUMNS: Mapping[str, str] = {
    "learning": "learning_details",
    "employment": "employment_details",
    "placement": "placement_details",
    "education": "education_details",
}
"""Frames of JSON columns."""


def rows(frame: pl.LazyFrame) -> int:
    """How many rows a frame has."""
    return int(frame.select(pl.len()).collect().item())


def quarantined(frame: str, quarantine: pl.LazyFrame) -> int:
    """Quarantined entries of a frame: by its JSON column, or whole rows for learners."""
    column = SOURCE_COLUMNS.get(frame)
    of_frame = pl.col("column").is_null() if column is None else pl.col("column") == column
    return rows(quarantine.filter(of_frame))


def repeated_keys(name: str, frame: pl.LazyFrame) -> int:
    """Rows whose key stands in the frame before, or is missing."""
    keys = KEYS[name]
    counted = frame.select(
        pl.struct(*keys).n_unique().alias("distinct"),
        pl.len().alias("rows"),
        pl.any_horizontal(pl.col(*keys).is_null()).sum().alias("missing"),
    ).collect(engine="streaming")
    distinct, total, missing = counted.row(0)
    return int(total - distinct + missing)


def broken_histories(history: pl.LazyFrame, current: pl.LazyFrame) -> int:
    """Learners whose history breaks what always holds.

    In order, half open, without gap or overlap after the first date; exactly one interval
    current, the last and open, equal to the learner's current state; every learner has one.

    Args:
        history: learner, index, state, validFrom, validTo, isCurrent, dateUnknown.
        current: learner, current: every learner and the state that the learner's node shows.
    """
    learner = pl.col("learner")
    last = (learner != learner.shift(-1)).fill_null(value=True)
    first = (learner != learner.shift()).fill_null(value=True)
    next_from = pl.col("validFrom").shift(-1)
    holds = pl.all_horizontal(
        pl.when(first)
        .then(pl.col("index") == 1)
        .otherwise(pl.col("index") == pl.col("index").shift() + 1),
        pl.col("isCurrent") == last,
        pl.when(last)
        .then(pl.col("validTo").is_null())
        .otherwise((pl.col("validTo") == next_from).fill_null(value=False)),
        pl.when(pl.col("dateUnknown"))
        .then(pl.col("validFrom").is_null() & first & last)
        .otherwise(pl.col("validFrom").is_not_null()),
        (pl.col("validFrom") < pl.col("validTo")).fill_null(value=True),
    )
    judged = history.with_columns(holds.fill_null(value=False).alias("holds")).select(
        "learner", "holds", "isCurrent", "state"
    )
    broken = judged.filter(~pl.col("holds")).select("learner")
    shown = current.join(
        judged.filter("isCurrent").select("learner", "state"), on="learner", how="full"
    ).filter(pl.col("state").ne_missing(pl.col("current")))
    return rows(pl.concat([broken, shown.select(pl.coalesce("learner", "learner_right"))]).unique())


def sentinel_texts(frame: pl.LazyFrame) -> dict[str, int]:
    """By column, how many texts stand for "missing" or have outer blanks or NUL bytes.

    Ids are left out: they are made of names, and one that is not missing (`ｎｏｎｅ` in wide
    letters, among 200,000 learners' skills) may give the id `none`.
    """
    texts = [
        name
        for name, dtype in frame.collect_schema().items()
        if dtype == pl.String and name not in SLUGS
    ]
    counted = frame.select(
        (pl.col(name).is_not_null() & clean_text(pl.col(name)).ne_missing(pl.col(name)))
        .sum()
        .alias(name)
        for name in texts
    ).collect(engine="streaming")
    return {name: count for name, count in counted.row(0, named=True).items() if count}
