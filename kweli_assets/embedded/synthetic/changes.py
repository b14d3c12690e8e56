"""What can happen to a learner from one day to the next.

Here: changes of one row (a status moves on, a job begins or ends, a skill is added) and the day
they happen on. Not here: which rows change (evolution).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from random import Random
from typing import Any, Final

from kweli_assets.embedded.synthetic import catalog
from kweli_assets.embedded.synthetic import vocabulary as words
from kweli_assets.embedded.synthetic.dirt.registry import Row
from kweli_assets.snapshot.columns import LEARNER_KEY, SNAPSHOT_ID

LEARNING_FLAGS = ("is_graduate_learner", "is_active_learner", "is_a_dropped_out")
PLACEMENT_FLAGS = ("is_running_a_venture", "is_a_freelancer", "is_wage_employed")


def day_of(snapshot_id: int) -> dt.date | None:
    """The day that a snapshot_id like 20251201 names, if it names one within 1970–2030."""
    try:
        day = dt.datetime.strptime(str(snapshot_id), "%Y%m%d").date()
    except ValueError:
        return None
    return day if 1970 <= day.year <= 2030 else None


def following(snapshot_id: int) -> int:
    """The snapshot_id of the next load: the next day, or the next number if it names no day."""
    day = day_of(snapshot_id)
    if day is None:
        return snapshot_id + 1
    return int((day + dt.timedelta(days=1)).strftime("%Y%m%d"))


def changed(row: Row, *, seed: int, snapshot_id: int) -> Row:
    """The row as a later load writes it: something about the learner is different.

    The same row, seed and snapshot_id give the same change. The key stays, snapshot_id is the new
    one, and at least one other column differs.
    """
    rnd = Random(f"change {seed} {snapshot_id} {row[LEARNER_KEY]}")  # noqa: S311 - test data
    today = day_of(snapshot_id) or catalog.PRESENT
    later = dict(row)
    while later == row:
        rnd.choice(CHANGES)(later, rnd, today)
    later[SNAPSHOT_ID] = str(snapshot_id)
    return later


def _entries(row: Row, column: str) -> list[Any] | None:
    """The column's array; None where it can't be read, so that it is left as it is."""
    value: Any = row[column] or "[]"
    while isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return list(value) if isinstance(value, list) else None


def _put(row: Row, column: str, entries: list[Any]) -> None:
    # Escaped, so that a lone surrogate that was read is written as it came.
    row[column] = json.dumps(entries)


def _status_moves(row: Row, rnd: Random, today: dt.date) -> None:
    entries = _entries(row, "learning_details")
    if not entries or not isinstance(entries[-1], dict):
        return
    last = entries[-1]
    if str(last.get("enrollment_status")).casefold() == "enrolled":
        graduated = rnd.random() < 0.4
        last["enrollment_status"] = "Graduated" if graduated else "Dropped Out"
        last["program_graduation_date"] = today.isoformat() if graduated else "1970-01-01"
        last["completion_rate"] = "1" if graduated else "0"
        flag = "is_graduate_learner" if graduated else "is_a_dropped_out"
    else:
        again = {**last, "index": str(len(entries) + 1), "enrollment_status": "Enrolled"}
        again["program_start_date"] = today.isoformat()
        again["program_end_date"] = (today + dt.timedelta(days=180)).isoformat()
        again["program_graduation_date"] = "1970-01-01"
        entries.append(again)
        flag = "is_active_learner"
    _put(row, "learning_details", entries)
    for name in LEARNING_FLAGS:
        row[name] = "1" if name == flag else "0"


def _job_begins(row: Row, rnd: Random, today: dt.date) -> None:
    entries = _entries(row, "employment_details")
    if entries is None:
        return
    company = f"{rnd.choice(words.COMPANY_FIRST)} {rnd.choice(words.COMPANY_TRADE)}"
    entries.append(
        {
            "index": str(len(entries) + 1),
            "organisation_name": f"{company} {rnd.choice(words.COMPANY_FORM)}",
            "start_date": (today - dt.timedelta(days=rnd.randint(0, 20))).isoformat(),
            "end_date": "9999-12-31",
            "country": rnd.choice(words.COUNTRIES[:20])[0],
            "job_title": rnd.choice(words.JOB_TITLES)[0],
            "is_current": "1",
            "duration_in_years": "0.0",
        }
    )
    _put(row, "employment_details", entries)
    row["has_employment_details"] = "1"


def _job_ends(row: Row, rnd: Random, today: dt.date) -> None:
    entries = _entries(row, "employment_details")
    current = [
        entry
        for entry in entries or []
        if isinstance(entry, dict) and entry.get("is_current") == "1"
    ]
    if not entries or not current:
        return
    job = rnd.choice(current)
    job["is_current"] = "0"
    job["end_date"] = today.isoformat()
    _put(row, "employment_details", entries)


def _placed(row: Row, rnd: Random, today: dt.date) -> None:
    entries = _entries(row, "placement_details")
    if entries is None:
        return
    entries.append(
        {
            "employment_type": rnd.choice(words.EMPLOYMENT_TYPES)[0],
            "job_start_date": today.isoformat(),
            "organisation_name": rnd.choice(words.KNOWN_COMPANIES),
            "salary_range": rnd.choice(words.SALARY_RANGES)[0],
            "job_title": rnd.choice(words.JOB_TITLES)[0],
        }
    )
    _put(row, "placement_details", entries)
    for name in (rnd.choice(PLACEMENT_FLAGS), "is_placed", "has_placement_details"):
        row[name] = "1"


def _study_ends(row: Row, rnd: Random, today: dt.date) -> None:
    entries = _entries(row, "education_details")
    if entries is None:
        return
    start = today - dt.timedelta(days=rnd.randint(300, 1_500))
    entries.append(
        {
            "index": str(len(entries) + 1),
            "institution_name": rnd.choice(words.KNOWN_INSTITUTIONS),
            "start_date": start.isoformat(),
            "end_date": today.isoformat(),
            "field_of_study": rnd.choice(words.FIELDS),
            "level_of_study": rnd.choice(words.LEVELS)[0],
            "graduated": "1",
        }
    )
    _put(row, "education_details", entries)
    row["has_education_details"] = "1"


def _skill_added(row: Row, rnd: Random, _: dt.date) -> None:
    skill = rnd.choice(words.KNOWN_SKILLS)
    before = (row["skills_list"] or "").strip()
    row["skills_list"] = skill if before.casefold() in {"", "n/a"} else f"{before}, {skill}"


def _skills_gone(row: Row, rnd: Random, _: dt.date) -> None:
    row["skills_list"] = rnd.choice(["n/a", ""])


def _moved(row: Row, rnd: Random, _: dt.date) -> None:
    country = rnd.choice(sorted(words.KNOWN_CITIES))
    row["country_of_residence"] = country
    row["city_of_residence"] = rnd.choice(words.KNOWN_CITIES[country])
    for name in ("country_of_residence", "city_of_residence"):
        row[f"{name}_latitude"] = row[f"{name}_longitude"] = None


def _tells(row: Row, rnd: Random, _: dt.date) -> None:
    row["bio"] = " ".join(rnd.sample(words.BIO_SENTENCES, 2))


CHANGES: Final[tuple[Callable[[Row, Random, dt.date], None], ...]] = (
    _status_moves,
    _status_moves,
    _job_begins,
    _job_ends,
    _placed,
    _study_ends,
    _skill_added,
    _skills_gone,
    _moved,
    _tells,
)
"""All changes, the more frequent ones more than once."""
