"""Imports go one way, rules know neither Dagster nor the clock, names say what is inside.

Read from the syntax trees, so that a late import inside a function counts as well.
"""

from __future__ import annotations

import ast
import functools
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

import kweli_assets

ROOT = Path(kweli_assets.__file__).parent
MODULES = sorted(
    path.relative_to(ROOT.parent).with_suffix("").as_posix().replace("/", ".")
    for path in ROOT.rglob("*.py")
)

LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors",),
    ("partitions",),
    ("resources",),
    ("cleaning",),
    ("snapshot",),
    ("frames",),
    ("graph",),
    ("operations",),
    ("definitions",),
    ("benchmark",),
    ("cli", "__main__"),
)
"""A module imports from its own layer and those before it."""

CONTRACT = "kweli_assets.snapshot.columns"
"""Data without a layer: the list of columns that the synthetic table is made of, too."""

THIN = ("assets", "checks")
"""Modules of the stages that know Dagster."""

PURE = ("cleaning", "frames", "graph")
"""Stages of rules: no Dagster outside the thin modules, no clock, no environment."""

CLOCKS = {"time.time", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}


def _path(module: str) -> Path:
    return ROOT.parent / (module.replace(".", "/") + ".py")


@functools.cache
def _tree(module: str) -> ast.Module:
    # A finalizer that logs an exception meanwhile would parse as well (traceback marks the place),
    # and CPython 3.11's parser doesn't bear that: "AST constructor recursion depth mismatch".
    gc.disable()
    try:
        return ast.parse(_path(module).read_text(encoding="utf-8"))
    finally:
        gc.enable()


def _imports(module: str, *, with_type_checking: bool = False) -> Iterator[str]:
    tree = _tree(module)
    skipped: set[ast.AST] = set()
    if not with_type_checking:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                skipped.update(ast.walk(node))
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield node.module


def _stage(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def _layer(stage: str) -> int | None:
    return next((number for number, names in enumerate(LAYERS) if stage in names), None)


def test_every_module_has_a_layer() -> None:
    stages = {_stage(module) for module in MODULES} - {"__init__", "embedded"}
    assert {stage for stage in stages if _layer(stage) is None} == set()


@pytest.mark.parametrize("module", [name for name in MODULES if _layer(_stage(name)) is not None])
def test_imports_go_downwards(module: str) -> None:
    own = _layer(_stage(module))
    assert own is not None
    for imported in _imports(module):
        if not imported.startswith("kweli_assets.") or imported.startswith(CONTRACT):
            continue
        layer = _layer(_stage(imported))
        assert layer is None or layer <= own, f"{module} imports {imported}"


@pytest.mark.parametrize("module", [name for name in MODULES if _stage(name) not in ("embedded",)])
def test_embedded_servers_are_a_default_and_a_command_only(module: str) -> None:
    uses = {name for name in _imports(module) if name.startswith("kweli_assets.embedded")}
    if module not in ("kweli_assets.cli", "kweli_assets.resources.settings") and _stage(
        module
    ) not in ("operations", "benchmark"):
        assert uses == set()


@pytest.mark.parametrize("module", [name for name in MODULES if _stage(name) == "embedded"])
def test_embedded_servers_know_no_stage(module: str) -> None:
    known = ("kweli_assets.embedded", "kweli_assets.errors", "kweli_assets.resources", CONTRACT)
    for imported in _imports(module):
        if imported.startswith("kweli_assets."):
            assert imported.startswith(known), f"{module} imports {imported}"


@pytest.mark.parametrize(
    "module",
    [
        name
        for name in MODULES
        if _stage(name) in (*PURE, "snapshot") and name.split(".")[-1] not in THIN
    ],
)
def test_rules_know_no_dagster(module: str) -> None:
    assert not [name for name in _imports(module) if name.split(".")[0].startswith("dagster")]


@pytest.mark.parametrize(
    "module",
    [
        name
        for name in MODULES
        if _stage(name) in ("cleaning", "frames") and name.split(".")[-1] not in THIN
    ],
)
def test_rules_have_no_clock_and_no_environment(module: str) -> None:
    used = {
        ast.unparse(node) for node in ast.walk(_tree(module)) if isinstance(node, ast.Attribute)
    }
    assert not used & (CLOCKS | {"os.environ"})
    assert not {name for name in _imports(module) if name in ("time", "os")}


@pytest.mark.parametrize("module", MODULES)
def test_names_say_what_is_inside(module: str) -> None:
    assert not set(module.split(".")) & {"utils", "util", "helpers", "common", "misc"}
    assert ast.get_docstring(_tree(module)), f"{module} has no docstring"
