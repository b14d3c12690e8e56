"""A chunk of the synthetic table: all 58 columns of CHUNK_ROWS rows, whole and from one place.

Here: putting the parts together, the flags that follow from them, and which rows are encoded
otherwise. Not here: files, tables and processes.

A chunk depends on the seed and its number alone, so a table is the same whoever computes which of
its chunks, and a shorter table is the beginning of a longer one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import polars as pl

from kweli_assets.embedded.synthetic import entries
from kweli_assets.embedded.synthetic.dirt import documents
from kweli_assets.embedded.synthetic.dirt.soil import soil
from kweli_assets.embedded.synthetic.drawing import chance, generator
from kweli_assets.embedded.synthetic.profile import learner_keys, numbers, profile
from kweli_assets.errors import ConfigurationError
from kweli_assets.snapshot.columns import COLUMNS

CHUNK_ROWS = 10_000
"""About 15 MB of text: large enough to be vectorised well, small enough to hold several."""

DEFAULT_SNAPSHOT_ID = 20_251_201
DEFAULT_SEED = 42
DEFAULT_DIRT = 0.01

ENCODED_TWICE = 0.005
ENCODED_ASCII = 0.02
"""Share of the rows that hold their JSON as a string of JSON, or with every letter in ASCII."""

MULTIPLE_STATUS = 0.03
SHAPE_AND_FLAG_DIFFER = 0.03

_CLEAN = 0


@dataclass(frozen=True)
class Plan:
    """What a table is made from.

    Args:
        rows: number of rows, 0 or more.
        seed: same seed, same table.
        dirt: share of the rows that hold something nasty, 0 to 1.
        snapshot_id: what the column of that name holds.

    Raises:
        ConfigurationError: a number is out of its range.
    """

    rows: int
    seed: int = DEFAULT_SEED
    dirt: float = DEFAULT_DIRT
    snapshot_id: int = DEFAULT_SNAPSHOT_ID

    def __post_init__(self) -> None:
        ranges = {
            "rows": (self.rows, 0, 10**10),
            "seed": (self.seed, 0, 2**63 - 1),
            "dirt": (self.dirt, 0, 1),
            "snapshot_id": (self.snapshot_id, 0, 2**63 - 1),
        }
        for name, (value, least, most) in ranges.items():
            if not least <= value <= most:
                raise ConfigurationError(
                    "generating synthetic learners",
                    f"{name} is {value}.",
                    f"Give a number between {least} and {most}.",
                )

    def chunks(self) -> int:
        """Number of chunks."""
        return -(-self.rows // CHUNK_ROWS)

    def chunk(self, number: int) -> pl.DataFrame:
        """The rows of one chunk as text, columns in the table's order; NULL is null."""
        frame = _chunk(self.seed, number, self.dirt, self.snapshot_id)
        return frame.head(self.rows - number * CHUNK_ROWS)


def frame(
    rows: int,
    seed: int = DEFAULT_SEED,
    dirt: float = DEFAULT_DIRT,
    snapshot_id: int = DEFAULT_SNAPSHOT_ID,
) -> pl.DataFrame:
    """A whole synthetic table in memory, all columns as text. For tests and small tables."""
    plan = Plan(rows, seed, dirt, snapshot_id)
    if rows == 0:
        return pl.DataFrame(schema={column.name: pl.String for column in COLUMNS})
    return pl.concat([plan.chunk(number) for number in range(plan.chunks())])


def _chunk(seed: int, number: int, dirt: float, snapshot_id: int) -> pl.DataFrame:
    rng = generator(seed, _CLEAN, number)
    rows = np.arange(number * CHUNK_ROWS, (number + 1) * CHUNK_ROWS, dtype=np.int64)
    count = len(rows)
    person = profile(rng, seed, rows)
    columns = person.columns
    learning = entries.learning(rng, count)
    jobs = entries.employment(rng, person.country)
    studies = entries.education(rng, count)
    placed = entries.placement(rng, jobs)
    for name, status in (
        ("is_graduate_learner", entries.GRADUATED),
        ("is_active_learner", entries.ENROLLED),
        ("is_a_dropped_out", entries.DROPPED),
    ):
        columns[name] = numbers(learning.status == status)
    columns |= {
        "learning_details": learning.text,
        "employment_details": jobs.text,
        "education_details": studies.text,
        "placement_details": placed.text,
        "has_employment_details": numbers(jobs.filled),
        "has_education_details": numbers(studies.filled),
        "has_placement_details": numbers(placed.filled),
        "is_placed": numbers(placed.filled),
    }
    kind = np.where(
        chance(rng, count, SHAPE_AND_FLAG_DIFFER), rng.integers(0, 3, count), placed.kind
    )
    several = chance(rng, count, MULTIPLE_STATUS)
    for name, of_kind in (
        ("is_running_a_venture", entries.VENTURE),
        ("is_a_freelancer", entries.FREELANCE),
        ("is_wage_employed", entries.WAGE),
    ):
        second = several & ((kind + 1) % 3 == of_kind)
        columns[name] = numbers(placed.filled & ((kind == of_kind) | second))
    table = pl.DataFrame(
        [columns[column.name].alias(column.name) for column in COLUMNS if column.name in columns]
    ).with_columns(pl.lit(str(snapshot_id)).alias("snapshot_id"))
    table = _encoded_otherwise(rng, table.select([column.name for column in COLUMNS]))
    return soil(
        table,
        seed=seed,
        chunk=number,
        first_row=int(rows[0]),
        rate=dirt,
        snapshot_id=snapshot_id,
        key_of=lambda row: str(learner_keys(seed, np.array([row]))[0]),
    )


def _encoded_otherwise(rng: np.random.Generator, table: pl.DataFrame) -> pl.DataFrame:
    """Some rows hold JSON as a JSON string, some spell letters beyond ASCII as escapes."""
    twice = np.flatnonzero(chance(rng, len(table), ENCODED_TWICE))
    ascii_only = np.flatnonzero(chance(rng, len(table), ENCODED_ASCII))
    changes: dict[str, pl.Series] = {}
    for name in documents.DOCUMENTS:
        column = table.get_column(name).clone()
        texts = column.gather(ascii_only).to_list()
        column.scatter(ascii_only, [json.dumps(json.loads(text)) for text in texts])
        texts = column.gather(twice).to_list()
        column.scatter(twice, [json.dumps(text, ensure_ascii=False) for text in texts])
        changes[name] = column
    return table.with_columns(**changes)
