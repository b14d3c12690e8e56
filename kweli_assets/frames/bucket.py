"""All frames of one bucket of a snapshot.

Belongs here: the order in which the pure builds are called, and what they give together. Does not
belong here: any rule, any file (store, build).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from kweli_assets.cleaning.missing import clean_text
from kweli_assets.frames import (
    education,
    employment,
    histories,
    learners,
    learning,
    learning_history,
    placement,
    professional_history,
    skills,
)
from kweli_assets.frames.accepted import accept
from kweli_assets.frames.built import QUARANTINE_SCHEMA, Account, Built

SCHEMAS: Mapping[str, pl.Schema] = {
    "learners": learners.SCHEMA,
    "learning": learning.SCHEMA,
    "employment": employment.SCHEMA,
    "placement": placement.SCHEMA,
    "education": education.SCHEMA,
    "skills": skills.SCHEMA,
    "learning_history": histories.SCHEMA,
    "professional_history": histories.SCHEMA,
    "quarantine": QUARANTINE_SCHEMA,
}
"""The frames that are written bucket after bucket."""


@dataclass(frozen=True)
class BucketFrames:
    """What a bucket's rows become.

    Attributes:
        frames: one DataFrame a name of SCHEMAS.
        unreadable: frame, column, kind, value, count.
        accounts: by frame; each must balance.
        claims: learners whose has_… column disagrees with what it speaks of, by column.
        skills_beyond: skills beyond a learner's first fifty.
    """

    frames: Mapping[str, pl.DataFrame]
    unreadable: pl.DataFrame
    accounts: Mapping[str, Account]
    claims: Mapping[str, int]
    skills_beyond: int


def build(rows: pl.DataFrame, snapshot_date: date) -> BucketFrames:
    """All frames of some rows.

    Args:
        rows: the selected source columns as String, in any order; all rows of a learner are in
            the same bucket.
        snapshot_date: "today" of every rule.
    """
    accepted = accept(rows)
    lazy = accepted.rows.lazy()
    built_learners = learners.build(lazy)
    built: dict[str, Built] = {
        "learning": learning.build(lazy),
        "employment": employment.build(lazy, snapshot_date),
        "placement": placement.build(lazy, snapshot_date),
        "education": education.build(lazy),
    }
    built_skills = skills.build(lazy)
    entry_frames = dict(zip(built, pl.collect_all([b.frame for b in built.values()]), strict=True))
    base = built_learners.frame
    learning_pieces, professional_pieces = pl.collect_all(
        [
            learning_history.build(entry_frames["learning"].lazy(), base.lazy(), snapshot_date),
            professional_history.build(
                entry_frames["employment"].lazy(),
                entry_frames["placement"].lazy(),
                base.lazy(),
                snapshot_date,
            ),
        ]
    )
    quarantine = pl.concat(
        [
            accepted.quarantine,
            built_learners.quarantine,
            built_skills.quarantine,
            *(b.quarantine for b in built.values()),
        ]
    ).sort("learner", "column", "index", "reason", "raw", nulls_last=False)
    frames = {
        "learners": learners.with_status(base, professional_pieces.lazy()).collect(),
        **entry_frames,
        "skills": built_skills.frame.collect(),
        "learning_history": learning_pieces,
        "professional_history": professional_pieces,
        "quarantine": quarantine,
    }
    unreadable = pl.concat(
        part.select(pl.lit(name).alias("frame"), pl.all())
        for name, part in (
            ("learners", built_learners.unreadable),
            *((name, b.unreadable) for name, b in built.items()),
        )
    )
    return BucketFrames(
        frames=frames,
        unreadable=unreadable,
        accounts={"learners": accepted.account, **{n: b.account for n, b in built.items()}},
        claims=learners.claim_disagreements(
            base,
            {
                column: _holds_anything(accepted.rows, base, column)
                for _, _, column in learners.CLAIMS
            },
        ),
        skills_beyond=built_skills.beyond,
    )


def _holds_anything(rows: pl.DataFrame, base: pl.DataFrame, column: str) -> pl.Series:
    """Whether a JSON column holds anything but nothing, in the order of the learners."""
    if len(rows) != len(base):
        raise AssertionError("learners and accepted rows differ in number")
    text = clean_text(pl.col(column))
    return rows.select((text.is_not_null() & (text != "[]")).fill_null(value=False)).to_series()
