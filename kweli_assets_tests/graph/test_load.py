"""Loads on a real graph: exact, only what changed, guarded, undoable, repaired."""

from __future__ import annotations

import neo4j
import pytest

from kweli_assets.errors import GraphError, GuardError
from kweli_assets.graph import diff, plan
from kweli_assets.graph.cypher import LANE, LEASE, LEDGER
from kweli_assets.graph.sets import ALL_SETS
from kweli_assets.graph.writer import DriftError, Tuning
from kweli_assets.resources.frame_store import FrameStore
from kweli_assets_tests.graph.conftest import DAYS, MakeLoader
from kweli_assets_tests.graph.learner_days import (
    SAMPLE_DAY,
    Content,
    graph_content,
    learners,
    next_day,
    promised_content,
    sample_rows,
    store_day,
)

DAY_1, DAY_2, DAY_3 = DAYS


def difference(old: Content, new: Content) -> dict[str, int]:
    """Created, updated and deleted of two contents; a moved relationship is both."""
    found = {"created": 0, "updated": 0, "deleted": 0}
    for name, desired in new.items():
        held = old[name]
        for identity, value in desired.items():
            if identity not in held:
                found["created"] += 1
            elif isinstance(value, tuple) and held[identity][0] != value[0]:
                found["created"] += 1
                found["deleted"] += 1
            elif held[identity] != value:
                found["updated"] += 1
        found["deleted"] += len(held.keys() - desired.keys())
    return found


def one(driver: neo4j.Driver, statement: str, **parameters: object) -> object:
    with driver.session() as session:
        return session.run(statement, **parameters).single(strict=True)[0]


def change(driver: neo4j.Driver, statement: str, **parameters: object) -> None:
    """A hand edit; it has to change something."""
    with driver.session() as session:
        assert session.run(statement, **parameters).consume().counters.contains_updates


def marker(driver: neo4j.Driver) -> tuple[object, ...]:
    with driver.session() as session:
        record = session.run(
            "MATCH (s:Snapshot) RETURN s.status, s.snapshotDate, s.fromSnapshotDate, "
            "s.toSnapshotDate"
        ).single(strict=True)
    return tuple(value.to_native() if hasattr(value, "to_native") else value for value in record)


def test_the_worked_sample_becomes_exactly_its_graph(
    clean_graph: neo4j.Driver, store: FrameStore, make_loader: MakeLoader
) -> None:
    store_day(store, SAMPLE_DAY, sample_rows())
    report = make_loader(store).load(SAMPLE_DAY)
    assert graph_content(clean_graph) == promised_content(store, SAMPLE_DAY)
    assert report.written == sum(step.rows for step in report.plan.steps.values()) == 5_170
    assert marker(clean_graph) == ("complete", SAMPLE_DAY, None, None)
    assert one(clean_graph, f"MATCH (n:{LANE}) RETURN count(n)") == 0
    assert one(clean_graph, f"MATCH (n:{LEASE}) RETURN count(n)") == 0
    assert one(clean_graph, f"MATCH (g:{LEDGER} {{status: 'complete'}}) RETURN count(g)") == 18
    with clean_graph.session() as session:
        constrained = session.run(
            "SHOW CONSTRAINTS YIELD labelsOrTypes RETURN labelsOrTypes[0]"
        ).value()
    assert {item.label for item in ALL_SETS[:9]} <= set(constrained)


def test_day_after_day_writes_are_the_difference_and_the_graph_is_exact(
    clean_graph: neo4j.Driver, days: FrameStore, make_loader: MakeLoader
) -> None:
    make_loader(days).load(DAY_1)
    first = graph_content(clean_graph)
    assert first == promised_content(days, DAY_1)

    report = make_loader(days).load(DAY_2)
    second = graph_content(clean_graph)
    assert second == promised_content(days, DAY_2)
    written = {"created": 0, "updated": 0, "deleted": 0}
    for item in (*report.sets.values(), *report.removed.values()):
        for key in written:
            written[key] += getattr(item, key)
    # Relationships of vanished learners and cities leave in their nodes' transactions.
    written["deleted"] += sum(item.left_with_start for item in report.sets.values())
    assert written == difference(first, second)
    assert {step.basis for step in report.plan.steps.values()} <= {"last load", None}
    assert marker(clean_graph) == ("complete", DAY_2, None, None)

    back = make_loader(days, allow_rollback=True).load(DAY_1)
    assert graph_content(clean_graph) == first
    assert back.written > 0
    assert marker(clean_graph) == ("complete", DAY_1, None, None)


def test_the_same_partition_again_writes_nothing_at_all(
    clean_graph: neo4j.Driver, days: FrameStore, make_loader: MakeLoader
) -> None:
    make_loader(days).load(DAY_1)
    bookkeeping = (
        "MATCH (n) WHERE n:GraphLoad OR n:Snapshot OR n:GraphLoadLane OR n:GraphLease "
        "WITH n ORDER BY elementId(n) RETURN collect(properties(n)) + collect(elementId(n))"
    )
    before = one(clean_graph, bookkeeping)
    report = make_loader(days).load(DAY_1)
    assert report.plan.up_to_date
    assert report.written == 0
    assert one(clean_graph, bookkeeping) == before


def test_an_older_snapshot_is_refused_unless_asked_for(
    clean_graph: neo4j.Driver, days: FrameStore, make_loader: MakeLoader
) -> None:
    make_loader(days).load(DAY_2)
    content = graph_content(clean_graph)
    with pytest.raises(GuardError, match=r"2025-12-02.*rollback --to 2025-12-01"):
        make_loader(days).load(DAY_1)
    assert graph_content(clean_graph) == content
    assert marker(clean_graph) == ("complete", DAY_2, None, None)
    plan.rollback(clean_graph, "neo4j", days, DAY_1, run="back")
    assert graph_content(clean_graph) == promised_content(days, DAY_1)


def test_a_truncated_source_is_refused_before_anything_is_written(
    clean_graph: neo4j.Driver, store: FrameStore, make_loader: MakeLoader
) -> None:
    rows = learners(1_500)
    store_day(store, DAY_1, rows)
    store_day(store, DAY_2, rows.head(1_050))
    make_loader(store).load(DAY_1)
    everything = (
        "MATCH (n) WHERE NOT n:GraphLease WITH n ORDER BY elementId(n) "
        "RETURN collect(properties(n))"
    )
    before = one(clean_graph, everything)
    with pytest.raises(GuardError, match=r":Learner 449 of 1,498 \(30\.0%\), "):
        make_loader(store).load(DAY_2)
    assert one(clean_graph, everything) == before
    assert one(clean_graph, f"MATCH (n:{LEASE}) RETURN count(n)") == 0
    outlook = plan.plan(clean_graph, "neo4j", store, DAY_2)
    assert outlook.refusal is not None
    assert "--allow-shrink" in outlook.refusal
    make_loader(store, allow_shrink=True).load(DAY_2)
    assert graph_content(clean_graph) == promised_content(store, DAY_2)


def test_a_partial_snapshot_never_shrinks_the_graph(
    clean_graph: neo4j.Driver, store: FrameStore, make_loader: MakeLoader
) -> None:
    rows = learners(600)
    store_day(store, DAY_1, rows)
    store_day(store, DAY_2, rows.head(590))
    make_loader(store).load(DAY_1)
    with pytest.raises(GuardError, match="partial snapshot"):
        make_loader(store, partial=True).load(DAY_2)
    assert graph_content(clean_graph) == promised_content(store, DAY_1)
    make_loader(store).load(DAY_2)
    assert graph_content(clean_graph) == promised_content(store, DAY_2)


HAND_EDITS = (
    "MATCH (n:Learner) WITH n ORDER BY n.hashedEmail LIMIT 3 SET n.gender = 'edited'",
    "MATCH (n:Learner) WITH n ORDER BY n.hashedEmail SKIP 3 LIMIT 2 SET n.note = 'not declared'",
    "MATCH (n:Learner) WITH n ORDER BY n.hashedEmail SKIP 5 LIMIT 2 SET n.snapshotId = '7'",
    "MATCH (n:Learner) WITH n ORDER BY n.hashedEmail SKIP 7 LIMIT 2 REMOVE n.fullName",
    "MATCH (n:Learner) WITH n ORDER BY n.hashedEmail SKIP 9 LIMIT 2 DETACH DELETE n",
    "CREATE (:Learner {hashedEmail: 'zzz foreign'}), (:Learner {hashedEmail: 42}), (:Learner)",
    "CREATE (:Skill {id: 'foreign skill'}), (:Company)",
    "MATCH (c:Company) WITH c ORDER BY c.id LIMIT 4 SET c.name = 5",
    "MATCH (c:City)-[r:IN_COUNTRY]->() WITH r, c ORDER BY c.id LIMIT 3 DELETE r",
    "MATCH (:Learner)-[r:HAS_SKILL]->() WITH r LIMIT 3 SET r.source = 'elsewhere'",
    "MATCH (a)-[r:HAS_SKILL]->(b) WITH a, b LIMIT 3 CREATE (a)-[:HAS_SKILL]->(b)",
    "MATCH (a:Company), (b:Skill) WITH a, b LIMIT 2 CREATE (a)-[:HAS_SKILL]->(b)",
    "MATCH (a:Learner), (b:Company) WITH a, b LIMIT 2 CREATE (a)-[:HAS_SKILL]->(b)",
    "MATCH ()-[r:ENROLLED_IN]->() WITH r LIMIT 3 REMOVE r.index",
    "MATCH ()-[r:ENROLLED_IN]->() WITH r SKIP 3 LIMIT 3 SET r.startDate = '2020-01-01'",
    "MATCH ()-[r:HAS_LEARNING_STATE]->() WITH r LIMIT 3 SET r.index = r.index + 90",
    "MATCH ()-[r:RESIDES_IN]->() WITH r LIMIT 3 SET r.since = date()",
    "MATCH (s:LearningState {state: 'Active'}) SET s.state = 'Busy'",
)


def test_hand_edits_are_found_and_repaired_by_reconcile(
    clean_graph: neo4j.Driver, days: FrameStore, make_loader: MakeLoader
) -> None:
    make_loader(days).load(DAY_1)
    for statement in HAND_EDITS:
        change(clean_graph, statement)
    report = plan.reconcile(clean_graph, "neo4j", days, run="reconcile")
    assert graph_content(clean_graph) == promised_content(days, DAY_1)
    drift = {name: step.drift for name, step in report.plan.steps.items()}
    assert drift["learner"] == {"missing": 2, "edited": 9, "foreign": 3}
    assert drift["skill"] == {"missing": 0, "edited": 0, "foreign": 1}
    assert drift["company"] == {"missing": 0, "edited": 4, "foreign": 1}
    assert drift["resides_in"] is not None
    assert drift["resides_in"]["edited"] == 3
    assert drift["in_country"] == {"missing": 3, "edited": 0, "foreign": 0}
    assert drift["learning_state"] == {"missing": 1, "edited": 0, "foreign": 1}
    assert drift["has_skill"]["foreign"] == 7  # type: ignore[index]
    assert drift["program"] == {"missing": 0, "edited": 0, "foreign": 0}
    # Reconciling a graph without drift repairs nothing.
    again = plan.reconcile(clean_graph, "neo4j", days, run="again")
    assert again.written == 0
    assert not any(sum((step.drift or {}).values()) for step in again.plan.steps.values())


@pytest.mark.parametrize("emptied", ["all", "relationships", "one label", "but the ledger"])
def test_a_graph_emptied_by_hand_is_noticed_and_filled_again(
    emptied: str, clean_graph: neo4j.Driver, days: FrameStore, make_loader: MakeLoader
) -> None:
    make_loader(days).load(DAY_1)
    change(
        clean_graph,
        {
            "all": "MATCH (n) DETACH DELETE n",
            "relationships": "MATCH ()-[r]->() DELETE r",
            "one label": "MATCH (n:Company) DETACH DELETE n",
            "but the ledger": "MATCH (n) WHERE NOT n:GraphLoad AND NOT n:Snapshot DETACH DELETE n",
        }[emptied],
    )
    day = DAY_1 if emptied == "all" else DAY_2
    make_loader(days).load(day)
    assert graph_content(clean_graph) == promised_content(days, day)


def test_an_edit_met_on_the_way_is_told_and_the_next_load_repairs_it(
    clean_graph: neo4j.Driver, days: FrameStore, make_loader: MakeLoader
) -> None:
    make_loader(days).load(DAY_1)
    gone = set(promised_content(days, DAY_1)["skill"]) - set(promised_content(days, DAY_2)["skill"])
    # The count stays, so that it shows only when the node is to be removed.
    change(
        clean_graph,
        "MATCH (s:Skill {id: $id}) SET s.id = 'renamed by hand'",
        id=min(gone)[0],
    )
    with pytest.raises(DriftError, match="changed by hand"):
        make_loader(days).load(DAY_2)
    assert marker(clean_graph)[0] == "loading"
    report = make_loader(days).load(DAY_2)
    assert {step.basis for step in report.plan.steps.values()} == {"read back"}
    assert graph_content(clean_graph) == promised_content(days, DAY_2)


def test_foreign_data_under_our_labels_is_not_deleted_unasked(
    clean_graph: neo4j.Driver, store: FrameStore, make_loader: MakeLoader
) -> None:
    store_day(store, SAMPLE_DAY, sample_rows())
    change(clean_graph, "CREATE (:Company {title: 'Another application'})-[:OWNS]->(:Asset)")
    with pytest.raises(GuardError, match=r"no load of this project.*:Company 1 of 1"):
        make_loader(store).load(SAMPLE_DAY)
    assert one(clean_graph, "MATCH (n) RETURN count(n)") == 2
    make_loader(store, allow_shrink=True).load(SAMPLE_DAY)
    assert graph_content(clean_graph) == promised_content(store, SAMPLE_DAY)
    assert one(clean_graph, "MATCH (n:Asset) RETURN count(n)") == 1


def test_duplicate_keys_block_the_constraint_until_reconciled(
    clean_graph: neo4j.Driver, store: FrameStore, make_loader: MakeLoader
) -> None:
    store_day(store, SAMPLE_DAY, sample_rows())
    make_loader(store).load(SAMPLE_DAY)
    change(clean_graph, "DROP CONSTRAINT Company_id_unique")
    change(clean_graph, "MATCH (c:Company) WITH c LIMIT 5 CREATE (d:Company) SET d = c {.*}")
    with pytest.raises(GraphError, match=r":Company\(id\).*5 keys.*kweli reconcile"):
        make_loader(store).load(SAMPLE_DAY)
    plan.reconcile(clean_graph, "neo4j", store, run="reconcile")
    assert graph_content(clean_graph) == promised_content(store, SAMPLE_DAY)
    assert make_loader(store).missing_schema() == []


def test_an_index_that_failed_is_created_anew(
    clean_graph: neo4j.Driver, days: FrameStore, make_loader: MakeLoader
) -> None:
    # A full disk fails an index while it is filled; so does a text that no index takes.
    states = "SHOW INDEXES YIELD name, state WHERE name = 'Skill_name_index' RETURN state"
    change(clean_graph, "CREATE (:Skill {id: 'x', name: $long})", long="x" * 10_000)
    with pytest.raises(GraphError, match=r"could not fill Skill\(name\)") as told:
        make_loader(days, allow_shrink=True).load(DAY_1)
    assert told.value.rerun_helps
    assert one(clean_graph, states) == "FAILED"
    assert "Skill_name_index" in make_loader(days).missing_schema()
    change(clean_graph, "MATCH (n:Skill) DELETE n")
    make_loader(days).load(DAY_1)
    assert one(clean_graph, states) == "ONLINE"
    assert make_loader(days).missing_schema() == []
    assert graph_content(clean_graph) == promised_content(days, DAY_1)


def test_the_store_keeps_the_rows_of_two_loads_and_nothing_else(
    days: FrameStore, make_loader: MakeLoader
) -> None:
    for day, rollback in ((DAY_1, False), (DAY_2, False), (DAY_1, True)):
        make_loader(days, allow_rollback=rollback).load(day)
    left = [
        file.relative_to(days.root / "graph").parts[:2]
        for file in (days.root / "graph").rglob("*")
        if file.is_file() and file.suffix != ".json"
    ]
    assert {stage for stage, _ in left} == {"rows"}
    assert left.count(("rows", "learner")) == 2
    assert left.count(("rows", "learning_state")) == 1


def test_a_lost_store_is_read_back_and_only_the_difference_written(
    clean_graph: neo4j.Driver, days: FrameStore, make_loader: MakeLoader
) -> None:
    make_loader(days).load(DAY_1)
    first = graph_content(clean_graph)
    for file in (days.root / "graph").glob("rows/*/*.parquet"):
        file.unlink()
    report = make_loader(days).load(DAY_2)
    second = graph_content(clean_graph)
    assert second == promised_content(days, DAY_2)
    assert "read back" in {step.basis for step in report.plan.steps.values()}
    updated = sum(item.updated for item in report.sets.values())
    assert updated == difference(first, second)["updated"]


def test_a_damaged_file_of_the_last_load_is_not_trusted(
    clean_graph: neo4j.Driver, days: FrameStore, make_loader: MakeLoader
) -> None:
    make_loader(days).load(DAY_1)
    for file in (days.root / "graph" / "rows" / "learner").glob("*.parquet"):
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 0xFF
        file.write_bytes(bytes(content))
    report = make_loader(days).load(DAY_2)
    assert report.plan.steps["learner"].basis == "read back"
    assert graph_content(clean_graph) == promised_content(days, DAY_2)


@pytest.mark.parametrize("sessions", [1, 8])
def test_eight_sessions_on_skewed_targets_fail_nothing(
    sessions: int,
    clean_graph: neo4j.Driver,
    store: FrameStore,
    make_loader: MakeLoader,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(diff, "_ROWS_WORTH_A_LANE", 100)
    # Few cohorts and states, a hot skill on nearly everybody: dense ends for all sessions.
    rows = learners(3_000)
    rows = rows.with_columns(
        ("python,excel," + rows["skills_list"].fill_null("")).alias("skills_list")
    )
    store_day(store, DAY_1, rows)
    store_day(store, DAY_2, next_day(rows))
    tuning = Tuning(sessions=sessions, batch_rows=100, retry_seconds=30.0)
    for day in (DAY_1, DAY_2):
        report = make_loader(store, tuning=tuning).load(day)
        assert report.written > 0
        assert all(item.retries >= item.halvings >= 0 for item in report.sets.values())
        assert graph_content(clean_graph) == promised_content(store, day)
    hot = one(clean_graph, "MATCH (:Skill {id: 'python'})<-[r:HAS_SKILL]-() RETURN count(r)")
    assert isinstance(hot, int)
    assert hot > 2_900


def test_frames_of_different_snapshots_are_refused(
    store: FrameStore, make_loader: MakeLoader
) -> None:
    store_day(store, SAMPLE_DAY, sample_rows())
    for name, origin in (("learners", "one"), ("skills", "two")):
        rows = store.scan("frames", name, SAMPLE_DAY).collect()
        with store.writer(
            "frames", name, SAMPLE_DAY, rows.schema, {"kweli.snapshot": origin}
        ) as writer:
            writer.write(rows)
    with pytest.raises(GraphError, match=r"different states of the snapshot \(learners; skills\)"):
        make_loader(store).load(SAMPLE_DAY)


def test_a_store_that_cannot_be_written_is_told(
    clean_graph: neo4j.Driver, store: FrameStore, make_loader: MakeLoader
) -> None:
    store_day(store, SAMPLE_DAY, sample_rows())
    (store.root / "graph").write_text("a file where a folder should be")
    with pytest.raises(GraphError, match=r"/graph can't be written.*KWELI_STORE"):
        make_loader(store).load(SAMPLE_DAY)
    assert one(clean_graph, "MATCH (n) RETURN count(n)") == 0


def test_a_plan_tells_everything_and_writes_nothing(
    clean_graph: neo4j.Driver, days: FrameStore, make_loader: MakeLoader
) -> None:
    empty = plan.plan(clean_graph, "neo4j", days, DAY_1)
    assert one(clean_graph, "MATCH (n) RETURN count(n)") == 0
    assert one(clean_graph, "SHOW CONSTRAINTS YIELD name RETURN count(*)") == 0
    assert "Learner_hashedEmail_unique" in empty.missing_schema
    assert empty.server.startswith("Neo4j Kernel")
    assert empty.refusal is None
    assert all(len(item.sample) == min(5, item.rows) for item in empty.sets)

    make_loader(days).load(DAY_1)
    ledger = "MATCH (n:GraphLoad) RETURN collect(properties(n))"
    before = one(clean_graph, ledger)
    outlook = plan.plan(clean_graph, "neo4j", days, DAY_2)
    assert one(clean_graph, ledger) == before
    assert outlook.missing_schema == []
    report = make_loader(days).load(DAY_2)
    for item in outlook.sets:
        done = report.sets[item.name]
        assert (done.created, done.updated) == (item.created + item.moved, item.updated)
    assert plan.plan(clean_graph, "neo4j", days, DAY_2).up_to_date
    told = plan.status(clean_graph, "neo4j", days)
    assert (told.status, told.snapshot, told.writer) == ("complete", DAY_2, None)
    assert told.sets["learner"]["held"] == told.sets["learner"]["rows"]
    stored = plan.snapshots(days, told.snapshot)
    assert [(item.date, item.loaded) for item in stored] == [(DAY_1, False), (DAY_2, True)]
