"""Rows with every kind of dirt that the rules speak of, for comparing two implementations.

Here: pools of nasty values, and rows made of them, the same for the same seed. Dates lie around the
snapshot date and around each other, so that histories touch, overlap and end on it. Not here: rows
as the source really holds them (the synthetic generator makes those).
"""

from __future__ import annotations

import datetime
import json
import random

from kweli_assets.snapshot.columns import COLUMNS, MysqlType, Reading
from kweli_assets_tests.reference.graph import COUNTS, JSON_COLUMNS, SCORES, VENTURE_FIELDS, Row

BLANKS = [
    *["\t", "\n", "\v", "\f", "\r", "\x1c", "\x1d", "\x1e", "\x1f", " ", "\x85", "\xa0", "\u1680"],
    *["\u180e", "\u2000", "\u200a", "\u200b", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"],
    *["\ufeff", "\0", ""],
]
MISSING = ["", "n/a", "N/A", "None", "NULL", "null", "-99", "-99.0", "-99.00", "-99.", "−99", "nan"]
NUMBERS = [
    *["0", "1", "2", "-1", "1.0", "0.0", "+1", "1e0", ".5", "5.", ".", "+", "-", "1e5", "1E+2"],
    *["1e-3", "1e400", "1e-400", "1_000", "1,000", "٣", "１", "0x10", "-0", "-0.9", "7.9", "NaN"],
    *["Infinity", "-Infinity", "9223372036854775807", "9223372036854775808", "1e18", "1e19"],
    *["-9223372036854775808", "-9223372036854775809", "9007199254740993", "true", "FALSE"],
]
DATES = [
    *["1969-12-31", "1970-01-01", "1970-01-02", "2030-12-31", "2031-01-01", "9999-12-30"],
    *["9999-12-31", "9999-12-31T00:00:00", "0000-00-00", "0001-01-01", "2024-1-5", "20240105"],
    *["2024-02-29", "2023-02-29", "2024-13-01", "2024/01/05", "２０２４-01-05", "2024-01-05Z"],
    *["2024-01-05T", "2024-01-05t1", "2024-01-05 x", "2024-01-05\u2003x", "2024-01-05\u200bx"],
]
STATUSES = ["Graduated", "COMPLETED", "dropped out", "Dropped  Out", "suspended", "Active", "Odd"]
NAMES = [
    *["İstanbul", "Straße", "STRASSE", "ſtr", "Ａ", "①", "½", "é", "e\u0301", "\u0301", "日本"],
    *["ŉ", "ﬃ", "Σας", "ΣΑΣ", "a_b", "a-b", "a&b", "...", "…", ".NET", "．NET", "C", "C++", "C#"],
    *["＋", "＃", "٣٤", "²", "Ⅷ", "´x", "ﷺ", "«x»", "N/A.", "(null)", '"-99"', "--", "_", "Ｎ／Ａ"],
    *["Acme", "ACME", "acme.", "Acme  Ltd", "Acme\u00a0Ltd", "“Acme”", "$Acme", "A\u00adcme"],
    *["Founder", "Co Founder", "cofounders", "ceo2", "CEO_", "Homeowner", "Self–Employed"],
    *["self-employed", "Freelance/Writer", "Consultants", "contractor", "éceo", "ceo\u0301"],
    *["Udacity", "x-UDACITY!", "Udacityx", "the", "a,b", " , ,", "Go,go", "n/a,none,Go"],
    *["x" * 1000, "x" * 1001, "ß" * 501, "e\u0301" * 501],
]
PLACES = [
    *["Congo", "the GAMBIA", "Gambia, The", "Trinidad&Tobago", "Côte d’Ivoire", "Ivory Coast"],
    *["Türkiye", "TÜRKİYE", "Turkey", "Kosovo", "NG", "KEN", "Viet Nam", "Guinea Bissau", "Burma"],
    *["DR Congo", "DRC", "Republic of the Congo", "Korea, Republic of", "Ｋｅｎｙａ", "Nıgeria"],
    *["Swaziland", "Eswatini", "Cape Verde", "Cabo Verde", "UK", "USA", "Laos", "Syria", "Russia"],
]
WORDS = [*MISSING, *MISSING, *NUMBERS, *DATES, *STATUSES, *NAMES, *PLACES]

JSON_NUMBERS = [
    *["-99", "-99.0", "-99.00", "-9.9e1", "0", "1", "0.0", "1.0", "1e0", "-0", "2", "1.50", "1e5"],
    *["1E400", "9223372036854775808", "123456789012345678901234567890", "1e18", "1e19", "7.9"],
    *["-3.9", "20240105", "0.5", "1e-3"],
]
JSON_OTHERS = [
    *["true", "false", "null", "[]", "{}", "[1]", '["2024-01-05"]', '{"a": {"b": [1.5, null]}}'],
    *['"\\ud83d\\ude00"', '"\\u0000n/a"', '"\\u0041cme"', '"a\\/b"', '"\\u2003x\\u2003"'],
]
JSON_BAD = [
    *["NaN", "-Infinity", "01", "1.", ".5", "+1", "TRUE", "undefined", "-", "'a'", "\u00a01"],
    *['"\\ud83d"', '"\\ude00\\ud83d"', '"a\tb"', '"\0"', '"\\x"', '"\\u12"'],
]
ARRAYS = [
    *[None, "", "n/a", " NULL ", '"n/a"', '""', '"null"', "\0", '"-99"', "[]", '"[]"', "[ ]"],
    *["\u00a0n/a", " \n[]\t", "\u00a0[]", "[]\0", "\ufeff[]", "[[]]", "[1,]", "{}", "1", '"x"'],
    *['"\\"[]\\""', '"\\"n/a\\""', '"{}"', '"\\ud83d"', "true", '[null, "a", 1.50, {"a": 1.50}]'],
]

FIELDS: dict[str, tuple[str, ...]] = {
    "learning_details": (
        *("program_name", "cohort_code", "program_start_date", "program_end_date"),
        *("enrollment_status", "program_graduation_date", *SCORES.values(), *COUNTS.values()),
    ),
    "employment_details": (
        *("organisation_name", "start_date", "end_date", "country", "job_title", "is_current"),
        *("duration_in_years", "organization_name", "institution_name"),
    ),
    "education_details": (
        *("institution_name", "start_date", "end_date", "field_of_study", "level_of_study"),
        "graduated",
    ),
    "placement_details": (
        *("employment_type", "job_start_date", "organisation_name", "salary_range", "job_title"),
        *VENTURE_FIELDS,
    ),
}
ORDINARY = {
    "is_current": ["1", "0", "1", "0", "n/a"],
    "graduated": ["1", "0", "n/a"],
    "duration_in_years": ["0.1", "1", "2.5", "-99", "0", "0.08"],
    "enrollment_status": ["Graduated", "Completed", "Dropped Out", "Enrolled", "Suspended", "n/a"],
    "cohort_code": ["C1", "C2", "SE-C1"],
    "job_title": ["Clerk", "Consultant", "CEO", "n/a", "Nurse"],
    "organisation_name": ["Acme", "ACME.", "Beta Ltd", "n/a", "Owner & Sons"],
    "business_name": ["Acme", "Beta  ltd", "n/a"],
}


class Dirt:
    """Makes rows; `rate` is the share of values that are nasty."""

    def __init__(self, seed: int, rate: float, snapshot: datetime.date) -> None:
        self.random = random.Random(seed)
        self.rate = rate
        self.snapshot = snapshot
        self.keys: list[str] = []

    def rows(self, count: int) -> list[Row]:
        return [self.row(number) for number in range(count)]

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def word(self) -> str:
        word = self.random.choice(WORDS)
        kind = self.random.random()
        if kind < 0.15:
            return self.random.choice(BLANKS) + word + self.random.choice(BLANKS)
        if kind < 0.2:
            return word + self.random.choice(BLANKS) + self.random.choice(WORDS)
        if kind < 0.23 and word:
            at = self.random.randrange(len(word))
            return word[:at] + self.random.choice(BLANKS) + word[at:]
        if kind < 0.26:
            return word.upper()
        return word

    def date(self) -> str:
        if self.chance(0.75):
            days = self.random.choice([-1, 0, 1, *[self.random.randrange(-900, 40)] * 9])
            return (self.snapshot + datetime.timedelta(days=days)).isoformat()
        return self.random.choice(["9999-12-31", "9999-12-31", "n/a", "", "1970-01-01"])

    # --- rows -----------------------------------------------------------------------------------

    def row(self, number: int) -> Row:
        row: Row = {}
        for column in COLUMNS:
            if column.name in JSON_COLUMNS:
                row[column.name] = self.array(column.name)
            elif self.chance(self.rate) and column.reading is not Reading.OPAQUE:
                row[column.name] = self.random.choice([None, *(self.word() for _ in range(4))])
            else:
                row[column.name] = self.ordinary(column.name, column.mysql_type)
        row["hashed_email"] = self.key(number)
        if self.chance(0.8):
            row["snapshot_id"] = self.random.choice(["20251201", "20251202"])
        if self.chance(0.3):
            skills = (self.word() for _ in range(self.random.choice([1, 3, 60])))
            row["skills_list"] = ",".join(skills)
        return row

    def key(self, number: int) -> str | None:
        if self.keys and self.chance(0.08):
            key = self.random.choice(self.keys)  # a duplicate
            return self.random.choice(BLANKS) + key + self.random.choice(BLANKS)
        if self.chance(0.02):
            return self.random.choice([None, self.word()])
        self.keys.append(f"learner-{number}")
        return self.keys[-1]

    def ordinary(self, name: str, mysql_type: MysqlType) -> str | None:
        if name.startswith("country_of") and mysql_type is MysqlType.TEXT:
            return self.random.choice(["Kenya", "Nigeria", "Egypt", *PLACES, "Nowhere", "n/a"])
        if name == "city_of_residence":
            return self.random.choice(["Nairobi", "NAIROBI", "Lagos", "Al-Exandria", "Alex", "n/a"])
        if mysql_type is MysqlType.TEXT:
            return self.random.choice(["n/a", "", "some text"])
        if mysql_type is MysqlType.BIGINT:
            return self.random.choice(["0", "1", "0", "1", "-99", None])
        return self.random.choice(["1.250000", "-2.500000", "0.125000", "-99.000000", None])

    # --- JSON -----------------------------------------------------------------------------------

    def array(self, column: str) -> str | None:
        if self.chance(0.1):
            return self.random.choice(ARRAYS)
        entries = [
            self.entry(column) if self.chance(0.95) else self.value()
            for _ in range(self.random.choice([0, 1, 1, 1, 2, 2, 3, 4]))
        ]
        written = "[" + self.random.choice([",", ", "]).join(entries) + "]"
        kind = self.random.random()
        if kind < 0.1:
            return json.dumps(written, ensure_ascii=self.chance(0.5))
        if kind < 0.12:
            return json.dumps(json.dumps(written))
        if kind < 0.14:
            return written[: self.random.randrange(len(written))]
        if kind < 0.16:
            return self.random.choice(BLANKS) + written + self.random.choice(BLANKS)
        return written

    def entry(self, column: str) -> str:
        fields = []
        kept = 0.6 if column == "placement_details" else 0.85
        for name in FIELDS[column]:
            if self.chance(kept) or name in ("cohort_code", "job_start_date"):
                value = self.value() if self.chance(self.rate) else self.ordinary_value(name)
                fields.append(json.dumps(name) + self.random.choice([":", ": "]) + value)
            if self.chance(self.rate * 0.03):
                fields.append(json.dumps(name) + ": " + self.value())
        if self.chance(0.1):
            fields.append('"of no meaning": ' + self.value())
        self.random.shuffle(fields)
        return "{" + self.random.choice([",", ", "]).join(fields) + "}"

    def ordinary_value(self, name: str) -> str:
        if name.endswith("_date") and name not in VENTURE_FIELDS:
            return json.dumps(self.date())
        value = self.random.choice(ORDINARY.get(name, ["3", "n/a", "-99", "0.5", "7.25"]))
        is_number = value.replace(".", "").isdecimal()
        return value if is_number and self.chance(0.3) else json.dumps(value)

    def value(self) -> str:
        kind = self.random.random()
        if kind < 0.5:
            return json.dumps(self.word(), ensure_ascii=self.chance(0.5))
        if kind < 0.8:
            return self.random.choice(JSON_NUMBERS)
        if kind < 0.995:
            return self.random.choice(JSON_OTHERS)
        return self.random.choice(JSON_BAD)
