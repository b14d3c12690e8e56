"""Where the source, the graph and the store are, read from variables or a `.env` file.

Here: the variables' names, which of them belong together, and the one message that names what is
missing. Not here: connecting to anything (source, graph_database), starting servers (embedded).

Two groups, `MYSQL_*` and `NEO4J_*`. With nothing of a group set the embedded server of that group
is used; with one variable set, the group has to be complete. The process environment wins over
`.env` in the working directory, which wins over `.env` beside the package's project.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from kweli_assets.errors import ConfigurationError

SOURCE_REQUIRED = ("MYSQL_HOST", "MYSQL_USER", "MYSQL_PASSWORD", "MYSQL_DATABASE")
SOURCE_OPTIONAL = ("MYSQL_PORT", "MYSQL_TABLE", "MYSQL_SSL_CA")
GRAPH_REQUIRED = ("NEO4J_URI", "NEO4J_USERNAME", "NEO4J_PASSWORD")
GRAPH_OPTIONAL = ("NEO4J_DATABASE",)

_MAY_BE_EMPTY = frozenset({"MYSQL_PASSWORD"})
"""Set but empty is a value here: accounts without a password exist on test servers."""

_IDENTIFIER = re.compile(r"[A-Za-z0-9_$]{1,64}")
"""Table names that need no quoting rules of their own (MySQL's unquoted identifiers, ASCII)."""

_PROJECT = Path(__file__).resolve().parents[2]


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class SourceSettings(_Group):
    """The MySQL server and table that hold the learners.

    Attributes:
        compress: read through MySQL's compressed protocol; pays on links slower than about
            10 MB/s and costs CPU on faster ones.
    """

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 3306
    user: Annotated[str, Field(min_length=1)]
    password: SecretStr
    database: Annotated[str, Field(min_length=1)]
    table: str = "impact_learners_profile"
    ssl_ca: Path | None = None
    compress: bool = False

    @field_validator("table")
    @classmethod
    def _plain_table_name(cls, table: str) -> str:
        if not _IDENTIFIER.fullmatch(table):
            raise ValueError("is not a table name (letters, digits and _, 64 at most)")
        return table

    @field_validator("ssl_ca")
    @classmethod
    def _file_exists(cls, ssl_ca: Path | None) -> Path | None:
        if ssl_ca is not None and not ssl_ca.is_file():
            raise ValueError("is not a readable file")
        return ssl_ca

    @property
    def is_loopback(self) -> bool:
        """Whether the server is reached without leaving this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


class GraphSettings(_Group):
    """The Neo4j server and database that hold the graph.

    Attributes:
        preset: `aura` for a managed instance (smaller batches, shorter-lived connections),
            `local` otherwise.
    """

    uri: str
    username: Annotated[str, Field(min_length=1)]
    password: SecretStr
    database: str = "neo4j"

    @field_validator("uri")
    @classmethod
    def _known_scheme(cls, uri: str) -> str:
        if not re.fullmatch(r"(?:neo4j|bolt)(?:\+s|\+ssc)?://[^\s/@]+/?", uri):
            raise ValueError(
                "is not like neo4j://host:7687, bolt://host:7687 or neo4j+s://<id>.databases.neo4j.io"
            )
        return uri

    @property
    def preset(self) -> Literal["local", "aura"]:
        return "aura" if ".databases.neo4j.io" in self.uri else "local"


class StoreSettings(_Group):
    """Folders of this installation; all may be missing until something is written.

    Attributes:
        home: embedded servers, and by default everything else.
        store: Parquet files of all stages.
        dagster_home: Dagster's runs and events.
    """

    home: Path
    store: Path
    dagster_home: Path


def environment() -> dict[str, str]:
    """The variables in force: process environment over the two `.env` files."""
    merged: dict[str, str] = {}
    for folder in dict.fromkeys((_PROJECT, Path.cwd())):
        values = dotenv_values(folder / ".env")
        merged.update({name: value for name, value in values.items() if value is not None})
    merged.update(os.environ)
    return merged


def project_folder() -> Path:
    """The clone that this package runs from, or the working directory of an installed package."""
    return _PROJECT if (_PROJECT / "pyproject.toml").is_file() else Path.cwd()


def resolve_store(environ: Mapping[str, str] | None = None) -> StoreSettings:
    """The folders, from KWELI_HOME, KWELI_STORE and DAGSTER_HOME."""
    env = environment() if environ is None else environ
    home = Path(env.get("KWELI_HOME") or project_folder() / ".kweli").expanduser().absolute()
    return StoreSettings(
        home=home,
        store=Path(env.get("KWELI_STORE") or home / "store").expanduser().absolute(),
        dagster_home=Path(env.get("DAGSTER_HOME") or home / "dagster").expanduser().absolute(),
    )


def resolve_schedule(environ: Mapping[str, str] | None = None) -> time:
    """When the daily load starts (UTC), from KWELI_SCHEDULE; 02:30 by default.

    Raises:
        ConfigurationError: it is no time of day.
    """
    env = environment() if environ is None else environ
    try:
        return datetime.strptime(env.get("KWELI_SCHEDULE") or "02:30", "%H:%M").time()
    except ValueError:
        raise ConfigurationError(
            "reading the time of the daily load",
            "KWELI_SCHEDULE is no time of day.",
            "Write it as HH:MM, in UTC, such as 02:30.",
        ) from None


def source_is_configured(environ: Mapping[str, str] | None = None) -> bool:
    """Whether any variable of the source's group is set, so that no embedded server is used."""
    env = environment() if environ is None else environ
    return _any_set(env, SOURCE_REQUIRED + SOURCE_OPTIONAL)


def graph_is_configured(environ: Mapping[str, str] | None = None) -> bool:
    """Whether any variable of the graph's group is set, so that no embedded server is used."""
    env = environment() if environ is None else environ
    return _any_set(env, GRAPH_REQUIRED + GRAPH_OPTIONAL)


def resolve_source(environ: Mapping[str, str] | None = None) -> SourceSettings:
    """The configured source, or the running embedded one.

    Raises:
        ConfigurationError: a part of the group is missing or wrong, or nothing is set and the
            embedded server does not run.
    """
    env = environment() if environ is None else environ
    if not source_is_configured(env):
        env = {**env, **_embedded(env, "source", "MYSQL_HOST")}
    given = _given(env, "the MySQL source", SOURCE_REQUIRED, SOURCE_OPTIONAL)
    given |= {name: env[name] for name in ("MYSQL_COMPRESS",) if env.get(name)}
    try:
        return SourceSettings.model_validate(_fields(given, "MYSQL_"))
    except ValidationError as error:
        raise _invalid("the MySQL source", "MYSQL_", error) from None


def resolve_graph(environ: Mapping[str, str] | None = None) -> GraphSettings:
    """The configured graph, or the running embedded one.

    Raises:
        ConfigurationError: a part of the group is missing or wrong, or nothing is set and the
            embedded server does not run.
    """
    env = environment() if environ is None else environ
    if not graph_is_configured(env):
        env = {**env, **_embedded(env, "graph", "NEO4J_URI")}
    given = _given(env, "the Neo4j graph", GRAPH_REQUIRED, GRAPH_OPTIONAL)
    try:
        return GraphSettings.model_validate(_fields(given, "NEO4J_"))
    except ValidationError as error:
        raise _invalid("the Neo4j graph", "NEO4J_", error) from None


def _any_set(env: Mapping[str, str], names: tuple[str, ...]) -> bool:
    return any(env.get(name) for name in names)


def _given(
    env: Mapping[str, str], what: str, required: tuple[str, ...], optional: tuple[str, ...]
) -> dict[str, str]:
    """The group's variables that are set; all required ones are among them."""
    missing = [
        name
        for name in required
        if not env.get(name) and not (name in _MAY_BE_EMPTY and name in env)
    ]
    if missing:
        present = [name for name in required + optional if env.get(name)]
        raise ConfigurationError(
            f"reading the configuration of {what}",
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set, while "
            f"{', '.join(present)} {'is' if len(present) == 1 else 'are'}.",
            "Set the whole group in the environment or in .env (see .env.example), or unset all "
            "of it to use the embedded server.",
        )
    return {name: env[name] for name in required + optional if env.get(name) or name in required}


def _fields(given: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix).lower(): value for name, value in given.items()}


def _invalid(what: str, prefix: str, error: ValidationError) -> ConfigurationError:
    """The first problem of each variable, by the variable's name and without its value."""
    problems = "; ".join(
        f"{prefix}{str(problem['loc'][0]).upper()}: "
        + problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
        for problem in error.errors(include_input=False, include_url=False)
    )
    return ConfigurationError(
        f"reading the configuration of {what}",
        f"{problems}.",
        "Correct it in the environment or in .env (.env.example explains each variable).",
    )


def _embedded(env: Mapping[str, str], what: str, proof: str) -> dict[str, str]:
    # Imported late: it pulls in the package resolvers, which a configured production run
    # never needs.
    from kweli_assets.embedded.servers import environment as running_environment

    running = running_environment(resolve_store(env).home)
    if proof not in running:
        group = proof.split("_")[0]
        raise ConfigurationError(
            f"looking for the {what}",
            f"no {group}_* variable is set and the embedded server does not run.",
            f"Start it with `kweli servers up`, or set the {group}_* variables "
            "(.env.example explains them).",
        )
    return running
