"""What both histories share: merging neighbours, the last word of the flags, numbering.

Belongs here: the schema of a history and the steps from pieces in time to a finished history
(What always holds). Does not belong here: where the pieces come from (learning_history,
professional_history).

Everything is vectorised over all learners at once, sorted by learner and time; window functions
by `shift` within the sorted frame cost about a tenth of `over`.
"""

from __future__ import annotations

import polars as pl

SCHEMA = pl.Schema(
    {
        "learner": pl.String,
        "index": pl.Int64,
        "state": pl.String,
        "validFrom": pl.Date,
        "validTo": pl.Date,
        "isCurrent": pl.Boolean,
        "dateUnknown": pl.Boolean,
        "reason": pl.String,
    }
)
"""learner key, 1-based position, state, half-open interval [validFrom, validTo), whether it is
the current one, whether its start is unknown, and what decided the state."""

FLAGS = "flags"


def merge_neighbours(pieces: pl.LazyFrame) -> pl.LazyFrame:
    """Equal neighbours become one.

    Args:
        pieces: learner, validFrom, state, sorted by learner and validFrom, contiguous in time.

    Returns:
        The first of each run of equal neighbours.
    """
    return pieces.filter(
        (pl.col("learner") != pl.col("learner").shift()).fill_null(value=True)
        | (pl.col("state") != pl.col("state").shift())
    )


def finish(
    pieces: pl.LazyFrame, now: pl.LazyFrame, reason: str, replaceable: str | None = None
) -> pl.LazyFrame:
    """From merged pieces to a finished history.

    The last interval takes the state of now and merges with an equal neighbour; a learner without
    pieces has one interval of the state of now, start unknown.

    Args:
        pieces: learner, validFrom, state; sorted by learner and validFrom, neighbours differ, the
            last piece of each learner is open.
        now: learner, now (String): the state that the flags give, for every learner, sorted.
        reason: of an interval that the flags did not change.
        replaceable: the only last state that the flags may replace; None: any.

    Returns:
        SCHEMA, sorted by learner and index.
    """
    is_last = (pl.col("learner") != pl.col("learner").shift(-1)).fill_null(value=True)
    replaced = pl.col("isLast") & (pl.col("state") != pl.col("now"))
    if replaceable is not None:
        replaced = replaced & (pl.col("state") == replaceable)
    dated = (
        now.join(pieces, on="learner", how="left", maintain_order="left_right")
        .with_columns(is_last.alias("isLast"), pl.col("validFrom").is_null().alias("dateUnknown"))
        .with_columns((replaced.fill_null(value=False) | pl.col("dateUnknown")).alias("byFlags"))
        .with_columns(
            pl.when("byFlags").then(pl.col("now")).otherwise(pl.col("state")).alias("state")
        )
    )
    # A replaced last interval that equals the one before it merges into that one, which is then
    # the last, and decided by the flags.
    same_learner = pl.col("learner") == pl.col("learner").shift(-1)
    takes_next = (
        same_learner & pl.col("byFlags").shift(-1) & (pl.col("state") == pl.col("state").shift(-1))
    ).fill_null(value=False)
    merged = (
        dated.with_columns(takes_next.alias("takesNext"))
        .filter(
            ~(
                pl.col("takesNext").shift().fill_null(value=False)
                & (pl.col("learner") == pl.col("learner").shift())
            ).fill_null(value=False)
        )
        .with_columns((pl.col("byFlags") | pl.col("takesNext")).alias("byFlags"))
    )
    next_start = pl.when(pl.col("learner") == pl.col("learner").shift(-1)).then(
        pl.col("validFrom").shift(-1)
    )
    return (
        merged.with_columns(
            next_start.alias("validTo"),
            is_last.alias("isCurrent"),
            pl.when("byFlags").then(pl.lit(FLAGS)).otherwise(pl.lit(reason)).alias("reason"),
            (pl.int_range(pl.len()).over("learner") + 1).cast(pl.Int64).alias("index"),
        )
        .select(*SCHEMA.names())
        .cast(SCHEMA)
    )
