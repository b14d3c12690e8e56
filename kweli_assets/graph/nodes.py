"""The nine node sets of the graph.

Here: one declaration a label, and the functions that build its rows from the frames. Not here:
cleaning rules (a frame's job), Cypher, relationships.
"""

from __future__ import annotations

import polars as pl

from kweli_assets.graph.model import Frames, NodeSet, boolean, floating, integer, string
from kweli_assets.graph.skill_category import category_of

LEARNING_STATES = ("Active", "Graduate", "Dropped Out", "Inactive")
PROFESSIONAL_STATUSES = ("Unemployed", "Wage Employed", "Freelancer", "Entrepreneur", "Multiple")

# A word is bounded by anything but letters and digits, as in the rules for job types.
_UDACITY = r"(?i)(^|[^\p{L}\p{N}])udacity([^\p{L}\p{N}]|$)"


def most_frequent_name(entries: pl.LazyFrame, key: str, name: str) -> pl.LazyFrame:
    """Per `key` the most frequent `name`, ties by code point order; null where none is known.

    Entries without a key are left out. Gives the columns `id` and `name`.
    """
    return (
        entries.select(pl.col(key).alias("id"), pl.col(name).alias("name"))
        .filter(pl.col("id").is_not_null())
        .group_by("id", "name")
        .agg(pl.len().alias("times"))
        .sort(
            "id",
            pl.col("name").is_null(),
            pl.col("times"),
            "name",
            descending=[False, False, True, False],
        )
        .unique("id", keep="first", maintain_order=True)
        .select("id", "name")
    )


def _learners(frames: Frames) -> pl.LazyFrame:
    return frames["learners"].select(list(LEARNER.columns))


def _countries(frames: Frames) -> pl.LazyFrame:
    return frames["countries"].select(list(COUNTRY.columns))


def _cities(frames: Frames) -> pl.LazyFrame:
    return frames["cities"].select(list(CITY.columns))


def _skills(frames: Frames) -> pl.LazyFrame:
    named = most_frequent_name(frames["skills"], "skillId", "skillName")
    return named.with_columns(category_of(pl.col("id")).alias("category"))


def _programs(frames: Frames) -> pl.LazyFrame:
    named = most_frequent_name(frames["learning"], "cohortCode", "programName")
    return named.select(
        "id",
        pl.coalesce("name", "id").alias("name"),
        pl.col("id").alias("cohortCode"),
    ).with_columns(
        pl.when(pl.col("name").str.contains(_UDACITY))
        .then(pl.lit("Udacity"))
        .otherwise(pl.lit("ALX"))
        .alias("provider")
    )


def _companies(frames: Frames) -> pl.LazyFrame:
    entries = [frames[name].select("companyId", "companyName") for name in COMPANY.frames]
    return most_frequent_name(pl.concat(entries), "companyId", "companyName")


def _institutions(frames: Frames) -> pl.LazyFrame:
    return most_frequent_name(frames["education"], "institutionId", "institutionName")


def _constants(name: str, values: tuple[str, ...]) -> pl.LazyFrame:
    return pl.LazyFrame({name: list(values)}, schema={name: pl.String})


LEARNER = NodeSet(
    label="Learner",
    key="hashedEmail",
    properties=(
        *string("hashedEmail", "sandId", "fullName", "profilePhotoUrl", "bio", "gender"),
        *string("educationLevel", "educationField"),
        *string("countryOfResidenceCode", "countryOfOriginCode", "cityOfResidenceId"),
        *string("currentLearningState", "currentProfessionalStatus"),
        *boolean("isPlaced", "isFeatured", "isRural"),
        *string("descriptionOfLivingLocation"),
        *boolean("hasDisability"),
        *string("typeOfDisability"),
        *boolean("isFromLowIncomeHousehold"),
        *floating("latitude", "longitude"),
        *integer("snapshotId"),
    ),
    indexes=(
        "countryOfResidenceCode",
        "cityOfResidenceId",
        "currentLearningState",
        "currentProfessionalStatus",
    ),
    frames=("learners",),
    rows=_learners,
    per_learner=True,
    description="One node a learner of the snapshot.",
)

COUNTRY = NodeSet(
    label="Country",
    key="code",
    properties=(*string("code", "name"), *floating("latitude", "longitude")),
    indexes=("name",),
    frames=("countries",),
    rows=_countries,
    description="Countries that a learner resides in or comes from.",
)

CITY = NodeSet(
    label="City",
    key="id",
    properties=(*string("id", "name", "countryCode"), *floating("latitude", "longitude")),
    indexes=("name",),
    frames=("cities",),
    rows=_cities,
    description="Cities that a learner resides in.",
)

SKILL = NodeSet(
    label="Skill",
    key="id",
    properties=string("id", "name", "category"),
    indexes=("name",),
    frames=("skills",),
    rows=_skills,
    renamed={"id": "skillId", "name": "skillName", "category": "skillId"},
    description="Skills that a learner keeps, named by their most frequent spelling.",
)

PROGRAM = NodeSet(
    label="Program",
    key="id",
    properties=string("id", "name", "cohortCode", "provider"),
    indexes=("name",),
    frames=("learning",),
    rows=_programs,
    renamed={"id": "cohortCode", "name": "programName", "provider": "programName"},
    description="Programs of enrolments, one a cohort code.",
)

COMPANY = NodeSet(
    label="Company",
    key="id",
    properties=string("id", "name"),
    indexes=("name",),
    frames=("employment", "placement"),
    rows=_companies,
    renamed={"id": "companyId", "name": "companyName"},
    description="Companies of jobs, placements and ventures.",
)

INSTITUTION = NodeSet(
    label="Institution",
    key="id",
    properties=string("id", "name"),
    indexes=("name",),
    frames=("education",),
    rows=_institutions,
    renamed={"id": "institutionId", "name": "institutionName"},
    description="Institutions of studies.",
)

LEARNING_STATE = NodeSet(
    label="LearningState",
    key="state",
    properties=string("state"),
    rows=lambda _: _constants("state", LEARNING_STATES),
    description="The four learning states; they always exist.",
)

PROFESSIONAL_STATUS = NodeSet(
    label="ProfessionalStatus",
    key="status",
    properties=string("status"),
    rows=lambda _: _constants("status", PROFESSIONAL_STATUSES),
    description="The five professional statuses; they always exist.",
)

NODE_SETS: tuple[NodeSet, ...] = (
    LEARNER,
    COUNTRY,
    CITY,
    SKILL,
    PROGRAM,
    COMPANY,
    INSTITUTION,
    LEARNING_STATE,
    PROFESSIONAL_STATUS,
)
