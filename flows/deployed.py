"""Make a Prefect server hold what `deployments/` says of deployments, schedules and automations.

`prefect deploy` adds and changes. What it leaves when something is taken out of the file goes here:
deployments with our tag, their schedules, automations whose name begins with ours. What others put
on the same server stays.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from lakehouse.errors import ConfigError, SetupError
from lakehouse.settings import PROJECT

#: The pool of a worker whose variable WORK_POOL names no other.
POOL = "gridcast-local"
TAG = "gridcast"
FILE = PROJECT / "deployments" / "prefect.yaml"
AUTOMATIONS = PROJECT / "deployments" / "automations.yaml"


def deploy(file: Path = FILE, automations: Path = AUTOMATIONS) -> list[str]:
    """Register this worker's pool, deployments and automations at the server of PREFECT_API_URL.

    Returns sentences about what was removed. Raises SetupError where Prefect refuses the file, and
    ConfigError where WORK_POOL or WORK_POOL_VARIABLES do not fit it.
    """
    told = yaml.safe_load(file.read_text())
    name, about = chosen_pool(told)
    os.environ |= {"PROJECT_FOLDER": str(PROJECT), "WORK_POOL": name}
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        client.create_work_pool(work_pool(name, about), overwrite=True)
    _prefect("deploy", "--all", "--prefect-file", str(file))
    wanted = {one["name"]: one for one in told["deployments"]}
    with get_client(sync_client=True) as client:
        removed = _take_out(client, wanted)
        return removed + _automate(client, yaml.safe_load(automations.read_text())["automations"])


def worker_arguments() -> list[str]:
    """How `prefect` is called to become a worker of the pool."""
    name, about = chosen_pool(yaml.safe_load(FILE.read_text()))
    limit = ["--limit", str(about["worker_limit"])] if "worker_limit" in about else []
    return ["worker", "start", "--pool", name, "--type", about["type"], *limit]


def chosen_pool(told: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Name and declaration of the pool that WORK_POOL names. Raises ConfigError."""
    pools = told["definitions"]["pools"]
    name = os.environ.get("WORK_POOL") or POOL
    if name not in pools:
        raise ConfigError(f"Unknown WORK_POOL '{name}'; {FILE.name} has {sorted(pools)}.")
    return name, pools[name]


def work_pool(name: str, about: dict[str, Any]) -> Any:
    """A pool with the job variables of WORK_POOL_VARIABLES (JSON) as its runs' defaults.

    Raises ConfigError where those are not the ones that it declares.
    """
    from prefect.client.schemas.actions import WorkPoolCreate

    given = json.loads(os.environ.get("WORK_POOL_VARIABLES") or "{}")
    wanted = about.get("job_variables", [])
    if set(given) != set(wanted):
        raise ConfigError(
            f"Expected WORK_POOL_VARIABLES to hold {sorted(wanted)} for the pool {name}, got "
            f"{sorted(given)}. They are Terraform's: terraform output -json work_pool."
        )
    template = _worker_class(about["type"]).get_default_base_job_template()
    for variable, value in given.items():
        template["variables"]["properties"][variable]["default"] = value
    return WorkPoolCreate(
        name=name,
        type=about["type"],
        description=about["description"],
        base_job_template=template,
    )


def _worker_class(kind: str) -> Any:
    if kind == "ecs":
        from prefect_aws.workers import ECSWorker

        return ECSWorker
    from prefect.workers.process import ProcessWorker

    return ProcessWorker


def _prefect(*arguments: str) -> None:
    command = [str(Path(sys.executable).parent / "prefect"), "--no-prompt", *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(
            f"Expected 'prefect {arguments[0]}' to take {FILE.name}; it said:\n"
            f"{(done.stdout + done.stderr).strip()[-1500:]}\nMend the file, then start again."
        )


def _take_out(client: Any, wanted: dict[str, dict[str, Any]]) -> list[str]:
    """Deployments and schedules that the file does not name any more."""
    removed = []
    for held in client.read_deployments():
        if not any(tag.startswith(TAG) for tag in held.tags):
            continue
        if held.name not in wanted:
            client.delete_deployment(held.id)
            removed.append(f"Deployment {held.name} is not in {FILE.name} any more: removed.")
            continue
        named = {_times(one) for one in wanted[held.name].get("schedules", [])}
        for schedule in client.read_deployment_schedules(held.id):
            times = _times(schedule.schedule.model_dump())
            if times not in named:
                client.delete_deployment_schedule(held.id, schedule.id)
                removed.append(f"Schedule {times} of {held.name} is not in {FILE.name}: removed.")
    return removed


def _times(schedule: dict[str, Any]) -> str:
    """A schedule's times: its cron or rrule, or the interval in seconds."""
    for kind in ("cron", "rrule"):
        if schedule.get(kind):
            return str(schedule[kind])
    interval = schedule["interval"]
    seconds = interval.total_seconds() if isinstance(interval, timedelta) else float(interval)
    return f"every {seconds:g} s"


def _automate(client: Any, wanted: Iterable[dict[str, Any]]) -> list[str]:
    """Create or change the automations of the file; remove ours that it does not name.

    One that is as it was is left alone: a change forgets the runs that its trigger waits for, and a
    worker that starts again after its death would make the server forget what died with it.
    """
    from prefect.events.schemas.automations import AutomationCore

    held = {one.name: one for one in client.read_automations()}
    named = {one["name"]: AutomationCore.model_validate(one) for one in wanted}
    for name, automation in named.items():
        if name not in held:
            client.create_automation(automation)
        elif AutomationCore.model_validate(held[name].model_dump()) != automation:
            client.update_automation(held[name].id, automation)
    gone = [name for name in held if name.startswith(f"{TAG}: ") and name not in named]
    for name in gone:
        client.delete_automation(held[name].id)
    return [f"Automation '{name}' is not in {AUTOMATIONS.name} any more: removed." for name in gone]
