"""The project's exceptions: what was tried, what is wrong, what to do, does a rerun help.

Here: plain exception classes that any stage may raise. Not here: retrying, logging, Dagster's
failure types (the thin asset modules translate), and anything that could put a secret or a
learner's data into a message.
"""

from __future__ import annotations

from datetime import date


class KweliError(Exception):
    """One clear message for the person on call.

    Args:
        tried: what was being done, as a sentence without a full stop ("reading the learner table").
        wrong: what is wrong, naming the variable, file, column or set.
        todo: what the reader can do about it.
        snapshot: the snapshot date concerned, where there is one.
        rerun_helps: True when running the same thing again can succeed without any change.
    """

    def __init__(
        self,
        tried: str,
        wrong: str,
        todo: str,
        *,
        snapshot: date | None = None,
        rerun_helps: bool = False,
    ) -> None:
        self.tried = tried
        self.wrong = wrong
        self.todo = todo
        self.snapshot = snapshot
        self.rerun_helps = rerun_helps
        super().__init__(str(self))

    def __str__(self) -> str:
        where = f" (snapshot {self.snapshot.isoformat()})" if self.snapshot else ""
        rerun = "A rerun may succeed." if self.rerun_helps else "A rerun alone will not help."
        return f"While {self.tried}{where}: {self.wrong} What to do: {self.todo} {rerun}"

    def __reduce__(self) -> tuple[object, ...]:
        return (
            _rebuild,
            (type(self), self.tried, self.wrong, self.todo, self.snapshot, self.rerun_helps),
        )


def _rebuild(
    kind: type[KweliError],
    tried: str,
    wrong: str,
    todo: str,
    snapshot: date | None,
    rerun_helps: bool,
) -> KweliError:
    return kind(tried, wrong, todo, snapshot=snapshot, rerun_helps=rerun_helps)


class ConfigurationError(KweliError):
    """A variable, option or file of the configuration is missing, half given or wrong."""


class ServerError(KweliError):
    """An embedded server can't be brought, started or stopped."""


class SourceError(KweliError):
    """The source can't be reached or read."""


class ContractError(SourceError):
    """The source's columns differ from the 58-column contract."""


class SnapshotError(KweliError):
    """A snapshot can't be taken, is incomplete or is asked for in a way that would lose data."""


class FrameError(KweliError):
    """A frame does not hold what its rules promise."""


class GraphError(KweliError):
    """The graph can't be reached, read or written."""


class GuardError(GraphError):
    """A load was refused before it wrote anything; configuration can allow it by name."""
