"""Interrupting a load between the writer and the graph.

Here: what counts the batches and strikes before or after one, and errors as a server tells them.
Not here: assertions.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from neo4j.exceptions import Neo4jError

from kweli_assets.graph import writer


class Interrupted(RuntimeError):
    """The process ends here, as far as the load can tell."""


class Commits:
    """Stands between the writer and the graph, and counts the batches that pass."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.at: int | None = None
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None
        send = writer._Lane._send

        def counted(lane: writer._Lane, statement: str, parameters: dict[str, object]) -> object:
            self.count += 1
            now = self.count == self.at
            if now:
                self.before()
            answer = send(lane, statement, parameters)
            if now:
                self.after()
            return answer

        patch.setattr(writer._Lane, "_send", counted)


def fail(error: BaseException) -> Callable[[], None]:
    def raise_it() -> None:
        raise error

    return raise_it


def coded(code: str) -> Neo4jError:
    return Neo4jError._hydrate_neo4j(code=code, message="told by the server")
