"""The load job, run in the calling process and recorded where the Dagster UI shows it.

Here: preparing Dagster's home, run configuration, what became of a run. Not here: printing (cli),
what the steps do (the stages).
"""

from __future__ import annotations

import logging
import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import DagsterEventType

from kweli_assets.errors import ConfigurationError
from kweli_assets.operations.jobs import LOAD_SNAPSHOT
from kweli_assets.resources.settings import StoreSettings, project_folder

_SNAPSHOT_STEP = "snapshot__learner_rows"
_PLAN_STEP = "graph__load_plan"


@dataclass(frozen=True)
class LoadRequest:
    """What to load, and what is allowed beyond the ordinary.

    Attributes:
        snapshot: the snapshot date.
        take_snapshot: False to build from the stored snapshot.
        write_graph: False to end with the frames.
        csv: a dump to import instead of reading the table.
        max_rows: a partial snapshot of so many rows.
    """

    snapshot: date
    take_snapshot: bool = True
    write_graph: bool = True
    csv: Path | None = None
    max_rows: int | None = None
    replace_snapshot: bool = False
    allow_rollback: bool = False
    allow_shrink: bool = False

    def run_config(self) -> dict[str, Any]:
        """The job's run configuration, as it could be typed into the UI's launchpad."""
        ops: dict[str, Any] = {}
        if self.write_graph:
            plan = {"allow_rollback": self.allow_rollback, "allow_shrink": self.allow_shrink}
            ops[_PLAN_STEP] = {"config": plan}
        if self.take_snapshot:
            snapshot: dict[str, Any] = {"replace_snapshot": self.replace_snapshot}
            if self.csv is not None:
                snapshot["csv"] = str(self.csv.absolute())
            if self.max_rows is not None:
                snapshot["max_rows"] = self.max_rows
            ops[_SNAPSHOT_STEP] = {"config": snapshot}
        # The command line shows progress itself.
        return {"ops": ops, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class CheckOutcome:
    """The result of one asset check."""

    asset: str
    name: str
    passed: bool
    blocking: bool
    description: str


@dataclass
class LoadOutcome:
    """What became of a run.

    Attributes:
        interrupted: it was stopped by Ctrl-C or SIGTERM.
        failures: one message for each step that failed, without stack traces.
    """

    run_id: str
    succeeded: bool = False
    interrupted: bool = False
    failures: list[str] = field(default_factory=list)
    checks: list[CheckOutcome] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Everything was materialized and every blocking check passed."""
        return self.succeeded and all(check.passed for check in self.checks if check.blocking)


@dataclass(frozen=True)
class Progress:
    """Something that happened during a run.

    Attributes:
        step: the asset or step concerned, `stage/name`.
        message: what is told of it; empty when it starts, `done` when it ends.
        done, steps: steps finished and steps in all.
    """

    step: str
    message: str
    done: int
    steps: int


def open_instance(folders: StoreSettings) -> dg.DagsterInstance:
    """Dagster's home of this installation; its default one gets the project's dagster.yaml.

    Raises:
        ConfigurationError: the folder can't be written.
    """
    home = folders.dagster_home
    try:
        home.mkdir(parents=True, exist_ok=True)
        configuration = project_folder() / "dagster.yaml"
        if home == folders.home / "dagster" and configuration.is_file():
            shutil.copyfile(configuration, home / "dagster.yaml")
    except OSError as error:
        raise ConfigurationError(
            "opening Dagster's home",
            f"the folder {home} can't be written ({error.strerror}).",
            "Make it writable, or set KWELI_HOME (or DAGSTER_HOME) to another folder.",
        ) from error
    os.environ["DAGSTER_HOME"] = str(home)
    return dg.DagsterInstance.get()


def run_load(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    request: LoadRequest,
    tell: Callable[[Progress], None] = lambda progress: None,
) -> LoadOutcome:
    """Run the load job for one partition and wait for it.

    Args:
        tell: called in this process while the run goes on.
    """
    job = _job(definitions, request)
    run_id = str(uuid.uuid4())
    outcome = LoadOutcome(run_id)
    instance.add_event_listener(run_id, _Listener(outcome, tell, steps=len(job.nodes)))
    result = job.execute_in_process(
        instance=instance,
        partition_key=request.snapshot.isoformat(),
        run_config=request.run_config(),
        raise_on_error=False,
        run_id=run_id,
        tags={"kweli/command": "load"},
    )
    outcome.succeeded = result.success
    return outcome


def _job(definitions: dg.Definitions, request: LoadRequest) -> dg.JobDefinition:
    """The load job, without the stages that the request leaves out."""
    job = definitions.resolve_job_def(LOAD_SNAPSHOT.name)
    left_out = {
        stage
        for stage, wanted in (("snapshot", request.take_snapshot), ("graph", request.write_graph))
        if not wanted
    }
    if not left_out:
        return job
    keys = job.asset_layer.selected_asset_keys
    return job.get_subset(asset_selection={key for key in keys if key.path[0] not in left_out})


class _Listener:
    """Turns Dagster's events into outcome and progress."""

    def __init__(self, outcome: LoadOutcome, tell: Callable[[Progress], None], steps: int) -> None:
        self._outcome, self._tell, self._steps = outcome, tell, steps
        self._done = 0

    def __call__(self, entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        step = (entry.step_key or "").replace("__", "/")
        if event is None:
            # Dagster names each step that a failed one holds up; the failure says enough.
            held_up = entry.user_message.startswith("Dependencies for step")
            if step and int(entry.level) >= logging.INFO and not held_up:
                self._say(step, entry.user_message)
            return
        match event.event_type:
            case DagsterEventType.STEP_START:
                self._say(step, "")
            case DagsterEventType.STEP_SUCCESS:
                self._done += 1
                self._say(step, "done")
            case DagsterEventType.STEP_FAILURE:
                error = event.step_failure_data.error
                if error is not None and error.cls_name == "DagsterExecutionInterruptedError":
                    self._outcome.interrupted = True
                self._outcome.failures.append(_failure(event))
            case DagsterEventType.STEP_UP_FOR_RETRY:
                self._say(step, "failed, will be tried again")
            case DagsterEventType.RUN_FAILURE | DagsterEventType.PIPELINE_FAILURE:
                if not self._outcome.failures:
                    self._outcome.failures.append(event.message or "the run failed")
            case DagsterEventType.ASSET_CHECK_EVALUATION:
                data = event.asset_check_evaluation_data
                self._outcome.checks.append(
                    CheckOutcome(
                        data.asset_key.to_user_string(),
                        data.check_name,
                        data.passed,
                        bool(data.blocking),
                        data.description or "",
                    )
                )

    def _say(self, step: str, message: str) -> None:
        self._tell(Progress(step, message, self._done, self._steps))


def _failure(event: dg.DagsterEvent) -> str:
    """What a failed step says, without its stack trace."""
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return data.user_failure_data.description
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return (error.message if error is not None else event.message or "a step failed").strip()
