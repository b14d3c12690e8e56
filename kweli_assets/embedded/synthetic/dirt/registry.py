"""What a kind of dirt is: a named function that spoils one row.

Here: its type, what it may look at, and the register that collects kinds by name. Not here: the
kinds themselves (flat, documents), which rows get them (soil).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

Row = dict[str, str | None]
"""One learner: column name to text; NULL is None."""


@dataclass(frozen=True)
class Setting:
    """What a kind of dirt may look at besides its row.

    Args:
        rnd: the row's own randomness.
        snapshot_id: what clean rows hold.
        other_row: a copy of another row of the chunk, drawn with `rnd`.
        earlier_key: the clean learner key of some earlier row of the table, drawn with `rnd`.
    """

    rnd: Random
    snapshot_id: int
    other_row: Callable[[], Row]
    earlier_key: Callable[[], str]


Kind = Callable[[Row, Setting], None]


@dataclass
class Register:
    """All kinds of dirt by name, in the order of their definition."""

    kinds: dict[str, Kind] = field(default_factory=dict)

    def kind(self, function: Kind) -> Kind:
        """Adds a kind under its function's name (decorator)."""
        name = function.__name__
        if name in self.kinds:
            raise ValueError(f"two kinds of dirt are called {name}")
        self.kinds[name] = function
        return function
