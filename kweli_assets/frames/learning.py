"""Enrolments: one row an entry of `learning_details`.

Belongs here: the fields of an enrolment and their rules (Cleaning, Program, enrollmentStatus).
Does not belong here: the history that follows from enrolments (learning_history), a program's
shown name (graph).
"""

from __future__ import annotations

import polars as pl

from kweli_assets.cleaning.names import LONGEST_NAME, map_unique
from kweli_assets.cleaning.values import OPEN_END, Kind, Value
from kweli_assets.frames.built import NAME_TOO_LONG, NO_COHORT_CODE, Built
from kweli_assets.frames.entries import JsonColumn

COLUMN = "learning_details"

STATUSES = ("Enrolled", "Graduated", "Dropped Out", "Completed", "Suspended", "Active")
COMPLETED = ("Graduated", "Completed")
DROPPED = "Dropped Out"

VALUES = (
    Value("program_name", "programName"),
    Value("cohort_code", "cohortCode"),
    Value("program_start_date", "startDate", Kind.DATE),
    Value("program_end_date", "endDate", Kind.END_DATE),
    Value("enrollment_status", "enrollmentStatus"),
    Value("program_graduation_date", "graduationDate", Kind.DATE),
    Value("lms_overall_score", "lmsOverallScore", Kind.NUMBER),
    Value("no_of_assignments", "numberOfAssignments", Kind.COUNT),
    Value("no_of_submissions", "numberOfSubmissions", Kind.COUNT),
    Value("no_of_assignment_passed", "numberOfAssignmentsPassed", Kind.COUNT),
    Value("assignment_completion_rate", "assignmentCompletionRate", Kind.NUMBER),
    Value("no_of_milestone", "numberOfMilestones", Kind.COUNT),
    Value("no_of_milestone_submitted", "numberOfMilestonesSubmitted", Kind.COUNT),
    Value("no_of_milestone_passed", "numberOfMilestonesPassed", Kind.COUNT),
    Value("milestone_completion_rate", "milestoneCompletionRate", Kind.NUMBER),
    Value("no_of_test", "numberOfTests", Kind.COUNT),
    Value("no_of_test_submitted", "numberOfTestsSubmitted", Kind.COUNT),
    Value("no_of_test_passed", "numberOfTestsPassed", Kind.COUNT),
    Value("test_completion_rate", "testCompletionRate", Kind.NUMBER),
    Value("completion_rate", "completionRate", Kind.NUMBER),
)

SCHEMA = pl.Schema(
    {
        "learner": pl.String,
        "index": pl.Int64,
        "cohortCode": pl.String,
        "programName": pl.String,
        "enrollmentStatus": pl.String,
        "startDate": pl.Date,
        "endDate": pl.Date,
        "endOpen": pl.Boolean,
        "graduationDate": pl.Date,
        "lmsOverallScore": pl.Float64,
        "completionRate": pl.Float64,
        "numberOfAssignments": pl.Int64,
        "numberOfSubmissions": pl.Int64,
        "numberOfAssignmentsPassed": pl.Int64,
        "assignmentCompletionRate": pl.Float64,
        "numberOfMilestones": pl.Int64,
        "numberOfMilestonesSubmitted": pl.Int64,
        "numberOfMilestonesPassed": pl.Int64,
        "milestoneCompletionRate": pl.Float64,
        "numberOfTests": pl.Int64,
        "numberOfTestsSubmitted": pl.Int64,
        "numberOfTestsPassed": pl.Int64,
        "testCompletionRate": pl.Float64,
        "isCompleted": pl.Boolean,
        "isDropped": pl.Boolean,
        "duration": pl.Int64,
    }
)
"""learner key, position in the array, then the enrolment's properties; endOpen: the end date is
9999-12-31; duration in days."""

_COLUMN = JsonColumn(COLUMN, VALUES)
_STATUS_BY_FOLD = {status.casefold(): status for status in STATUSES}


def known_status(text: str) -> str | None:
    """The status as the rules spell it, whatever the case; None for another one."""
    return _STATUS_BY_FOLD.get(text.casefold())


def build(rows: pl.LazyFrame) -> Built:
    """Enrolments of accepted rows.

    Args:
        rows: learner, learning_details (String), one row a learner, sorted by learner.

    Returns:
        The frame in SCHEMA, sorted by learner and index.
    """
    entries = _COLUMN.open(rows)
    entries.quarantine(
        pl.when(pl.col("cohortCode").is_null())
        .then(pl.lit(NO_COHORT_CODE))
        .when(pl.col("cohortCode").str.len_chars() > LONGEST_NAME)
        .then(pl.lit(NAME_TOO_LONG))
    )
    written = entries.frame.get_column("enrollmentStatus")
    status = map_unique(written, known_status)
    entries.count_unreadable(
        "enrollment_status",
        "enrollmentStatus",
        written,
        written.is_not_null() & status.is_null(),
    )
    open_end = pl.col("endDate") == OPEN_END
    known_end = pl.when(~open_end).then(pl.col("endDate"))
    days = (known_end - pl.col("startDate")).dt.total_days()
    final = entries.frame.lazy().with_columns(
        status.alias("enrollmentStatus"),
        known_end.alias("endDate"),
        open_end.fill_null(value=False).alias("endOpen"),
        status.is_in(COMPLETED).fill_null(value=False).alias("isCompleted"),
        (status == DROPPED).fill_null(value=False).alias("isDropped"),
        pl.when(days >= 0).then(days).alias("duration"),
    )
    return entries.built(final, SCHEMA)
