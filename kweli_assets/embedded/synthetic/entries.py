"""The four JSON columns of synthetic learners: enrolments, jobs, placements, studies.

Here: entries at the source's rates, built as text by concatenating columns (a JSON library per row
would cost ten times as much). Not here: flat columns (profile), what breaks the format (dirt).

The words that go into the text hold neither quotes nor backslashes, so nothing is escaped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from kweli_assets.embedded.synthetic import catalog
from kweli_assets.embedded.synthetic import vocabulary as words
from kweli_assets.embedded.synthetic.catalog import PRESENT_DAY, day_texts
from kweli_assets.embedded.synthetic.drawing import (
    Floats,
    Ints,
    Mask,
    WordList,
    chance,
    choose,
    cumulated,
    glue,
    joined,
    pick,
    take,
)

# Shares that the source's owners counted in 1,597,198 rows.
DROPPED, GRADUATED, ENROLLED = 0, 1, 2
STATUSES = cumulated((0.7765, 0.1623, 0.0611))
SPELT_DROPPED_OUT = 201 / 1_240_000
DATES_KNOWN = 0.986
LATE_GRADUATION = 21_123 / 259_260
EARLY_GRADUATION = 29 / 259_260
GRADUATED_WITHOUT_DATE = 349 / 259_260
DATED_WITHOUT_GRADUATING = 228 / 1_337_938
ENDS_BEFORE_START = 1 / 1_597_198
LEARNING_KNOWN = {"score": 0.60, "assignment": 0.57, "milestone": 0.49, "test": 0.53, "done": 0.60}

EMPLOYED = 0.1803
JOBS = cumulated((47, 24, 13, 7.5, 4, 2, 1, 0.6, 0.35, 0.2, 0.15, 0.1, 0.06, 0.04))
"""1 to 14 jobs a learner who has any."""
HAS_CURRENT_JOB = 183_118 / 287_985
FURTHER_CURRENT_JOB = 0.275
"""Share of the other jobs of such a learner that are current too: 1.33 current ones in all."""
CURRENT_JOB_ENDS_OPEN = 0.99
KNOWN_COMPANY = 0.21
COMPANY_UNIVERSE = 6_000_000
COMPANY_MISSING = 0.02
ORGANISATION_KEYS = WordList.of_pairs(
    (("organisation_name", 96.0), ("organization_name", 2.0), ("institution_name", 2.0))
)

STUDIED = 0.0629
STUDIES = cumulated((80, 16, 3, 0.6, 0.2, 0.1, 0.04, 0.03, 0.01, 0.01, 0.01))
"""1 to 11 studies a learner who has any."""
STUDY_END_UNKNOWN = 0.193
STUDY_ENDS_BEFORE_START = 221 / 125_868
STUDY_ENDS_IN_FUTURE = 590 / 125_868

PLACED = 0.0394
VENTURE, FREELANCE, WAGE = 0, 1, 2
PLACEMENT_SHAPES = cumulated((12, 16, 72))
SECOND_PLACEMENT = 0.03
PLACED_AT_OWN_JOB = 0.4
PLACEMENT_NAME_MISSING = 0.35


@dataclass(frozen=True)
class Learning:
    """Enrolments of a chunk: the column, and each row's status as a number."""

    text: pl.Series
    status: Ints


@dataclass(frozen=True)
class Employment:
    """Jobs of a chunk: the column, who has any, and each row's first job (where there is one)."""

    text: pl.Series
    filled: Mask
    first_company: pl.Series
    first_start: Ints


@dataclass(frozen=True)
class Education:
    """Studies of a chunk: the column and who has any."""

    text: pl.Series
    filled: Mask


@dataclass(frozen=True)
class Placement:
    """Placements of a chunk: the column, who has any, and the kind of the first."""

    text: pl.Series
    filled: Mask
    kind: Ints


def learning(rng: np.random.Generator, count: int) -> Learning:
    """One enrolment a row, as in the source today."""
    cohorts = catalog.cohorts()
    status = pick(rng, STATUSES, count)
    program = catalog.programs().indexes(rng, count)
    cohort = np.searchsorted(cohorts.of_program, program + rng.random(count), side="right")
    running = (status == ENROLLED) & chance(rng, count, 0.9)
    cohort = np.where(running, cohorts.last_of_program[program], cohort)
    start, end = cohorts.start[cohort], cohorts.end[cohort]
    end = np.where(chance(rng, count, ENDS_BEFORE_START), start - 30, end)

    graduation = _graduation_days(rng, start, end)
    missing_dates = catalog.missing_dates()
    graduated = status == GRADUATED
    dated = graduated & ~chance(rng, count, GRADUATED_WITHOUT_DATE)
    dated |= ~graduated & chance(rng, count, DATED_WITHOUT_GRADUATING)
    known = chance(rng, count, DATES_KNOWN)
    status_texts = pl.Series(["Dropped Out", "Graduated", "Enrolled", "Dropped out"])
    lower = (status == DROPPED) & chance(rng, count, SPELT_DROPPED_OUT)

    score = (100.0 * rng.beta(2.2, 1.6, count) * 100).astype(np.int64)
    has_score = chance(rng, count, LEARNING_KNOWN["score"])
    done = catalog.counts().texts(
        rng,
        (graduated | chance(rng, count, 0.04)).astype(np.int64),
        chance(rng, count, LEARNING_KNOWN["done"]),
    )
    text = glue(
        '[{"index": "1", "program_name": "',
        take(cohorts.program, cohort),
        '", "cohort_code": "',
        take(cohorts.code, cohort),
        '", "program_start_date": "',
        choose(known, day_texts(start), missing_dates.draw(rng, count)),
        '", "program_end_date": "',
        choose(known, day_texts(end), missing_dates.draw(rng, count)),
        '", "enrollment_status": "',
        take(status_texts, np.where(lower, 3, status)),
        '", "program_graduation_date": "',
        choose(dated, day_texts(graduation), missing_dates.draw(rng, count)),
        '", "lms_overall_score": ',
        catalog.scores().texts(rng, score, has_score),
        *_work(rng, count, "assignments", "submissions", "assignment"),
        *_work(rng, count, "milestone", "milestone_submitted", "milestone"),
        *_work(rng, count, "test", "test_submitted", "test"),
        ', "completion_rate": ',
        done,
        "}]",
    )
    return Learning(text, status)


def _graduation_days(rng: np.random.Generator, start: Ints, end: Ints) -> Ints:
    count = len(start)
    spread = rng.random(count)
    on_time = np.where(
        chance(rng, count, 0.6), end, end - (spread * np.minimum(60, end - start)).astype(np.int64)
    )
    late = end + 1 + (spread * 120).astype(np.int64)
    early = start - 1 - (spread * 90).astype(np.int64)
    days = np.where(chance(rng, count, LATE_GRADUATION), late, on_time)
    return np.where(chance(rng, count, EARLY_GRADUATION), early, days)


def _work(
    rng: np.random.Generator, count: int, given: str, handed_in: str, kind: str
) -> tuple[pl.Series | str, ...]:
    """Four fields on assignments, milestones or tests; known together or missing together."""
    known = chance(rng, count, LEARNING_KNOWN[kind])
    number = rng.integers(1, 31, count)
    submitted = (number * rng.random(count) + 0.5).astype(np.int64)
    passed = (submitted * rng.random(count) + 0.5).astype(np.int64)
    rate = submitted * 10_000 // number
    texts = catalog.counts().texts
    return (
        f', "no_of_{given}": ',
        texts(rng, number, known),
        f', "no_of_{handed_in}": ',
        texts(rng, submitted, known),
        f', "no_of_{kind}_passed": ',
        texts(rng, passed, known),
        f', "{kind}_completion_rate": ',
        catalog.rates().texts(rng, rate, known),
    )


def company_names(rng: np.random.Generator, count: int) -> pl.Series:
    """Company names: some well known, most of them rare, in varying spellings."""
    pieces = catalog.companies()
    number = rng.integers(0, COMPANY_UNIVERSE, count)
    # The universe is thinned out evenly over all combinations of pieces.
    number = number * 2_654_435_761 % (len(pieces.first) ** 2 * len(pieces.trade) * 22)
    number, first = np.divmod(number, len(pieces.first))
    number, second = np.divmod(number, len(pieces.first))
    number, trade = np.divmod(number, len(pieces.trade))
    rare = glue(
        take(pieces.first, first),
        " ",
        take(pieces.first, second),
        " ",
        take(pieces.trade, trade),
        " ",
        take(pieces.form, number % len(pieces.form)),
    )
    known = chance(rng, count, KNOWN_COMPANY)
    names = choose(known, pieces.known.draw(rng, count), rare)
    style = rng.random(count)
    frame = pl.DataFrame({"name": names, "style": style})
    return frame.select(
        pl.when(pl.col("style") < 0.01)
        .then(pl.col("name").str.to_uppercase())
        .when(pl.col("style") < 0.02)
        .then(pl.col("name").str.to_lowercase())
        .when(pl.col("style") < 0.025)
        .then(pl.col("name") + ".")
        .when(pl.col("style") < 0.028)
        .then("  " + pl.col("name").str.replace_all(" ", "  ") + " ")
        .when(pl.col("style") < 0.029)
        .then("(" + pl.col("name") + ")")
        .otherwise(pl.col("name"))
    ).to_series()


def employment(rng: np.random.Generator, country: Ints) -> Employment:
    """Up to 14 jobs a row; the country of most jobs is the learner's (`country`: its index)."""
    count = len(country)
    filled = chance(rng, count, EMPLOYED)
    jobs = np.where(filled, 1 + pick(rng, JOBS, count), 0)
    total = int(jobs.sum())
    owner = np.repeat(np.arange(count), jobs)
    first = np.cumsum(jobs) - jobs
    position = np.arange(total) - first[owner]

    employed_now = chance(rng, count, HAS_CURRENT_JOB)[owner]
    current = employed_now & ((position == 0) | chance(rng, total, FURTHER_CURRENT_JOB))
    start = PRESENT_DAY - 15 - (rng.beta(0.9, 2.6, total) * 5_500).astype(np.int64)
    lasted = np.minimum(20 + (rng.gamma(1.4, 400, total)).astype(np.int64), PRESENT_DAY - start - 1)
    lasted = np.where(current, PRESENT_DAY - start, lasted)

    missing_dates = catalog.missing_dates()
    # A job without company and start date would be no entry at all.
    nameless = chance(rng, total, COMPANY_MISSING)
    start_known = nameless | chance(rng, total, 0.97)
    start_text = choose(start_known, day_texts(start), missing_dates.draw(rng, total))
    draw = rng.random(total)
    ends = choose(draw < 0.9, day_texts(start + lasted), missing_dates.draw(rng, total))
    open_end = pl.Series(["9999-12-31"]).gather(pl.Series(np.zeros(total, dtype=np.int64)))
    odd = choose(
        draw < 0.5, day_texts(start + lasted // 2), missing_dates.draw(rng, total)
    )  # current, and yet an end in the past or 1970-01-01
    end_text = choose(
        current, choose(chance(rng, total, CURRENT_JOB_ENDS_OPEN), open_end, odd), ends
    )
    elsewhere = catalog.places().countries.indexes(rng, total)
    where = np.where(chance(rng, total, 0.85), country[owner], elsewhere)
    companies = choose(
        nameless, catalog.inner_missing_texts().draw(rng, total), company_names(rng, total)
    )
    newest_first = chance(rng, count, 0.5)[owner]
    own_index = np.where(newest_first, jobs[owner] - position, position + 1)
    entry = glue(
        '{"index": "',
        take(catalog.small_numbers(), own_index),
        '", "',
        ORGANISATION_KEYS.draw(rng, total),
        '": "',
        companies,
        '", "start_date": "',
        start_text,
        '", "end_date": "',
        end_text,
        '", "country": "',
        choose(
            chance(rng, total, 0.97),
            catalog.places().countries.take(where),
            catalog.inner_missing_texts().draw(rng, total),
        ),
        '", "job_title": "',
        catalog.job_titles().draw(rng, total),
        '", "is_current": "',
        take(catalog.small_numbers(), current.astype(np.int64)),
        '", "duration_in_years": ',
        catalog.years().texts(rng, lasted * 10 // 365, chance(rng, total, 0.92)),
        "}",
    )
    text = glue("[", joined(entry, jobs, ", "), "]")
    at = np.minimum(first, max(total - 1, 0))
    if total == 0:
        return Employment(text, filled, text, np.zeros(count, dtype=np.int64))
    return Employment(text, filled, take(companies, at), start[at])


def education(rng: np.random.Generator, count: int) -> Education:
    """Up to 11 studies a row."""
    filled = chance(rng, count, STUDIED)
    studies = np.where(filled, 1 + pick(rng, STUDIES, count), 0)
    total = int(studies.sum())
    owner = np.repeat(np.arange(count), studies)
    position = np.arange(total) - (np.cumsum(studies) - studies)[owner]
    start = PRESENT_DAY - 200 - (rng.beta(1.3, 2.0, total) * 9_000).astype(np.int64)
    length = 200 + (rng.random(total) * 1_500).astype(np.int64)
    length = np.minimum(length, PRESENT_DAY - start - 1)
    length = np.where(chance(rng, total, STUDY_ENDS_BEFORE_START), -length - 1, length)
    ahead = PRESENT_DAY - start + 30 + (rng.random(total) * 1_000).astype(np.int64)
    length = np.where(chance(rng, total, STUDY_ENDS_IN_FUTURE), ahead, length)
    missing_dates = catalog.missing_dates()
    end_known = ~chance(rng, total, STUDY_END_UNKNOWN)
    # A study without institution, level and field would be no entry at all.
    nameless = chance(rng, total, 0.03)
    entry = glue(
        '{"index": "',
        take(catalog.small_numbers(), position + 1),
        '", "institution_name": "',
        choose(
            nameless,
            catalog.inner_missing_texts().draw(rng, total),
            _institution_names(rng, total),
        ),
        '", "start_date": "',
        choose(chance(rng, total, 0.97), day_texts(start), missing_dates.draw(rng, total)),
        '", "end_date": "',
        choose(end_known, day_texts(start + length), missing_dates.draw(rng, total)),
        '", "field_of_study": "',
        choose(
            nameless | chance(rng, total, 0.85),
            catalog.fields().draw(rng, total),
            catalog.inner_missing_texts().draw(rng, total),
        ),
        '", "level_of_study": "',
        catalog.levels().draw(rng, total),
        '", "graduated": "',
        take(catalog.small_numbers(), (rng.random(total) < 0.7).astype(np.int64)),
        '"}',
    )
    return Education(glue("[", joined(entry, studies, ", "), "]"), filled)


def _institution_names(rng: np.random.Generator, count: int) -> pl.Series:
    frame = pl.DataFrame(
        {"name": catalog.institutions().draw(rng, count), "style": rng.random(count)}
    )
    return frame.select(
        pl.when(pl.col("style") < 0.015)
        .then(pl.col("name").str.to_uppercase())
        .when(pl.col("style") < 0.03)
        .then(pl.col("name").str.to_lowercase())
        .when(pl.col("style") < 0.04)
        .then(pl.col("name") + ".")
        .when(pl.col("style") < 0.045)
        .then(pl.col("name") + " ,")
        .otherwise(pl.col("name"))
    ).to_series()


def placement(rng: np.random.Generator, jobs: Employment) -> Placement:
    """Mostly one placement a row that has any: a job or a venture, each with its own fields."""
    count = len(jobs.filled)
    filled = chance(rng, count, PLACED)
    rows = np.flatnonzero(filled)
    number = np.zeros(count, dtype=np.int64)
    number[rows] = 1 + chance(rng, len(rows), SECOND_PLACEMENT)
    total = int(number.sum())
    owner = np.repeat(np.arange(count), number)
    kind = pick(rng, PLACEMENT_SHAPES, count)
    start = PRESENT_DAY - 10 - (rng.beta(1.0, 2.0, total) * 1_500).astype(np.int64)

    # A placement that the job list names already: same company, starts up to 60 days apart.
    own = jobs.filled[owner] & chance(rng, total, PLACED_AT_OWN_JOB)
    apart = rng.integers(-60, 61, total)
    start = np.where(own, jobs.first_start[owner] + apart, start)
    names = company_names(rng, total)
    names = choose(
        chance(rng, total, PLACEMENT_NAME_MISSING),
        catalog.inner_missing_texts().draw(rng, total),
        names,
    )
    names = choose(own, take(jobs.first_company, owner), names)
    start_text = choose(
        chance(rng, total, 0.995), day_texts(start), catalog.missing_dates().draw(rng, total)
    )
    as_job = glue(
        '{"employment_type": "',
        catalog.employment_types().draw(rng, total),
        '", "job_start_date": "',
        start_text,
        '", "organisation_name": "',
        names,
        '", "salary_range": "',
        catalog.salary_ranges().draw(rng, total),
        '", "job_title": "',
        catalog.job_titles().draw(rng, total),
        '"}',
    )
    as_venture = glue(
        '{"business_name": "',
        names,
        '", "job_start_date": "',
        start_text,
        '", "jobs_created_to_date": ',
        _amounts(rng, (rng.geometric(0.25, total) - 1).astype(np.float64)),
        ', "capital_secured_todate": ',
        _amounts(rng, np.round(rng.gamma(0.7, 4_000, total), 2)),
        ', "female_opp_todate": ',
        _amounts(rng, (rng.geometric(0.4, total) - 1).astype(np.float64)),
        "}",
    )
    entry = choose(kind[owner] == VENTURE, as_venture, as_job)
    return Placement(glue("[", joined(entry, number, ", "), "]"), filled, kind)


def _amounts(rng: np.random.Generator, values: Floats) -> pl.Series:
    """Amounts as whole text, text with a fraction, or real JSON numbers; some missing."""
    count = len(values)
    whole = pl.Series(values.astype(np.int64)).cast(pl.String)
    real = pl.Series(values).cast(pl.String)
    draw = rng.random(count)
    text = choose(draw < 0.6, glue('"', whole, '"'), glue('"', real, '"'))
    text = choose(draw < 0.75, text, choose(draw < 0.9, whole, real))
    missing = WordList.of_pairs(words.MISSING_NUMBERS).draw(rng, count)
    return choose(chance(rng, count, 0.85), text, missing)
