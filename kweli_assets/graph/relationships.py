"""The nine relationship sets of the graph.

Here: one declaration a type, and the functions that build its rows from the frames. Not here:
cleaning rules (a frame's job), Cypher, nodes.
"""

from __future__ import annotations

import polars as pl

from kweli_assets.graph.model import (
    END,
    START,
    Frames,
    Property,
    RelationshipSet,
    boolean,
    dates,
    floating,
    integer,
    string,
)
from kweli_assets.graph.nodes import (
    CITY,
    COMPANY,
    COUNTRY,
    INSTITUTION,
    LEARNER,
    LEARNING_STATE,
    PROFESSIONAL_STATUS,
    PROGRAM,
    SKILL,
)


def _between(
    entries: pl.LazyFrame, start: str, end: str, properties: tuple[Property, ...] = ()
) -> pl.LazyFrame:
    """Rows from `start` to `end` with these properties; entries without an end make none."""
    return entries.filter(pl.col(end).is_not_null()).select(
        pl.col(start).alias(START),
        pl.col(end).alias(END),
        *(pl.col(item.name) for item in properties),
    )


def _enrolled_in(frames: Frames) -> pl.LazyFrame:
    return _between(frames["learning"], "learner", "cohortCode", ENROLLED_IN.properties)


def _has_skill(frames: Frames) -> pl.LazyFrame:
    entries = frames["skills"].with_columns(source=pl.lit("skills_list"))
    return _between(entries, "learner", "skillId", HAS_SKILL.properties)


def _works_for(frames: Frames) -> pl.LazyFrame:
    absent = pl.lit(None, pl.String)
    jobs = frames["employment"].with_columns(
        source=pl.lit("employment_details"), employmentType=absent, salaryRange=absent
    )
    placements = (
        frames["placement"]
        .filter(~pl.col("isVenture"))
        .with_columns(
            source=pl.lit("placement_details"), country=absent, endDate=pl.lit(None, pl.Date)
        )
    )
    return pl.concat(
        _between(entries, "learner", "companyId", WORKS_FOR.properties)
        for entries in (jobs, placements)
    )


def _runs_venture(frames: Frames) -> pl.LazyFrame:
    ventures = frames["placement"].filter("isVenture").with_columns(role=pl.lit("Founder"))
    return _between(ventures, "learner", "companyId", RUNS_VENTURE.properties)


def _studied_at(frames: Frames) -> pl.LazyFrame:
    return _between(frames["education"], "learner", "institutionId", STUDIED_AT.properties)


def _resides_in(frames: Frames) -> pl.LazyFrame:
    return _between(frames["learners"], "hashedEmail", "cityOfResidenceId")


def _in_country(frames: Frames) -> pl.LazyFrame:
    return _between(frames["cities"], "id", "countryCode")


def _has_learning_state(frames: Frames) -> pl.LazyFrame:
    return _between(frames["learning_history"], "learner", "state", _INTERVAL)


def _has_professional_status(frames: Frames) -> pl.LazyFrame:
    return _between(frames["professional_history"], "learner", "state", _INTERVAL)


_INTERVAL = (
    *integer("index"),
    *dates("validFrom", "validTo"),
    *boolean("isCurrent", "dateUnknown"),
    *string("reason"),
)

ENROLLED_IN = RelationshipSet(
    type="ENROLLED_IN",
    start=LEARNER,
    end=PROGRAM,
    identity_properties=("index",),
    properties=(
        *integer("index"),
        *string("cohortCode", "enrollmentStatus"),
        *dates("startDate", "endDate", "graduationDate"),
        *floating("lmsOverallScore", "completionRate"),
        *integer("numberOfAssignments", "numberOfSubmissions", "numberOfAssignmentsPassed"),
        *floating("assignmentCompletionRate"),
        *integer("numberOfMilestones", "numberOfMilestonesSubmitted", "numberOfMilestonesPassed"),
        *floating("milestoneCompletionRate"),
        *integer("numberOfTests", "numberOfTestsSubmitted", "numberOfTestsPassed"),
        *floating("testCompletionRate"),
        *boolean("isCompleted", "isDropped"),
        *integer("duration"),
    ),
    frames=("learning",),
    rows=_enrolled_in,
    renamed={START: "learner", END: "cohortCode"},
    description="Enrolments; index is the entry's position, duration is in days.",
)

HAS_SKILL = RelationshipSet(
    type="HAS_SKILL",
    start=LEARNER,
    end=SKILL,
    properties=string("source"),
    frames=("skills",),
    rows=_has_skill,
    renamed={START: "learner", END: "skillId"},
    description="The first 50 distinct skills of each learner.",
)

WORKS_FOR = RelationshipSet(
    type="WORKS_FOR",
    start=LEARNER,
    end=COMPANY,
    identity_properties=("source", "index"),
    properties=(
        *string("source"),
        *integer("index"),
        *string("position", "country", "employmentType", "salaryRange"),
        *dates("startDate", "endDate"),
        *boolean("isCurrent"),
        *integer("duration"),
    ),
    frames=("employment", "placement"),
    rows=_works_for,
    renamed={START: "learner", END: "companyId"},
    description="Jobs and placements with a company; duration is in months.",
)

RUNS_VENTURE = RelationshipSet(
    type="RUNS_VENTURE",
    start=LEARNER,
    end=COMPANY,
    identity_properties=("index",),
    properties=(
        *integer("index"),
        *string("role"),
        *dates("startDate"),
        *boolean("isCurrent"),
        *integer("jobsCreated"),
        *floating("capitalSecured"),
        *integer("femaleOpportunities"),
    ),
    frames=("placement",),
    rows=_runs_venture,
    renamed={START: "learner", END: "companyId"},
    description="Ventures; capitalSecured is in USD.",
)

STUDIED_AT = RelationshipSet(
    type="STUDIED_AT",
    start=LEARNER,
    end=INSTITUTION,
    identity_properties=("index",),
    properties=(
        *integer("index"),
        *string("levelOfStudy", "fieldOfStudy"),
        *dates("startDate", "endDate"),
        *boolean("graduated"),
    ),
    frames=("education",),
    rows=_studied_at,
    renamed={START: "learner", END: "institutionId"},
    description="Studies at an institution.",
)

RESIDES_IN = RelationshipSet(
    type="RESIDES_IN",
    start=LEARNER,
    end=CITY,
    frames=("learners",),
    rows=_resides_in,
    renamed={START: "hashedEmail", END: "cityOfResidenceId"},
    description="The learner's city of residence.",
)

IN_COUNTRY = RelationshipSet(
    type="IN_COUNTRY",
    start=CITY,
    end=COUNTRY,
    frames=("cities",),
    rows=_in_country,
    renamed={START: "id", END: "countryCode"},
    description="The country of each city.",
)

HAS_LEARNING_STATE = RelationshipSet(
    type="HAS_LEARNING_STATE",
    start=LEARNER,
    end=LEARNING_STATE,
    identity_properties=("index",),
    properties=_INTERVAL,
    frames=("learning_history",),
    rows=_has_learning_state,
    renamed={START: "learner", END: "state"},
    description="The learner's learning history, one relationship an interval.",
)

HAS_PROFESSIONAL_STATUS = RelationshipSet(
    type="HAS_PROFESSIONAL_STATUS",
    start=LEARNER,
    end=PROFESSIONAL_STATUS,
    identity_properties=("index",),
    properties=_INTERVAL,
    frames=("professional_history",),
    rows=_has_professional_status,
    renamed={START: "learner", END: "state"},
    description="The learner's professional history, one relationship an interval.",
)

RELATIONSHIP_SETS: tuple[RelationshipSet, ...] = (
    ENROLLED_IN,
    HAS_SKILL,
    WORKS_FOR,
    RUNS_VENTURE,
    STUDIED_AT,
    RESIDES_IN,
    IN_COUNTRY,
    HAS_LEARNING_STATE,
    HAS_PROFESSIONAL_STATUS,
)
