"""Differences between two graphs, as lines for people: the first few of each set.

Here: the comparison, and reading the expected graph of a sample folder (nodes/, rels/,
quarantine.jsonl, counts.json). Not here: any rule.
"""

from __future__ import annotations

import contextlib
import datetime
import json
from collections import Counter
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from kweli_assets_tests.reference.graph import Counts, Graph, Properties, Quarantined

Key = TypeVar("Key", bound=Hashable)

NOT_COMPARED = {("Country", "name"), ("Skill", "category")}
"""What the sample leaves out: the README of it says so."""


def read_expected(folder: Path) -> Graph:
    """The graph of an `expected` folder. Its counts hold what counts.json names by column."""
    nodes: dict[str, dict[str, Properties]] = {}
    for path in sorted((folder / "nodes").glob("*.jsonl")):
        nodes[path.stem] = {line["key"]: line["properties"] for line in json_lines(path)}
    relationships: dict[str, dict[tuple[str, object], tuple[str, Properties]]] = {}
    for path in sorted((folder / "rels").glob("*.jsonl")):
        relationships[path.stem] = {
            (line["start"], tuple(line["identity"].values()) or line["end"]): (
                line["end"],
                line["properties"],
            )
            for line in json_lines(path)
        }
    quarantine: list[Quarantined] = [
        (line["learner"], line["column"], line["index"], line["reason"], line["raw"])
        for line in json_lines(folder / "quarantine.jsonl")
    ]
    found = json.loads((folder / "counts.json").read_text(encoding="utf-8"))
    counts = Counts(
        entries_in=Counter({frame: n["in"] for frame, n in found["frames"].items()}),
        entries_out=Counter({frame: n["out"] for frame, n in found["frames"].items()}),
        entries_quarantined=Counter(
            {frame: n["quarantined"] for frame, n in found["frames"].items()}
        ),
        unreadable=Counter({("", "", kind): n for kind, n in found["unreadable"].items()}),
        unknown_countries=Counter(found["unknownCountryNames"]),
        skills_beyond_50=found["skillsBeyond50"],
    )
    return Graph(nodes, relationships, quarantine, counts)


def json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def differences(
    found: Graph,
    expected: Graph,
    first: int = 5,
    not_compared: set[tuple[str, str]] = NOT_COMPARED,
    raw: bool = True,
) -> list[str]:
    """One line for each difference, at most `first` of each set, then how many more there are.

    `not_compared` holds (label or type, property). With `raw` false the raw texts of the
    quarantine are not compared.
    """
    lines: list[str] = []
    for label in sorted({*found.nodes, *expected.nodes}):
        ignored = {name for where, name in not_compared if where == label}
        lines += of_mappings(
            f"({label})",
            {key: plain(p, ignored) for key, p in found.nodes.get(label, {}).items()},
            {key: plain(p, ignored) for key, p in expected.nodes.get(label, {}).items()},
            first,
        )
    for kind in sorted({*found.relationships, *expected.relationships}):
        ignored = {name for where, name in not_compared if where == kind}
        lines += of_mappings(
            f"[:{kind}]",
            ends_and_properties(found, kind, ignored),
            ends_and_properties(expected, kind, ignored),
            first,
        )
    lines += of_quarantines(found.quarantine, expected.quarantine, first, raw)
    lines += of_counts(found.counts, expected.counts, first)
    return lines


def ends_and_properties(
    graph: Graph, kind: str, ignored: set[str]
) -> dict[tuple[str, object], dict[str, object]]:
    return {
        key: {"-> end": end, **plain(properties, ignored)}
        for key, (end, properties) in graph.relationships.get(kind, {}).items()
    }


def plain(properties: Mapping[str, object], ignored: set[str]) -> dict[str, object]:
    """Dates as text, so that graphs of both forms compare."""
    return {
        name: value.isoformat() if isinstance(value, datetime.date) else value
        for name, value in properties.items()
        if name not in ignored
    }


def of_mappings(
    title: str,
    found: Mapping[Key, Mapping[str, object]],
    expected: Mapping[Key, Mapping[str, object]],
    first: int,
) -> list[str]:
    lines = []
    for key in found.keys() - expected.keys():
        lines.append(f"{title} {key!r}: not expected, with {short(found[key])}")
    for key in expected.keys() - found.keys():
        lines.append(f"{title} {key!r}: missing, expected {short(expected[key])}")
    for key in found.keys() & expected.keys():
        one, other = found[key], expected[key]
        for name in sorted({*one, *other}):
            if not same(one.get(name), other.get(name)):
                lines.append(
                    f"{title} {key!r} {name}: {short(one.get(name))},"
                    f" expected {short(other.get(name))}"
                )
    return cut(title, sorted(lines), first)


def same(one: object, other: object) -> bool:
    """Equal in value and type: 1, 1.0 and true are three things in Neo4j."""
    return type(one) is type(other) and one == other


def of_quarantines(
    found: list[Quarantined], expected: list[Quarantined], first: int, raw: bool
) -> list[str]:
    one = Counter(comparable(q, raw) for q in found)
    other = Counter(comparable(q, raw) for q in expected)
    lines = [f"quarantine: {n} x not expected: {short(q)}" for q, n in (one - other).items()]
    lines += [f"quarantine: {n} x missing: {short(q)}" for q, n in (other - one).items()]
    return cut("quarantine", sorted(lines), first)


def comparable(quarantined: Quarantined, raw: bool) -> tuple[object, ...]:
    """Rows and entries as JSON, whatever blanks and escapes stand in it; a column as it came."""
    learner, column, index, reason, text = quarantined
    if not raw:
        return (learner, column, index, reason)
    if reason not in ("bad json", "not an array", "name too long") or text.startswith("{"):
        with contextlib.suppress(ValueError):
            text = json.dumps(json.loads(text), sort_keys=True)
    return (learner, column, index, reason, text)


def of_counts(found: Counts, expected: Counts, first: int) -> list[str]:
    lines = []
    pairs: dict[str, tuple[Mapping[str, int], Mapping[str, int]]] = {
        "entries in": (found.entries_in, expected.entries_in),
        "entries out": (found.entries_out, expected.entries_out),
        "entries quarantined": (found.entries_quarantined, expected.entries_quarantined),
        "unreadable": unreadable(found, expected),
        "unknown country": (found.unknown_countries, expected.unknown_countries),
        "skills": ({"beyond 50": found.skills_beyond_50}, {"beyond 50": expected.skills_beyond_50}),
    }
    for title, (one, other) in pairs.items():
        lines += cut(
            title,
            [
                f"{title} {name!r}: {one.get(name, 0)}, expected {other.get(name, 0)}"
                for name in sorted({*one, *other})
                if one.get(name, 0) != other.get(name, 0)
            ],
            first,
        )
    return lines


def unreadable(found: Counts, expected: Counts) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """By frame, column and kind where both say so, else by kind."""
    sides: list[Counter[str]] = []
    whole = all(column for counts in (found, expected) for _, column, _ in counts.unreadable)
    for counts in (found, expected):
        side: Counter[str] = Counter()
        for (frame, column, kind), times in counts.unreadable.items():
            side[f"{frame}.{column} {kind}" if whole else kind] += times
        sides.append(side)
    return sides[0], sides[1]


def cut(title: str, lines: list[str], first: int) -> list[str]:
    if len(lines) <= first:
        return lines
    return [*lines[:first], f"{title}: ... and {len(lines) - first} differences more"]


def short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 300 else text[:300] + "..."
