"""The whole graph from the rows of the source table, one learner at a time.

Here: which learner wins, entries and their quarantine, nodes and relationships, what was counted.
Not here: how one value is read (`values`), names (`names`, `countries`), histories (`histories`).
"""

from __future__ import annotations

import csv
import datetime
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from kweli_assets.snapshot.columns import COLUMNS, COMPARED, MysqlType, Reading
from kweli_assets_tests.reference import countries, histories, names, values
from kweli_assets_tests.reference.values import OPEN, BadJsonError, Open, Unreadable

Row = dict[str, str | None]
Properties = dict[str, object]
Quarantined = tuple[str | None, str | None, int | None, str, str]
T = TypeVar("T")

LEARNING_STATES = ("Active", "Graduate", "Dropped Out", "Inactive")
PROFESSIONAL_STATUSES = ("Unemployed", "Wage Employed", "Freelancer", "Entrepreneur", "Multiple")
NODE_LABELS = (
    "Learner",
    "Country",
    "City",
    "Skill",
    "Program",
    "Company",
    "Institution",
    "LearningState",
    "ProfessionalStatus",
)
RELATIONSHIP_TYPES = (
    "ENROLLED_IN",
    "HAS_SKILL",
    "WORKS_FOR",
    "RUNS_VENTURE",
    "STUDIED_AT",
    "RESIDES_IN",
    "IN_COUNTRY",
    "HAS_LEARNING_STATE",
    "HAS_PROFESSIONAL_STATUS",
)
JSON_COLUMNS = (
    "learning_details",
    "employment_details",
    "placement_details",
    "education_details",
)
STATUSES = {
    status.casefold(): status
    for status in ("Enrolled", "Graduated", "Dropped Out", "Completed", "Suspended", "Active")
}


@dataclass
class Counts:
    """What graph.md asks to be counted."""

    entries_in: Counter[str] = field(default_factory=Counter)
    entries_out: Counter[str] = field(default_factory=Counter)
    entries_quarantined: Counter[str] = field(default_factory=Counter)
    """By JSON column, and `learners` for the rows."""
    unreadable: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By frame, source column or field, and kind: flag, number, date, enrollmentStatus."""
    unknown_countries: Counter[str] = field(default_factory=Counter)
    """By name: how often learners name it, as residence or as origin."""
    skills_beyond_50: int = 0


@dataclass
class Graph:
    """Nodes and relationships of one snapshot, and what was not understood."""

    nodes: dict[str, dict[str, Properties]]
    """label -> key -> properties"""
    relationships: dict[str, dict[tuple[str, object], tuple[str, Properties]]]
    """type -> (start, identity values; the end where that tells apart) -> (end, properties)"""
    quarantine: list[Quarantined]
    """(learner, column, index, reason, raw)"""
    counts: Counts


def read_csv(path: Path) -> list[Row]:
    """The rows of a dump.

    "An empty field of the CSV is NULL in numeric columns and an empty text in the others."
    """
    csv.field_size_limit(sys.maxsize)
    numeric = {c.name for c in COLUMNS if c.mysql_type is not MysqlType.TEXT}
    with path.open(newline="", encoding="utf-8") as file:
        return [
            {
                name: None if value == "" and name in numeric else value
                for name, value in row.items()
            }
            for row in csv.DictReader(file)
        ]


def build(rows: Iterable[Row], snapshot_date: datetime.date) -> Graph:
    """The graph that the rows give on that day."""
    builder = Builder(snapshot_date)
    by_learner: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        builder.counts.entries_in["learners"] += 1
        # "one per hashed_email (a text; case counts)"
        learner = values.text(row["hashed_email"])
        if learner is None:
            builder.put_aside("learners", None, None, None, "no learner key", row_text(row))
        else:
            by_learner[learner].append(row)
    for learner, candidates in by_learner.items():
        if len(candidates) > 1:
            candidates.sort(key=rank)
        for loser in candidates[1:]:
            builder.put_aside("learners", learner, None, None, "duplicate learner", row_text(loser))
        builder.learner(learner, candidates[0])
        builder.counts.entries_out["learners"] += 1
    builder.finish()
    return Graph(builder.nodes, builder.relationships, builder.quarantine, builder.counts)


def row_text(row: Row) -> str:
    # "the row as a JSON object of its columns without `email`", NULL as the empty text
    return values.json_text(
        {c.name: "" if row[c.name] is None else row[c.name] for c in COLUMNS if c.name != "email"}
    )


# --- duplicates ---------------------------------------------------------------------------------


def rank(row: Row) -> tuple[object, ...]:
    """Sorts first for the row that wins."""
    # "the one with the higher snapshot_id wins (a missing one is lower than any), then the one
    # with more columns that are not missing by their type's rule"
    snapshot_id = read_quietly(values.count, row["snapshot_id"])
    not_missing = sum(not is_missing(row[c.name], c.reading) for c in COMPARED)
    # "then the one whose values as they came from the source (NULL as the empty text), compared
    # column by column in code point order, sort first"
    as_they_came = [row[c.name] or "" for c in COMPARED]
    # Rows that differ in dropped columns only: any order that does not depend on the rows' order.
    in_all = [row[c.name] or "" for c in COLUMNS if c.name != "email"]
    missing_id = snapshot_id is None
    return (missing_id, -(snapshot_id or 0), -not_missing, as_they_came, in_all)


def read_quietly(read: Callable[[object], T], value: object) -> T | None:
    try:
        return read(value)
    except Unreadable:
        return None


def is_missing(value: str | None, reading: Reading) -> bool:
    if reading is Reading.FLAG:
        return read_quietly(values.flag, value) is None
    if reading is Reading.NUMBER:
        return read_quietly(values.number, value) is None
    # JSON: "NULL, empty or a text for "missing" means no entries", "(`[]` is not missing)"; the
    # columns that are kept raw are texts.
    return values.text(value) is None


class Builder:
    """Takes one learner after the other, then names what they share."""

    def __init__(self, snapshot: datetime.date) -> None:
        self.snapshot = snapshot
        self.nodes: dict[str, dict[str, Properties]] = {label: {} for label in NODE_LABELS}
        self.relationships: dict[str, dict[tuple[str, object], tuple[str, Properties]]] = {
            kind: {} for kind in RELATIONSHIP_TYPES
        }
        self.quarantine: list[Quarantined] = []
        self.counts = Counts()
        # id -> how often each spelling, or each pair of coordinates, was seen
        self.program_names: dict[str, Counter[str]] = defaultdict(Counter)
        self.company_names: dict[str, Counter[str]] = defaultdict(Counter)
        self.institution_names: dict[str, Counter[str]] = defaultdict(Counter)
        self.skill_names: dict[str, Counter[str]] = defaultdict(Counter)
        self.city_names: dict[str, Counter[str]] = defaultdict(Counter)
        self.city_countries: dict[str, str] = {}
        self.city_places: dict[str, Counter[tuple[float, float]]] = defaultdict(Counter)
        self.country_places: dict[str, Counter[tuple[float, float]]] = defaultdict(Counter)
        self.country_codes: set[str] = set()

    # --- small parts ----------------------------------------------------------------------------

    def put_aside(
        self,
        frame: str,
        learner: str | None,
        column: str | None,
        index: int | None,
        reason: str,
        raw: str,
    ) -> None:
        self.quarantine.append((learner, column, index, reason, raw))
        self.counts.entries_quarantined[frame] += 1

    def read(
        self, read: Callable[[object], T], kind: str, frame: str, name: str, value: object
    ) -> T | None:
        """A value, None where it is missing; counted where it is unreadable."""
        try:
            return read(value)
        except Unreadable:
            # "Unreadable values ... are counted by frame and column"
            self.counts.unreadable[frame, name, kind] += 1
            return None

    def relate(
        self, kind: str, start: str, told_apart_by: object, end: str, properties: Properties
    ) -> None:
        key = (start, told_apart_by)
        assert key not in self.relationships[kind], (kind, key)
        self.relationships[kind][key] = (end, present(properties))

    # --- one learner ----------------------------------------------------------------------------

    def learner(self, learner: str, row: Row) -> None:
        def flag(column: str) -> bool | None:
            return self.read(values.flag, "flag", "learners", column, row[column])

        def number(column: str) -> float | None:
            return self.read(values.number, "number", "learners", column, row[column])

        residence = self.country(row["country_of_residence"])
        origin = self.country(row["country_of_origin"])
        place = self.pair(
            number("country_of_residence_latitude"), number("country_of_residence_longitude")
        )
        if residence is not None and place is not None:
            self.country_places[residence][place] += 1
        city = self.city(
            learner,
            row,
            residence,
            self.pair(number("city_of_residence_latitude"), number("city_of_residence_longitude")),
        )
        self.skills(learner, row["skills_list"])

        enrolments = self.enrolments(learner, row["learning_details"])
        state = histories.learning_state_now(
            flag("is_graduate_learner"), flag("is_a_dropped_out"), flag("is_active_learner")
        )
        learning = histories.learning_history(enrolments, state, self.snapshot)
        self.history("HAS_LEARNING_STATE", learner, learning)

        employments = self.employments(learner, row["employment_details"])
        placements = self.placements(learner, row["placement_details"])
        by_flags = histories.professional_status_by_flags(
            flag("is_running_a_venture"), flag("is_a_freelancer"), flag("is_wage_employed")
        )
        professional = histories.professional_history(
            employments, placements, by_flags, self.snapshot
        )
        self.history("HAS_PROFESSIONAL_STATUS", learner, professional)

        self.studies(learner, row["education_details"])
        snapshot_id = self.read(
            values.count, "number", "learners", "snapshot_id", row["snapshot_id"]
        )
        self.nodes["Learner"][learner] = present(
            {
                "hashedEmail": learner,
                "sandId": values.text(row["sand_id"]),
                "fullName": values.text(row["full_name"]),
                "profilePhotoUrl": values.text(row["profile_photo_url"]),
                "bio": values.text(row["bio"]),
                "gender": values.text(row["gender"]),
                "educationLevel": values.text(row["education_level_of_study"]),
                "educationField": values.text(row["education_field_of_study"]),
                "countryOfResidenceCode": residence,
                "countryOfOriginCode": origin,
                "cityOfResidenceId": city,
                "currentLearningState": learning[-1].state,
                # "`currentProfessionalStatus` is the status of the last interval."
                "currentProfessionalStatus": professional[-1].state,
                "isPlaced": flag("is_placed"),
                "isFeatured": flag("is_featured"),
                "isRural": flag("is_rural"),
                "descriptionOfLivingLocation": values.text(row["description_of_living_location"]),
                "hasDisability": flag("has_disability"),
                "typeOfDisability": values.text(row["type_of_disability"]),
                "isFromLowIncomeHousehold": flag("is_from_low_income_household"),
                # "(a learner's own latitude and longitude stand each alone)"
                "latitude": number("meta_ui_lat"),
                "longitude": number("meta_ui_lng"),
                "snapshotId": snapshot_id,
            }
        )

    @staticmethod
    def pair(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
        # "A coordinate pair counts only where both halves are known"
        if latitude is None or longitude is None:
            return None
        return latitude, longitude

    def country(self, column: str | None) -> str | None:
        name = values.text(column)
        if name is None:
            return None
        code = countries.code_of(name)
        if code is None:
            # "A name that neither knows gets **no** code, and is reported"
            self.counts.unknown_countries[name] += 1
            return None
        self.country_codes.add(code)
        return code

    def city(
        self,
        learner: str,
        row: Row,
        country: str | None,
        place: tuple[float, float] | None,
    ) -> str | None:
        name = values.text(row["city_of_residence"])
        # "only with a known country of residence"
        if name is None or country is None:
            return None
        slug = names.city_slug(name)
        # "A name whose slug is empty is no city."
        if slug == "":
            return None
        if len(name) > names.LONGEST_NAME:
            # "(... for city and skill the name alone)", "raw (the column's text as it came"
            written = row["city_of_residence"] or ""
            self.quarantine.append((learner, "city_of_residence", None, "name too long", written))
            return None
        city = country + "-" + slug
        self.city_names[city][name] += 1
        self.city_countries[city] = country
        if place is not None:
            self.city_places[city][place] += 1
        self.relate("RESIDES_IN", learner, city, city, {})
        return city

    def skills(self, learner: str, column: str | None) -> None:
        skills_list = values.text(column)
        if skills_list is None:
            return
        seen: dict[str, str] = {}
        # "Only the comma separates."
        for index, part in enumerate(skills_list.split(","), start=1):
            name = values.text(part)
            if name is None:
                continue
            skill = names.skill_id(name)
            if skill == "":
                continue
            if len(name) > names.LONGEST_NAME:
                self.quarantine.append((learner, "skills_list", index, "name too long", name))
                continue
            # "A learner has each id once, in the first spelling"
            if skill not in seen:
                seen[skill] = name
        # "the first 50 in their order are kept, the rest counted"
        for skill, name in list(seen.items())[:50]:
            self.skill_names[skill][name] += 1
            self.relate("HAS_SKILL", learner, skill, skill, {"source": "skills_list"})
        self.counts.skills_beyond_50 += max(0, len(seen) - 50)

    def history(self, kind: str, learner: str, intervals: list[histories.Interval]) -> None:
        for index, interval in enumerate(intervals, start=1):
            self.relate(
                kind,
                learner,
                (index,),
                interval.state,
                {
                    "index": index,
                    "validFrom": interval.valid_from,
                    "validTo": interval.valid_to,
                    "isCurrent": index == len(intervals),
                    "dateUnknown": interval.date_unknown,
                    "reason": interval.reason,
                },
            )

    # --- entries --------------------------------------------------------------------------------

    def entries(
        self, learner: str, column: str, written: str | None
    ) -> list[tuple[int, dict[str, object]]]:
        """The entries that are objects, each with its 1-based position."""
        try:
            array = values.json_array(written)
        except BadJsonError as error:
            # "the column's text is quarantined and counts as one entry in, one quarantined"
            self.counts.entries_in[column] += 1
            self.put_aside(column, learner, column, None, error.reason, written or "")
            return []
        self.counts.entries_in[column] += len(array)
        entries = []
        for index, element in enumerate(array, start=1):
            if isinstance(element, dict):
                entries.append((index, element))
            else:
                # "An element that is no object is quarantined as `not an object`, and the others
                # stay, with their positions."
                self.put_aside(
                    column, learner, column, index, "not an object", values.json_text(element)
                )
        return entries

    def put_entry_aside(
        self, learner: str, column: str, index: int, reason: str, entry: dict[str, object]
    ) -> None:
        self.put_aside(column, learner, column, index, reason, values.json_text(entry))

    def enrolments(self, learner: str, written: str | None) -> list[histories.Enrolment]:
        column = "learning_details"
        enrolments = []
        for index, entry in self.entries(learner, column, written):
            cohort = values.text(entry.get("cohort_code"))
            if cohort is None:
                self.put_entry_aside(learner, column, index, "no cohort code", entry)
                continue
            if len(cohort) > names.LONGEST_NAME:
                self.put_entry_aside(learner, column, index, "name too long", entry)
                continue
            self.counts.entries_out[column] += 1
            enrolment = histories.Enrolment(
                index=index,
                status=self.read(
                    enrolment_status,
                    "enrollmentStatus",
                    column,
                    "enrollment_status",
                    entry.get("enrollment_status"),
                ),
                start=self.entry_date(column, entry, "program_start_date"),
                end=self.entry_end(column, entry, "program_end_date"),
                graduation=self.entry_date(column, entry, "program_graduation_date"),
            )
            enrolments.append(enrolment)
            name = values.text(entry.get("program_name"))
            spellings = self.program_names[cohort]
            if name is not None:
                spellings[name] += 1
            properties: Properties = {
                "index": index,
                "cohortCode": cohort,
                "enrollmentStatus": enrolment.status,
                "startDate": enrolment.start,
                "endDate": known_end(enrolment.end),
                "graduationDate": enrolment.graduation,
                "isCompleted": enrolment.is_completed,
                "isDropped": enrolment.is_dropped,
                "duration": days_in_order(enrolment.start, known_end(enrolment.end)),
            }
            for name, field_name in SCORES.items():
                properties[name] = self.entry_number(column, entry, field_name)
            for name, field_name in COUNTS.items():
                properties[name] = self.entry_count(column, entry, field_name)
            self.relate("ENROLLED_IN", learner, (index,), cohort, properties)
        return enrolments

    def employments(self, learner: str, written: str | None) -> list[histories.Job]:
        column = "employment_details"
        jobs = []
        for index, entry in self.entries(learner, column, written):
            # "company from organisation_name, organization_name or institution_name, the first
            # that is not missing"
            company = None
            for name in ("organisation_name", "organization_name", "institution_name"):
                if company is None:
                    company = values.text(entry.get(name))
            normalised = None if company is None else names.normalised_name(company)
            title = values.text(entry.get("job_title"))
            if normalised is not None and len(company or "") > names.LONGEST_NAME:
                self.put_entry_aside(learner, column, index, "name too long", entry)
                continue
            # "An entry with neither company (after normalising), title nor start date"
            start_if_any = read_quietly(values.date, entry.get("start_date"))
            if normalised is None and title is None and start_if_any is None:
                self.put_entry_aside(learner, column, index, "empty entry", entry)
                continue
            self.counts.entries_out[column] += 1
            job = histories.Job(
                is_venture=False,
                company_id=None if normalised is None else names.name_id(normalised),
                company_written=company,
                title=title,
                start=self.entry_date(column, entry, "start_date"),
                end=self.entry_end(column, entry, "end_date"),
                is_current=self.entry_flag(column, entry, "is_current"),
                years=self.entry_number(column, entry, "duration_in_years"),
            )
            jobs.append(job)
            if job.company_id is None or company is None:
                continue
            self.company_names[job.company_id][company] += 1
            # "The end is open when it is `9999-12-31`, or missing with is_current 1; this holds
            # for isCurrent, duration and the history alike."
            end = job.end
            if end is None and job.is_current is True:
                end = OPEN
            self.relate(
                "WORKS_FOR",
                learner,
                (column, index),
                job.company_id,
                {
                    "source": column,
                    "index": index,
                    "position": title,
                    "country": values.text(entry.get("country")),
                    "startDate": job.start,
                    "endDate": known_end(job.end),
                    "isCurrent": is_current(end, self.snapshot),
                    "duration": months(job.start, end, self.snapshot),
                },
            )
        return jobs

    def placements(self, learner: str, written: str | None) -> list[histories.Job]:
        column = "placement_details"
        jobs = []
        for index, entry in self.entries(learner, column, written):
            # "with [these] among its fields and no `employment_type` it is a venture"
            is_venture = "employment_type" not in entry and any(
                name in entry for name in VENTURE_FIELDS
            )
            company = values.text(entry.get("business_name" if is_venture else "organisation_name"))
            normalised = None if company is None else names.normalised_name(company)
            if normalised is not None and len(company or "") > names.LONGEST_NAME:
                self.put_entry_aside(learner, column, index, "name too long", entry)
                continue
            # "Never quarantined as empty."
            self.counts.entries_out[column] += 1
            job = histories.Job(
                is_venture=is_venture,
                company_id=None if normalised is None else names.name_id(normalised),
                company_written=company,
                title=None if is_venture else values.text(entry.get("job_title")),
                # "both start at job_start_date, are open-ended and current"
                start=self.entry_date(column, entry, "job_start_date"),
                end=OPEN,
                is_current=True,
                years=None,
            )
            jobs.append(job)
            jobs_created = capital = female = None
            if is_venture:
                jobs_created = self.entry_count(column, entry, "jobs_created_to_date")
                # "capitalSecured is a float."
                capital = self.entry_number(column, entry, "capital_secured_todate")
                female = self.entry_count(column, entry, "female_opp_todate")
            if job.company_id is None or company is None:
                continue
            self.company_names[job.company_id][company] += 1
            if is_venture:
                self.relate(
                    "RUNS_VENTURE",
                    learner,
                    (index,),
                    job.company_id,
                    {
                        "index": index,
                        "role": "Founder",
                        "startDate": job.start,
                        "isCurrent": True,
                        "jobsCreated": jobs_created,
                        "capitalSecured": capital,
                        "femaleOpportunities": female,
                    },
                )
            else:
                self.relate(
                    "WORKS_FOR",
                    learner,
                    (column, index),
                    job.company_id,
                    {
                        "source": column,
                        "index": index,
                        "position": job.title,
                        "employmentType": values.text(entry.get("employment_type")),
                        "salaryRange": values.text(entry.get("salary_range")),
                        "startDate": job.start,
                        "isCurrent": True,
                        # "duration of a job as for an open employment"
                        "duration": months(job.start, OPEN, self.snapshot),
                    },
                )
        return jobs

    def studies(self, learner: str, written: str | None) -> None:
        column = "education_details"
        for index, entry in self.entries(learner, column, written):
            institution = values.text(entry.get("institution_name"))
            normalised = None if institution is None else names.normalised_name(institution)
            level = values.text(entry.get("level_of_study"))
            field_of_study = values.text(entry.get("field_of_study"))
            if normalised is not None and len(institution or "") > names.LONGEST_NAME:
                self.put_entry_aside(learner, column, index, "name too long", entry)
                continue
            # "an entry with neither institution (after normalising), level nor field"
            if normalised is None and level is None and field_of_study is None:
                self.put_entry_aside(learner, column, index, "empty entry", entry)
                continue
            self.counts.entries_out[column] += 1
            start = self.entry_date(column, entry, "start_date")
            end = self.entry_end(column, entry, "end_date")
            graduated = self.entry_flag(column, entry, "graduated")
            if normalised is None or institution is None:
                continue
            institution_id = names.name_id(normalised)
            self.institution_names[institution_id][institution] += 1
            self.relate(
                "STUDIED_AT",
                learner,
                (index,),
                institution_id,
                {
                    "index": index,
                    "levelOfStudy": level,
                    "fieldOfStudy": field_of_study,
                    "startDate": start,
                    "endDate": known_end(end),
                    "graduated": graduated,
                },
            )

    def entry_flag(self, column: str, entry: dict[str, object], name: str) -> bool | None:
        return self.read(values.flag, "flag", column, name, entry.get(name))

    def entry_number(self, column: str, entry: dict[str, object], name: str) -> float | None:
        return self.read(values.number, "number", column, name, entry.get(name))

    def entry_count(self, column: str, entry: dict[str, object], name: str) -> int | None:
        return self.read(values.count, "number", column, name, entry.get(name))

    def entry_date(self, column: str, entry: dict[str, object], name: str) -> datetime.date | None:
        return self.read(values.date, "date", column, name, entry.get(name))

    def entry_end(self, column: str, entry: dict[str, object], name: str) -> values.End:
        return self.read(values.end_date, "date", column, name, entry.get(name))

    # --- what learners share --------------------------------------------------------------------

    def finish(self) -> None:
        """The nodes that are no learners, and where cities lie."""
        for code in self.country_codes:
            self.nodes["Country"][code] = present(
                {
                    "code": code,
                    "name": countries.shown_name(code),
                    **position(self.country_places.get(code)),
                }
            )
        for city, spellings in self.city_names.items():
            country = self.city_countries[city]
            self.nodes["City"][city] = present(
                {
                    "id": city,
                    "name": most_frequent(spellings),
                    "countryCode": country,
                    **position(self.city_places.get(city)),
                }
            )
            self.relate("IN_COUNTRY", city, country, country, {})
        for skill, spellings in self.skill_names.items():
            self.nodes["Skill"][skill] = {"id": skill, "name": most_frequent(spellings)}
        for cohort, spellings in self.program_names.items():
            # "name is the most frequent one for its cohort code ..., the code where none is known"
            name = most_frequent(spellings) if spellings else cohort
            # "provider `Udacity` where that name holds the word in any case, else `ALX`"
            provider = "Udacity" if names.holds_word(name, "udacity") else "ALX"
            self.nodes["Program"][cohort] = {
                "id": cohort,
                "name": name,
                "cohortCode": cohort,
                "provider": provider,
            }
        for company, spellings in self.company_names.items():
            self.nodes["Company"][company] = {"id": company, "name": most_frequent(spellings)}
        for institution, spellings in self.institution_names.items():
            self.nodes["Institution"][institution] = {
                "id": institution,
                "name": most_frequent(spellings),
            }
        # "The four LearningStates and five ProfessionalStatuses always exist."
        for state in LEARNING_STATES:
            self.nodes["LearningState"][state] = {"state": state}
        for status in PROFESSIONAL_STATUSES:
            self.nodes["ProfessionalStatus"][status] = {"status": status}


VENTURE_FIELDS = (
    "business_name",
    "jobs_created_to_date",
    "capital_secured_todate",
    "female_opp_todate",
)
SCORES = {
    "lmsOverallScore": "lms_overall_score",
    "completionRate": "completion_rate",
    "assignmentCompletionRate": "assignment_completion_rate",
    "milestoneCompletionRate": "milestone_completion_rate",
    "testCompletionRate": "test_completion_rate",
}
COUNTS = {
    "numberOfAssignments": "no_of_assignments",
    "numberOfSubmissions": "no_of_submissions",
    "numberOfAssignmentsPassed": "no_of_assignment_passed",
    "numberOfMilestones": "no_of_milestone",
    "numberOfMilestonesSubmitted": "no_of_milestone_submitted",
    "numberOfMilestonesPassed": "no_of_milestone_passed",
    "numberOfTests": "no_of_test",
    "numberOfTestsSubmitted": "no_of_test_submitted",
    "numberOfTestsPassed": "no_of_test_passed",
}


def enrolment_status(value: object) -> str | None:
    written = values.text(value)
    if written is None:
        return None
    # "matched without regard to case; another one is missing and counted"
    if written.casefold() not in STATUSES:
        raise Unreadable
    return STATUSES[written.casefold()]


def known_end(end: values.End) -> datetime.date | None:
    # "`9999-12-31` as an end date is **open**: no endDate property"
    return None if isinstance(end, Open) else end


def days_in_order(start: datetime.date | None, end: datetime.date | None) -> int | None:
    # "days from start to end date when both are known and in order"
    if start is None or end is None or end < start:
        return None
    return (end - start).days


def is_current(end: values.End, snapshot: datetime.date) -> bool:
    # "isCurrent when the end is open or not before the snapshot date, else false"
    return isinstance(end, Open) or (end is not None and end >= snapshot)


def months(start: datetime.date | None, end: values.End, snapshot: datetime.date) -> int | None:
    # "whole months (year and month difference, less one if the end's day of the month is the
    # smaller) from start to end, open: to the snapshot date, when in order"
    if isinstance(end, Open):
        end = snapshot
    if start is None or end is None or end < start:
        return None
    difference = (end.year - start.year) * 12 + end.month - start.month
    if end.day < start.day:
        difference -= 1
    return difference


def most_frequent(spellings: Counter[str]) -> str:
    # "the most frequent spelling ..., ties by code point order"
    highest = max(spellings.values())
    return min(spelling for spelling, times in spellings.items() if times == highest)


def position(places: Counter[tuple[float, float]] | None) -> Properties:
    # "the most frequent pair that the resident learners report, ties by the smaller latitude, then
    # longitude"
    if not places:
        return {}
    highest = max(places.values())
    latitude, longitude = min(place for place, times in places.items() if times == highest)
    return {"latitude": latitude, "longitude": longitude}


def present(properties: Properties) -> Properties:
    # "A missing value is an absent property, never a sentinel or an empty string."
    return {name: value for name, value in properties.items() if value is not None}
