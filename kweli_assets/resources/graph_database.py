"""The Neo4j driver: presets, a Dagster resource around it, and its errors in plain words.

Here: opening and closing the driver, and what the driver's exceptions mean for the person on
call. Not here: what is read or written (graph), where the settings come from (settings).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Literal

import dagster as dg
import neo4j
from neo4j.exceptions import (
    AuthConfigurationError,
    AuthError,
    ClientError,
    ConfigurationError,
    ConstraintError,
    DriverError,
    Forbidden,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
)
from pydantic import Field, PrivateAttr

from kweli_assets.errors import GraphError
from kweli_assets.resources.settings import GraphSettings, resolve_graph

PresetName = Literal["local", "aura"]


@dataclass(frozen=True)
class Preset:
    """What suits a kind of server.

    Attributes:
        batch_rows: rows of one transaction, at most.
        pool: connections, at most.
        retry_seconds: how long a batch is tried again after transient errors.
        sessions: sessions that write at once.
    """

    batch_rows: int
    pool: int
    retry_seconds: float
    sessions: int


PRESETS: dict[PresetName, Preset] = {
    "local": Preset(batch_rows=5_000, pool=100, retry_seconds=30.0, sessions=2),
    # The round trip is long, so more rows and more sessions at once (decision 22). Where an
    # instance has too little memory for such a transaction, the batch is halved until it fits.
    "aura": Preset(batch_rows=10_000, pool=30, retry_seconds=60.0, sessions=4),
}

# What a database answers that could not write its log or its store, until it is restarted.
_STOPPED = re.compile("TransactionLogError|Transaction(Start|Commit)Failed")

# Aura closes connections that idle.
_LIFETIME_SECONDS = 300
_LIVENESS_SECONDS = 30
_CONNECT_SECONDS = 15


def open_driver(settings: GraphSettings, preset: Preset) -> neo4j.Driver:
    """A driver for these settings; it connects with its first use. The caller closes it."""
    return neo4j.GraphDatabase.driver(
        settings.uri,
        auth=(settings.username, settings.password.get_secret_value()),
        max_connection_pool_size=preset.pool,
        max_connection_lifetime=_LIFETIME_SECONDS,
        liveness_check_timeout=_LIVENESS_SECONDS,
        connection_timeout=_CONNECT_SECONDS,
        connection_acquisition_timeout=preset.retry_seconds + _CONNECT_SECONDS,
        max_transaction_retry_time=preset.retry_seconds,
        notifications_min_severity="OFF",
        user_agent="kweli-assets",
    )


class GraphDatabaseResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The graph that a run writes.

    With nothing given, the NEO4J_* variables are read when a run starts, and with none of them
    set the embedded server is used. Opens nothing before `driver` is entered.
    """

    uri: str | None = Field(default=None, description="NEO4J_URI; neo4j+s://… for Aura.")
    username: str | None = Field(default=None, description="NEO4J_USERNAME")
    password: str | None = Field(default=None, description="NEO4J_PASSWORD", repr=False)
    database: str | None = Field(default=None, description="NEO4J_DATABASE")
    preset: str | None = Field(default=None, description="local or aura; by the URI if not given.")
    batch_rows: int | None = Field(default=None, description="Rows of one transaction, at most.")
    sessions: int | None = Field(default=None, description="Sessions that write at once.")

    _settings: GraphSettings | None = PrivateAttr(default=None)

    @property
    def settings(self) -> GraphSettings:
        """Where the graph is; raises ConfigurationError when that is half given."""
        if self._settings is None:
            given = {
                "NEO4J_URI": self.uri,
                "NEO4J_USERNAME": self.username,
                "NEO4J_PASSWORD": self.password,
                "NEO4J_DATABASE": self.database,
            }
            named = {name: value for name, value in given.items() if value}
            self._settings = resolve_graph(named) if named else resolve_graph()
        return self._settings

    @property
    def tuning(self) -> Preset:
        """The preset, with what was given besides."""
        name: PresetName = "aura" if (self.preset or self.settings.preset) == "aura" else "local"
        chosen = PRESETS[name]
        return Preset(
            batch_rows=self.batch_rows or chosen.batch_rows,
            pool=chosen.pool,
            retry_seconds=chosen.retry_seconds,
            sessions=self.sessions or chosen.sessions,
        )

    @contextmanager
    def driver(self) -> Iterator[neo4j.Driver]:
        """A driver, closed when the block ends; its errors come out as GraphError."""
        with connected(self.settings, self.tuning) as driver:
            yield driver


@contextmanager
def connected(settings: GraphSettings, preset: Preset) -> Iterator[neo4j.Driver]:
    """A driver whose server answered and let us in; closed when the block ends.

    Raises GraphError for whatever the driver raises inside the block.
    """
    with translated("connecting to the graph", settings), open_driver(settings, preset) as driver:
        driver.execute_query("RETURN 1", database_=settings.database)
        with translated("working with the graph", settings):
            yield driver


@contextmanager
def translated(
    tried: str, settings: GraphSettings | None = None, snapshot: date | None = None
) -> Iterator[None]:
    """Turns the driver's errors inside the block into GraphError.

    Neither the password nor a value of the data appears in the message: of the server's own text
    only the code is repeated, where the text may quote a property.
    """
    try:
        yield
    except (Neo4jError, DriverError) as error:
        raise _graph_error(error, tried, settings, snapshot) from _without_values(error)


def _graph_error(
    error: Neo4jError | DriverError,
    tried: str,
    settings: GraphSettings | None,
    snapshot: date | None,
) -> GraphError:
    server = _address(settings)
    database = settings.database if settings else "(the default one)"
    code = getattr(error, "code", None) or type(error).__name__

    def told(wrong: str, todo: str, *, rerun_helps: bool = False) -> GraphError:
        return GraphError(tried, wrong, todo, snapshot=snapshot, rerun_helps=rerun_helps)

    if code == "Neo.ClientError.Security.AuthenticationRateLimit":
        return told(
            f"{server} refuses log-ins for a while after too many wrong passwords.",
            "wait a minute, set NEO4J_PASSWORD right, start again.",
        )
    if isinstance(error, Forbidden) or "Security.Forbidden" in code:
        return told(
            f"the user of NEO4J_USERNAME lacks a right on {server} ({code}).",
            "grant it reading, writing and schema changes (on Aura: use the instance's own user).",
        )
    if isinstance(error, AuthError | AuthConfigurationError):
        return told(
            f"{server} does not accept NEO4J_USERNAME with NEO4J_PASSWORD.",
            "set both as the server knows them; what was committed stays, a rerun goes on there.",
        )
    if "DatabaseNotFound" in code or "database does not exist" in str(error).lower():
        return told(
            f"{server} has no database {database!r}.",
            "set NEO4J_DATABASE to one that exists (Community has only neo4j).",
        )
    if isinstance(error, ConstraintError) or "ConstraintValidation" in code:
        return told(
            f"a uniqueness constraint refused a batch ({code}): the graph holds nodes that no "
            "load of this project left there.",
            "run `kweli reconcile`, which reads the graph back and repairs it.",
        )
    if "OutOfMemory" in code:
        return told(
            f"{server} has too little memory even for the smallest batches ({code}).",
            "raise its transaction memory (dbms.memory.transaction.total.max) or heap.",
            rerun_helps=True,
        )
    if _STOPPED.search(code):
        return told(
            f"the database on {server} has stopped working ({code}); a full disk does that.",
            "see the server's log, free disk space and restart the server (the embedded one: "
            "`kweli servers down`), then start again: the load goes on after the last committed "
            "batch.",
            rerun_helps=True,
        )
    if isinstance(error, ServiceUnavailable | SessionExpired):
        return told(
            f"{server} can't be reached, or went away ({type(error).__name__}).",
            "see that the server runs and NEO4J_URI is right; a rerun goes on after the last "
            "committed batch.",
            rerun_helps=True,
        )
    if isinstance(error, ConfigurationError):
        return told(
            f"the driver can't use the settings for {server} ({type(error).__name__}).",
            "see NEO4J_URI: neo4j://, bolt://, or neo4j+s:// for Aura.",
        )
    if isinstance(error, ClientError):
        return told(
            f"{server} refused a statement ({code}).",
            "see the server's version and rights: Neo4j 5.23 or newer is needed.",
        )
    return told(
        f"{server} reported {code}.",
        "see the server's log (disk space, memory), then start again: the load goes on after "
        "the last committed batch.",
        rerun_helps=True,
    )


def _address(settings: GraphSettings | None) -> str:
    return re.sub(r"//[^/@]*@", "//", settings.uri) if settings else "the graph's server"


def _without_values(error: Neo4jError | DriverError) -> BaseException | None:
    """The cause to show: a constraint's message quotes the key of a learner."""
    return None if isinstance(error, ClientError) else error
