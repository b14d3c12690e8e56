"""Kinds of dirt in flat columns, in the learner key and in the row as a whole.

Here: one small function a kind, named for what it does. Not here: JSON columns (documents).
"""

from __future__ import annotations

from kweli_assets.embedded.synthetic.dirt import values
from kweli_assets.embedded.synthetic.dirt.registry import Register, Row, Setting
from kweli_assets.snapshot.columns import COLUMNS, LEARNER_KEY, SNAPSHOT_ID, Reading, Use

register = Register()

TEXT_COLUMNS = tuple(c.name for c in COLUMNS if c.reading is Reading.TEXT and c.name != LEARNER_KEY)
FLAG_COLUMNS = tuple(c.name for c in COLUMNS if c.reading is Reading.FLAG)
NUMBER_COLUMNS = tuple(
    c.name for c in COLUMNS if c.reading is Reading.NUMBER and c.name != SNAPSHOT_ID
)
KEPT_COLUMNS = tuple(c.name for c in COLUMNS if c.use is Use.KEPT)
DROPPED_COLUMNS = ("email", "region_name", "designation", "testimonial", "youtube_id")
HAS_COLUMNS = tuple(name for name in FLAG_COLUMNS if name.startswith("has_"))


def _blanks(setting: Setting) -> str:
    rnd = setting.rnd
    return "".join(rnd.choice(values.BLANKS) for _ in range(rnd.randint(1, 3)))


@register.kind
def key_missing(row: Row, setting: Setting) -> None:
    """No learner key, in some spelling."""
    row[LEARNER_KEY] = setting.rnd.choice([*values.MISSING, None])


@register.kind
def key_in_blanks(row: Row, setting: Setting) -> None:
    """The key stands between blanks, or with NUL bytes."""
    key = row[LEARNER_KEY] or ""
    row[LEARNER_KEY] = setting.rnd.choice(
        [_blanks(setting) + key + _blanks(setting), key[:7] + "\x00" + key[7:], "\x00" + key]
    )


@register.kind
def key_unusual(row: Row, setting: Setting) -> None:
    """A key that is no 32 hex characters: case counts, letters beyond ASCII sort behind."""
    key = row[LEARNER_KEY] or ""
    row[LEARNER_KEY] = setting.rnd.choice(
        [key.upper(), key[:16], "é" + key, "\U0001f600" + key, "\uffee" + key, "~" + key, key + key]
    )


@register.kind
def duplicate_whole(row: Row, setting: Setting) -> None:
    """Another row once more, all of it."""
    row.update(setting.other_row())


@register.kind
def duplicate_newer_or_older(row: Row, setting: Setting) -> None:
    """Another learner's key with a higher, lower, missing or unreadable snapshot_id."""
    step = setting.rnd.choice([-60, -1, 0, 1, 50])
    row[LEARNER_KEY] = setting.other_row()[LEARNER_KEY]
    row[SNAPSHOT_ID] = setting.rnd.choice(
        [str(setting.snapshot_id + step), str(setting.snapshot_id + step), None, "-99"]
    )


@register.kind
def duplicate_far_away(row: Row, setting: Setting) -> None:
    """The key of a row that may stand millions of rows before."""
    row[LEARNER_KEY] = setting.earlier_key()


@register.kind
def duplicate_richer_or_poorer(row: Row, setting: Setting) -> None:
    """Another row with some columns emptied or filled: the fuller one wins."""
    row.update(setting.other_row())
    for name in setting.rnd.sample(TEXT_COLUMNS, 4):
        row[name] = setting.rnd.choice([None, "n/a", "Richer", "-99"])


@register.kind
def duplicate_nearly_equal(row: Row, setting: Setting) -> None:
    """Another row but for one column, so that code point order decides; perhaps one not read."""
    row.update(setting.other_row())
    name = setting.rnd.choice([*TEXT_COLUMNS, *DROPPED_COLUMNS, *KEPT_COLUMNS])
    row[name] = setting.rnd.choice(
        ["Aaa first", "zzz last", "\U0001f600", "\uffee", "é", "e\u0301"]
    )


@register.kind
def duplicate_in_blanks(row: Row, setting: Setting) -> None:
    """Another learner's key between blanks."""
    row[LEARNER_KEY] = (
        _blanks(setting) + (setting.other_row()[LEARNER_KEY] or "") + _blanks(setting)
    )


@register.kind
def snapshot_id_odd(row: Row, setting: Setting) -> None:
    """A snapshot_id that is missing, huge or no number."""
    row[SNAPSHOT_ID] = setting.rnd.choice(
        [*values.SNAPSHOT_IDS_OF_NUMBERS, *values.SNAPSHOT_IDS_OF_TEXT]
    )


@register.kind
def text_in_blanks(row: Row, setting: Setting) -> None:
    """Values between blanks of any kind, or between characters that only look blank."""
    for name in setting.rnd.sample(TEXT_COLUMNS, 3):
        around = setting.rnd.choice([_blanks(setting), setting.rnd.choice(values.NO_BLANKS)])
        row[name] = around + (row[name] or "") + _blanks(setting)


@register.kind
def text_with_nul(row: Row, setting: Setting) -> None:
    """NUL bytes before, within and behind values."""
    for name in setting.rnd.sample(TEXT_COLUMNS, 3):
        text = row[name] or ""
        cut = setting.rnd.randint(0, len(text))
        row[name] = text[:cut] + "\x00" + text[cut:]


@register.kind
def text_missing(row: Row, setting: Setting) -> None:
    """Missing in unusual spellings, and what only resembles it."""
    for name in setting.rnd.sample(TEXT_COLUMNS, 4):
        row[name] = setting.rnd.choice([*values.MISSING, *values.NEARLY_MISSING, None])


@register.kind
def bio_nasty(row: Row, setting: Setting) -> None:
    """Line ends, quotes, backslashes, controls, long texts; also in columns kept raw."""
    row["bio"] = setting.rnd.choice(values.BIOS)
    row[setting.rnd.choice(KEPT_COLUMNS)] = setting.rnd.choice(values.BIOS)


@register.kind
def kept_bad_json(row: Row, setting: Setting) -> None:
    """Columns kept raw hold what is no JSON: nobody may decode them."""
    for name in KEPT_COLUMNS:
        row[name] = setting.rnd.choice([*values.WHOLE_BAD, *values.WHOLE_NO_ARRAY, None])


@register.kind
def gender_and_level_odd(row: Row, setting: Setting) -> None:
    """Values beyond the usual ones; texts are kept as written."""
    row["gender"] = setting.rnd.choice(["F", "M", "femme", "♀", "Duplicate", "Female\x00"])
    row["education_level_of_study"] = setting.rnd.choice(
        ["Bachelor'S Degree", "BSc", "bachelor’s degree", "PhD", "Level 5", "\u00a0Doctorate"]
    )


@register.kind
def country_odd(row: Row, setting: Setting) -> None:
    """Unknown, foreign, folded or decomposed country names."""
    row["country_of_residence"] = setting.rnd.choice(values.COUNTRIES)
    row["country_of_origin"] = setting.rnd.choice(values.COUNTRIES)


@register.kind
def city_odd(row: Row, setting: Setting) -> None:
    """City names of punctuation, other scripts, other forms of the same letters, too long ones."""
    row["city_of_residence"] = setting.rnd.choice(values.CITIES)


@register.kind
def city_without_country(row: Row, setting: Setting) -> None:
    """A city, and no country to put it in."""
    row["country_of_residence"] = setting.rnd.choice([None, "n/a", "Other", "Wakanda"])
    row["city_of_residence"] = setting.rnd.choice(["Lagos", "Victoria", "Alexandria", "Paris"])


@register.kind
def skills_odd(row: Row, setting: Setting) -> None:
    """Skill lists with odd separators, spellings, scripts and names."""
    row["skills_list"] = setting.rnd.choice(values.SKILL_LISTS)


@register.kind
def skills_mixed(row: Row, setting: Setting) -> None:
    """Two odd lists and the learner's own in one."""
    rnd = setting.rnd
    parts = [
        rnd.choice(values.SKILL_LISTS),
        row["skills_list"] or "",
        rnd.choice(values.SKILL_LISTS),
    ]
    row["skills_list"] = rnd.choice([",", ", ", " ,\n"]).join(parts)


@register.kind
def skills_beyond_fifty(row: Row, setting: Setting) -> None:
    """51 to 90 skills, some of them twice: the first 50 different ones count."""
    rnd = setting.rnd
    number = rnd.randint(51, 90)
    names = [
        f"Odd skill {rnd.randrange(number) if rnd.random() < 0.2 else i}" for i in range(number)
    ]
    row["skills_list"] = rnd.choice([",", ", "]).join(names)


@register.kind
def flags_of_numbers(row: Row, setting: Setting) -> None:
    """Flags that are integers and neither 0 nor 1."""
    for name in setting.rnd.sample(FLAG_COLUMNS, 4):
        row[name] = setting.rnd.choice(values.FLAGS_OF_NUMBERS)


@register.kind
def flags_of_text(row: Row, setting: Setting) -> None:
    """Flags in words (in a CSV; a typed column can't hold them)."""
    for name in setting.rnd.sample(FLAG_COLUMNS, 4):
        row[name] = setting.rnd.choice(values.FLAGS_OF_TEXT)


@register.kind
def flags_disagree(row: Row, setting: Setting) -> None:
    """No learning flag or several; has_… that differs from its column."""
    for name in ("is_graduate_learner", "is_active_learner", "is_a_dropped_out"):
        row[name] = setting.rnd.choice(["0", "1"])
    for name in ("is_running_a_venture", "is_a_freelancer", "is_wage_employed", "is_placed"):
        row[name] = setting.rnd.choice(["0", "0", "1"])
    name = setting.rnd.choice(HAS_COLUMNS)
    row[name] = "0" if row[name] == "1" else "1"


@register.kind
def position_of_text(row: Row, setting: Setting) -> None:
    """Positions that are no numbers (in a CSV), or only half there."""
    name = setting.rnd.choice(NUMBER_COLUMNS)
    row[name] = setting.rnd.choice(values.NUMBERS_OF_TEXT)
    row[setting.rnd.choice(NUMBER_COLUMNS)] = setting.rnd.choice([None, "-99"])


@register.kind
def position_odd(row: Row, setting: Setting) -> None:
    """Positions off the globe, at zero, or with more digits than a float holds."""
    for name in setting.rnd.sample(NUMBER_COLUMNS, 2):
        row[name] = setting.rnd.choice(
            ["0", "0.000000", "-0.000000", "999.500000", "90", "-180.000000", "1e1", "9.0820000001"]
        )


@register.kind
def everything_missing(row: Row, setting: Setting) -> None:
    """A row with a key and nothing else."""
    for column in COLUMNS:
        if column.name not in (LEARNER_KEY, SNAPSHOT_ID):
            row[column.name] = None
