"""Skills that learners keep: one row a learner and skill.

Belongs here: splitting `skills_list`, one id a learner once, the first fifty (Cleaning, Skill).
Does not belong here: a skill's id (cleaning/names), its shown name and category (graph).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from kweli_assets.cleaning.missing import clean_text
from kweli_assets.cleaning.names import LONGEST_NAME, map_unique, skill_slug
from kweli_assets.frames.built import NAME_TOO_LONG, Quarantine

COLUMN = "skills_list"

MOST_SKILLS = 50
"""Skills kept of one learner."""

SCHEMA = pl.Schema(
    {"learner": pl.String, "skillId": pl.String, "skillName": pl.String, "position": pl.Int64}
)
"""learner key, the skill's id, its first spelling, its place among the learner's skills."""


@dataclass(frozen=True)
class Skills:
    """The frame in SCHEMA, over-long names quarantined, and how many stood beyond the fifty."""

    frame: pl.LazyFrame
    quarantine: pl.DataFrame
    beyond: int


def build(rows: pl.LazyFrame) -> Skills:
    """Skills of accepted rows.

    Args:
        rows: learner, skills_list (String), one row a learner, sorted by learner.

    Returns:
        The frame sorted by learner and position.
    """
    given = rows.select("learner", clean_text(pl.col(COLUMN)).alias(COLUMN)).collect()
    names = (
        given.filter(pl.col(COLUMN).is_not_null())
        .select("learner", pl.col(COLUMN).str.split(",").alias("skillName"))
        .with_columns(pl.int_ranges(1, pl.col("skillName").list.len() + 1).alias("index"))
        .explode("skillName", "index", empty_as_null=False)
        .with_columns(clean_text(pl.col("skillName")))
        .filter(pl.col("skillName").is_not_null())
    )
    quarantine = Quarantine(COLUMN)
    long = pl.col("skillName").str.len_chars() > LONGEST_NAME
    for learner, name, index in names.filter(long).iter_rows():
        quarantine.reject(learner, index, NAME_TOO_LONG, name)
    names = names.filter(~long)
    slugs = map_unique(names.get_column("skillName"), _slug_or_none).alias("skillId")
    distinct = (
        names.with_columns(slugs)
        .filter(pl.col("skillId").is_not_null())
        .unique(["learner", "skillId"], keep="first", maintain_order=True)
        .with_columns((pl.int_range(pl.len()).over("learner") + 1).cast(pl.Int64).alias("position"))
    )
    kept = distinct.filter(pl.col("position") <= MOST_SKILLS)
    return Skills(
        kept.lazy().select(*SCHEMA.names()), quarantine.frame(), len(distinct) - len(kept)
    )


def _slug_or_none(name: str) -> str | None:
    return skill_slug(name) or None
