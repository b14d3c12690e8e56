"""One row a learner: the key, and which of duplicates wins."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kweli_assets.frames.accepted import accept
from kweli_assets_tests.frames.rows import frame, row


@pytest.mark.parametrize(
    ("winner", "loser"),
    [
        ({"snapshot_id": "20251201"}, {"snapshot_id": "20251130", "bio": "more is known"}),
        ({"snapshot_id": "1"}, {"snapshot_id": None, "bio": "more is known"}),
        ({"snapshot_id": "10"}, {"snapshot_id": "9"}),
        ({"snapshot_id": "1"}, {"snapshot_id": "soon"}),
        ({"bio": "known"}, {"bio": "none"}),
        ({"is_rural": "1"}, {"is_rural": "2"}),
        ({"meta_ui_lat": "1.5"}, {"meta_ui_lat": "-99.0"}),
        ({"learning_details": "[]"}, {"learning_details": "null"}),
        ({"demographic_details": "kept raw"}, {"demographic_details": "n/a"}),
        ({"bio": "A"}, {"bio": "a"}),
        ({"bio": "Z"}, {"bio": "\u00e9"}),
        ({"sand_id": "n/a", "bio": "b"}, {"sand_id": "null", "bio": "a"}),
        ({"hashed_email": " key", "snapshot_id": 2}, {"hashed_email": "key ", "snapshot_id": 1}),
    ],
)
def test_winner(winner: dict[str, Any], loser: dict[str, Any]) -> None:
    better, worse = row("key", **winner), row("key", **loser)
    better, worse = {**better, "designation": "winner"}, {**worse, "designation": "loser"}
    for rows in ((better, worse), (worse, better)):
        accepted = accept(frame(*rows))
        assert accepted.rows["designation"].to_list() == ["winner"]
        ((learner, column, index, reason, raw),) = accepted.quarantine.rows()
        assert (learner, column, index, reason) == ("key", None, None, "duplicate learner")
        assert json.loads(raw) == {k: v or "" for k, v in worse.items()}


def test_dropped_columns_do_not_count() -> None:
    known = {"region_name": "Africa", "testimonial": "Good", "youtube_id": "x"}
    accepted = accept(frame(row("key", bio="b", **known), row("key", bio="a")))
    assert accepted.rows["bio"].to_list() == ["a"]


@pytest.mark.parametrize("key", [None, "", "  ", "N/A", "null", "\0", "-99"])
def test_no_learner_key(key: str | None) -> None:
    accepted = accept(frame(row(key), row("key")))
    assert accepted.rows["learner"].to_list() == ["key"]
    assert accepted.quarantine.drop("raw").rows() == [(None, None, None, "no learner key")]
    assert "email" not in json.loads(accepted.quarantine["raw"][0])


def test_keys_are_texts_whose_case_counts() -> None:
    accepted = accept(frame(row("b"), row("B"), row("\u00a0a\0 ")))
    assert accepted.rows["learner"].to_list() == ["B", "a", "b"]
    assert accepted.account.entries_in == accepted.account.entries_out == 3
