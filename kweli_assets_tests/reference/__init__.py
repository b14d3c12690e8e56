"""A slow, obvious, independent implementation of the graph's rules, for tests to compare with.

Here: one learner at a time, plain Python, every rule beside the sentence it comes from. Not here:
anything of `kweli_assets` but the list of columns. What both implementations shared, no comparison
could find wrong.

Usage: `graph = reference.build(reference.read_csv(path), snapshot_date)`.
"""

from kweli_assets_tests.reference.graph import Graph, build, read_csv

__all__ = ["Graph", "build", "read_csv"]
