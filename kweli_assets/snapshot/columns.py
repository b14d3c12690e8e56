"""The source table's contract: 58 columns, a line each, in the table's order.

Here: names, MySQL types and what each column is for; the SELECT, the schema comparison, the
synthetic table and the reading rules are built from this list. Not here: how a value is read
(cleaning) or what a frame makes of it (frames).

Source of the list: the table `impact_learners_profile` as its owners describe it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MysqlType(StrEnum):
    """The column's type in the source, as CREATE TABLE spells it."""

    TEXT = "text"
    BIGINT = "bigint"
    DECIMAL = "decimal(38,6)"
    DOUBLE = "double"


class Reading(StrEnum):
    """The rule by which a column's value is read ("Values" of the graph's rules).

    OPAQUE columns are kept as they came and read by no rule.
    """

    TEXT = "text"
    FLAG = "flag"
    NUMBER = "number"
    JSON_ARRAY = "json array"
    OPAQUE = "opaque"


class Use(StrEnum):
    """What becomes of a column.

    READ: rules read it. KEPT: stays in the snapshot as it came. DROPPED: stays in the snapshot,
    takes part in nothing (so that a quarantined row can still be shown whole). NEVER: is not even
    selected from the source.
    """

    READ = "read"
    KEPT = "kept"
    DROPPED = "dropped"
    NEVER = "never"


@dataclass(frozen=True)
class Column:
    """One column of the source table."""

    name: str
    mysql_type: MysqlType
    reading: Reading
    use: Use


COLUMNS: tuple[Column, ...] = (
    Column("hashed_email", MysqlType.TEXT, Reading.TEXT, Use.READ),
    Column("sand_id", MysqlType.TEXT, Reading.TEXT, Use.READ),
    Column("email", MysqlType.TEXT, Reading.OPAQUE, Use.NEVER),
    Column("full_name", MysqlType.TEXT, Reading.TEXT, Use.READ),
    Column("profile_photo_url", MysqlType.TEXT, Reading.TEXT, Use.READ),
    Column("bio", MysqlType.TEXT, Reading.TEXT, Use.READ),
    Column("skills_list", MysqlType.TEXT, Reading.TEXT, Use.READ),
    Column("gender", MysqlType.TEXT, Reading.TEXT, Use.READ),
    Column("country_of_residence", MysqlType.TEXT, Reading.TEXT, Use.READ),
    Column("country_of_origin", MysqlType.TEXT, Reading.TEXT, Use.READ),
    Column("city_of_residence", MysqlType.TEXT, Reading.TEXT, Use.READ),
    Column("region_name", MysqlType.TEXT, Reading.OPAQUE, Use.DROPPED),
    Column("education_level_of_study", MysqlType.TEXT, Reading.TEXT, Use.READ),
    Column("education_field_of_study", MysqlType.TEXT, Reading.TEXT, Use.READ),
    Column("country_of_residence_latitude", MysqlType.DECIMAL, Reading.NUMBER, Use.READ),
    Column("country_of_residence_longitude", MysqlType.DECIMAL, Reading.NUMBER, Use.READ),
    Column("city_of_residence_latitude", MysqlType.DECIMAL, Reading.NUMBER, Use.READ),
    Column("city_of_residence_longitude", MysqlType.DECIMAL, Reading.NUMBER, Use.READ),
    Column("designation", MysqlType.TEXT, Reading.OPAQUE, Use.DROPPED),
    Column("testimonial", MysqlType.TEXT, Reading.OPAQUE, Use.DROPPED),
    Column("is_learning_data", MysqlType.BIGINT, Reading.OPAQUE, Use.DROPPED),
    Column("is_featured", MysqlType.BIGINT, Reading.FLAG, Use.READ),
    Column("youtube_id", MysqlType.TEXT, Reading.OPAQUE, Use.DROPPED),
    Column("is_featured_video", MysqlType.BIGINT, Reading.OPAQUE, Use.DROPPED),
    Column("is_graduate_learner", MysqlType.BIGINT, Reading.FLAG, Use.READ),
    Column("is_active_learner", MysqlType.BIGINT, Reading.FLAG, Use.READ),
    Column("is_a_dropped_out", MysqlType.BIGINT, Reading.FLAG, Use.READ),
    Column("learning_details", MysqlType.TEXT, Reading.JSON_ARRAY, Use.READ),
    Column("is_running_a_venture", MysqlType.BIGINT, Reading.FLAG, Use.READ),
    Column("is_a_freelancer", MysqlType.BIGINT, Reading.FLAG, Use.READ),
    Column("is_wage_employed", MysqlType.BIGINT, Reading.FLAG, Use.READ),
    Column("placement_details", MysqlType.TEXT, Reading.JSON_ARRAY, Use.READ),
    Column("is_placed", MysqlType.BIGINT, Reading.FLAG, Use.READ),
    Column("employment_details", MysqlType.TEXT, Reading.JSON_ARRAY, Use.READ),
    Column("has_employment_details", MysqlType.BIGINT, Reading.FLAG, Use.READ),
    Column("education_details", MysqlType.TEXT, Reading.JSON_ARRAY, Use.READ),
    Column("has_education_details", MysqlType.BIGINT, Reading.FLAG, Use.READ),
    Column("has_data", MysqlType.BIGINT, Reading.OPAQUE, Use.DROPPED),
    Column("is_rural", MysqlType.BIGINT, Reading.FLAG, Use.READ),
    Column("description_of_living_location", MysqlType.TEXT, Reading.TEXT, Use.READ),
    Column("has_disability", MysqlType.BIGINT, Reading.FLAG, Use.READ),
    Column("type_of_disability", MysqlType.TEXT, Reading.TEXT, Use.READ),
    Column("is_from_low_income_household", MysqlType.BIGINT, Reading.FLAG, Use.READ),
    Column("demographic_details", MysqlType.TEXT, Reading.OPAQUE, Use.KEPT),
    Column("legacy_points_transaction_history", MysqlType.TEXT, Reading.OPAQUE, Use.KEPT),
    Column("has_legacy_points_transactions", MysqlType.BIGINT, Reading.OPAQUE, Use.DROPPED),
    Column("meta_rn", MysqlType.BIGINT, Reading.OPAQUE, Use.DROPPED),
    Column("meta_ui_lat", MysqlType.DOUBLE, Reading.NUMBER, Use.READ),
    Column("meta_ui_lng", MysqlType.DOUBLE, Reading.NUMBER, Use.READ),
    Column("student_record_ranking", MysqlType.BIGINT, Reading.OPAQUE, Use.DROPPED),
    Column("rnk", MysqlType.BIGINT, Reading.OPAQUE, Use.DROPPED),
    Column("zoom_attendance_details", MysqlType.TEXT, Reading.OPAQUE, Use.KEPT),
    Column("circle_events", MysqlType.TEXT, Reading.OPAQUE, Use.KEPT),
    Column("ehub_check_ins", MysqlType.TEXT, Reading.OPAQUE, Use.KEPT),
    Column("has_placement_details", MysqlType.BIGINT, Reading.FLAG, Use.READ),
    Column("has_profile_profile_photo", MysqlType.BIGINT, Reading.FLAG, Use.READ),
    Column("has_social_economic_data", MysqlType.BIGINT, Reading.OPAQUE, Use.DROPPED),
    Column("snapshot_id", MysqlType.BIGINT, Reading.NUMBER, Use.READ),
)
"""All columns, in the table's order."""

SELECTED: tuple[Column, ...] = tuple(c for c in COLUMNS if c.use is not Use.NEVER)
"""The 57 columns that a snapshot holds: all but `email`."""

COMPARED: tuple[Column, ...] = tuple(c for c in SELECTED if c.use is not Use.DROPPED)
"""The columns that decide between duplicates of a learner: all but the dropped ones."""

LEARNER_KEY = "hashed_email"
SNAPSHOT_ID = "snapshot_id"
