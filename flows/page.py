"""What a run shows on Prefect's page: what it did with links, and the tables as it left them."""

import re
from typing import NamedTuple

from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

from flows.run import Outcome, Run
from lakehouse.tables import TABLES
from lakehouse.time import iso

#: Of the pages below reports/, the API serves the daily ones (serving/api/reports.py).
_SERVED = "report-"


class Link(NamedTuple):
    """A page: what stays the same from run to run, what a person reads, and where it is."""

    key: str
    text: str
    address: str


def publish(run: Run, flow: str, steps: dict[str, Outcome]) -> None:
    """A summary in markdown, a table of the tables, and a link to each page that the run made."""
    key = f"{flow}-{run.settings.profile}"
    new = made(run, steps)
    told = summary(run, flow, steps, [*new, *others(run)])
    create_markdown_artifact(told, key=key, description=f"What {flow} did")
    left = tables(run, steps)
    create_table_artifact(left, key=f"{key}-tables", description=f"The tables after {flow}")
    for link in new:
        create_link_artifact(link.address, link.text, key=f"{key}-{link.key}")


def summary(run: Run, flow: str, steps: dict[str, Outcome], links: list[Link]) -> str:
    """What went in and out by step, what the steps said, and where to read on."""
    lines = [
        f"## {flow} as of {iso(run.as_of)} ({run.settings.profile}, {run.run_kind})",
        "",
        "| step | in | out | quarantined |",
        "|---|---:|---:|---:|",
        *(f"| {n} | {o.rows_in} | {o.rows_out} | {o.quarantined} |" for n, o in steps.items()),
        "",
        *(f"- {run.without_folder(said)}" for o in steps.values() for said in o.sentences),
        "",
        " · ".join(f"[{link.text}]({link.address})" for link in links),
    ]
    return "\n".join(lines).rstrip()


def tables(run: Run, steps: dict[str, Outcome]) -> list[dict[str, object]]:
    """By table: rows that the steps wrote, rows that it has now, and its version."""
    written: dict[str, int] = {}
    for outcome in steps.values():
        for name, rows in outcome.written.items():
            written[name] = written.get(name, 0) + rows
    found = []
    for table in TABLES:
        version, rows = run.arrow.size(table)
        told = {"table": table.name, "written": written.get(table.name, 0)}
        found.append(told | {"rows": rows, "version": version})
    return found


def made(run: Run, steps: dict[str, Outcome]) -> list[Link]:
    """The daily report and the trainings in MLflow, where the profile has addresses for them."""
    pages, outcomes = run.settings.pages, steps.values()
    found = []
    if "api" in pages:
        files = [page.name for outcome in outcomes for page in outcome.pages]
        found += [
            Link("report", f"Report as of {iso(run.as_of)}", f"{pages['api']}/v1/reports/{name}")
            for name in files
            if name.startswith(_SERVED)
        ]
    if "mlflow" in pages:
        found += [
            Link(f"mlflow-{_key(name)}", f"MLflow: {name}", f"{pages['mlflow']}/#/runs/{run_id}")
            for outcome in outcomes
            for name, run_id in outcome.mlflow_runs.items()
        ]
    return found


def others(run: Run) -> list[Link]:
    """The pages that are always there."""
    titles = {"dashboards": "Dashboards", "mlflow": "MLflow"}
    pages = run.settings.pages
    return [Link(name, told, pages[name]) for name, told in titles.items() if name in pages]


def _key(name: str) -> str:
    """Keys of artifacts have small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())
