"""Both histories of one learner, by a calendar: what is the case on each day?

Here: the sections "Learning state" and "Professional status". A calendar is a list with one entry
for every day from the first date to the snapshot date, the last day being the snapshot date
itself. Not here: reading the values.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from kweli_assets_tests.reference.names import holds_word
from kweli_assets_tests.reference.values import End, Open

ONE_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Interval:
    """[valid_from, valid_to) in one state; no valid_to for the current one."""

    state: str
    valid_from: datetime.date | None
    valid_to: datetime.date | None
    reason: str

    @property
    def date_unknown(self) -> bool:
        return self.valid_from is None


@dataclass(frozen=True)
class Enrolment:
    """What the learning history uses of one enrolment."""

    index: int
    status: str | None
    start: datetime.date | None
    end: End
    graduation: datetime.date | None

    @property
    def is_completed(self) -> bool:
        # "isCompleted for Graduated and Completed, isDropped for Dropped Out"
        return self.status in ("Graduated", "Completed")

    @property
    def is_dropped(self) -> bool:
        return self.status == "Dropped Out"


@dataclass(frozen=True)
class Job:
    """What the professional history uses of one employment or placement entry."""

    is_venture: bool
    company_id: str | None
    company_written: str | None
    title: str | None
    start: datetime.date | None
    end: End
    is_current: bool | None
    years: float | None


def intervals_of(calendar: Sequence[str], first: datetime.date, reason: str) -> list[Interval]:
    """ "equal neighbours become one"; the last interval is the current one, hence open."""
    intervals: list[Interval] = []
    day = first
    for state, days in groupby(calendar):
        behind = day + ONE_DAY * len(list(days))
        intervals.append(Interval(state, day, behind, reason))
        day = behind
    last = intervals[-1]
    intervals[-1] = Interval(last.state, last.valid_from, None, last.reason)
    return intervals


def with_last_state(intervals: list[Interval], state: str) -> list[Interval]:
    """The last interval takes a state that the flags say, "and merges with an equal neighbour".

    "reason: `flags` where [it] replaced another (also for an interval into which that one
    merged)".
    """
    last = intervals[-1]
    if last.state == state:
        return intervals
    before = intervals[:-1]
    valid_from = last.valid_from
    if before and before[-1].state == state:
        valid_from = before[-1].valid_from
        before = before[:-1]
    return [*before, Interval(state, valid_from, None, "flags")]


def standing_alone(state: str) -> list[Interval]:
    # "one interval of the state of now with dateUnknown true and no validFrom"
    return [Interval(state, None, None, "flags")]


# --- learning state -----------------------------------------------------------------------------


def learning_state_now(graduate: bool | None, dropped: bool | None, active: bool | None) -> str:
    # "Graduate if is_graduate_learner, else Dropped Out if is_a_dropped_out, else Active if
    # is_active_learner, else Inactive."
    if graduate:
        return "Graduate"
    if dropped:
        return "Dropped Out"
    if active:
        return "Active"
    return "Inactive"


def end_of_enrolment(enrolment: Enrolment, snapshot: datetime.date) -> datetime.date | None:
    """The first day that is no longer Active, None where the enrolment goes on."""
    start = enrolment.start
    assert start is not None
    end: End = enrolment.end
    if enrolment.is_completed:
        # "for isCompleted the graduation date, where that is missing or before the start the end
        # date"
        graduation = enrolment.graduation
        if graduation is not None and graduation >= start:
            end = graduation
    elif enrolment.is_dropped or enrolment.status == "Suspended":
        pass  # "for Dropped Out and Suspended the end date"
    else:
        # "For all others the end date if it is known, not before the start and not after the
        # snapshot date, otherwise there is none."
        if end is None or isinstance(end, Open) or end < start or end > snapshot:
            return None
        return end
    # "An end that is open or after the snapshot date leaves the interval open, whatever the
    # status."
    if isinstance(end, Open):
        return None
    # "a missing one, or one before the start, is the start (no Active interval)"
    if end is None or end < start:
        return start
    if end > snapshot:
        return None
    return end


def learning_history(
    enrolments: Sequence[Enrolment], now: str, snapshot: datetime.date
) -> list[Interval]:
    # "Only enrolments whose start date is known and not after the snapshot date make history, in
    # order of start, then index."
    counting = [e for e in enrolments if e.start is not None and e.start <= snapshot]
    if not counting:
        return standing_alone(now)
    counting.sort(key=lambda e: (e.start, e.index))
    first = counting[0].start
    assert first is not None
    days = (snapshot - first).days + 1
    calendar = [""] * days
    for position, enrolment in enumerate(counting):
        assert enrolment.start is not None
        is_last = position == len(counting) - 1
        begins = (enrolment.start - first).days
        # Later enrolments write over what earlier ones wrote: "The next enrolment's start ends it
        # in any case." Hence each may write to the last day.
        end = end_of_enrolment(enrolment, snapshot)
        ends = days if end is None else (end - first).days
        after = "Inactive"
        if enrolment.is_completed:
            after = "Graduate"
        elif enrolment.is_dropped:
            after = "Dropped Out"
        # "the first two for 180 days at most, the rest of the gap is Inactive. After the last
        # enrolment the state stays, however long."
        fades = days if is_last else min(ends + 180, days)
        calendar[begins:days] = (
            ["Active"] * (ends - begins) + [after] * (fades - ends) + ["Inactive"] * (days - fades)
        )
    return with_last_state(intervals_of(calendar, first, "enrolment"), now)


# --- professional status ------------------------------------------------------------------------

FOUNDER_WORDS = ("founder", "co-founder", "cofounder", "entrepreneur", "ceo", "owner")
FREELANCE_WORDS = ("freelance", "freelancer", "consultant", "contractor", "self-employed")


def type_of_job(job: Job) -> str:
    texts = [t for t in (job.title, job.company_written) if t is not None]
    # "Entrepreneur for a venture, or where title or company as written holds founder, ..."
    if job.is_venture or any(holds_word(t, word) for t in texts for word in FOUNDER_WORDS):
        return "Entrepreneur"
    if any(holds_word(t, word) for t in texts for word in FREELANCE_WORDS):
        return "Freelancer"
    return "Wage Employed"


def names_already(employment: Job, placement: Job) -> bool:
    """ "the same company id, and starts at most 31 days apart or one of them unknown" """
    if placement.company_id is None or employment.company_id != placement.company_id:
        return False
    if employment.start is None or placement.start is None:
        return True
    return abs((employment.start - placement.start).days) <= 31


def last_day_of_job(job: Job, snapshot: datetime.date) -> datetime.date | None:
    """The first day after the job, the day after the snapshot where that is open.

    None for a job without an end.
    """
    assert job.start is not None
    open_end = snapshot + ONE_DAY
    end = job.end
    if isinstance(end, Open):
        return open_end
    if end is None:
        # "The end is open when it is `9999-12-31`, or missing with is_current 1"
        if job.is_current is True:
            return open_end
        # "with is_current missing there is no end"
        if job.is_current is None:
            return None
        # "A missing end with is_current 0 is the start plus duration_in_years x 365.25 days
        # rounded down, where that is more than 0"
        if job.years is None or job.years <= 0:
            return None
        days = math.floor(job.years * 365.25)
        if days > (snapshot - job.start).days:
            return open_end
        end = job.start + ONE_DAY * days
    # "An end after the snapshot date is open."
    return min(end, open_end)


def jobs_of(employments: Sequence[Job], placements: Sequence[Job]) -> list[Job]:
    # "the employment entries, and the placements (ventures too) that none of them names already"
    return [
        *employments,
        *(p for p in placements if not any(names_already(e, p) for e in employments)),
    ]


def professional_status_by_flags(
    venture: bool | None, freelancer: bool | None, employed: bool | None
) -> str:
    statuses = []
    if venture:
        statuses.append("Entrepreneur")
    if freelancer:
        statuses.append("Freelancer")
    if employed:
        statuses.append("Wage Employed")
    if len(statuses) >= 2:
        return "Multiple"
    return statuses[0] if statuses else "Unemployed"


def professional_history(
    employments: Sequence[Job],
    placements: Sequence[Job],
    by_flags: str,
    snapshot: datetime.date,
) -> list[Interval]:
    counting: list[tuple[datetime.date, datetime.date, str]] = []
    for job in jobs_of(employments, placements):
        # "Jobs without a start, without an end by these rules, with an end not after the start, or
        # with a start after the snapshot date take no part in the history."
        if job.start is None or job.start > snapshot:
            continue
        end = last_day_of_job(job, snapshot)
        if end is None or end <= job.start:
            continue
        counting.append((job.start, end, type_of_job(job)))
    if not counting:
        return standing_alone(by_flags)
    first = min(start for start, _, _ in counting)
    days = (snapshot - first).days + 1
    # "At every moment from the first job's start: no job is Unemployed, one job is its type, two
    # or more are Multiple."
    calendar = ["Unemployed"] * days
    for start, end, kind in counting:
        for day in range((start - first).days, (end - first).days):
            calendar[day] = kind if calendar[day] == "Unemployed" else "Multiple"
    # "A gap of 30 days or less between two jobs is bridged: the status before it goes on."
    day = 0
    for status, run in [(status, len(list(run))) for status, run in groupby(calendar)]:
        if status == "Unemployed" and run <= 30 and day + run < days:
            calendar[day : day + run] = [calendar[day - 1]] * run
        day += run
    intervals = intervals_of(calendar, first, "jobs")
    # "If the last interval is Unemployed, or there is none, the flags speak"
    if intervals[-1].state == "Unemployed":
        return with_last_state(intervals, by_flags)
    return intervals
