"""`gridcast tune GROUP`: search the LSTM's configuration for a series group."""

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from flows.run import new_run
from gridcast.front import Front
from models.tuning import parameters
from spark_jobs.tune import Asked, Found, run


def run_tune(front: Front, series_group: str, asked: Asked) -> None:
    """Go on with the search and say how the best compares with the defaults."""
    front.lasting = True
    this = new_run(front.settings.profile, None)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=front.console) as progress:
        bar = progress.add_task(f"{series_group}: trials", total=asked.trials)
        found = run(
            this.tables, this.catalogue, this.settings, series_group, this.as_of, asked,
            lambda done, total: progress.update(bar, completed=done, total=total),
        )  # fmt: skip
    for sentence in _told(found, series_group):
        front.console.print(sentence)


def _told(found: Found, series_group: str) -> list[str]:
    best, defaults = found.study.best, found.study.defaults
    states = [trial.state for trial in found.study.trials]
    count = f"{states.count('complete')} trials, and {states.count('pruned')} stopped early"
    where = f"MLflow: experiment gridcast-tuning, run {found.mlflow_run_id}."
    if best is None or defaults is None:
        return [f"{series_group}: {count}. The defaults are not judged yet: go on.", where]
    losses = (
        f"{best.loss:.4f} of the seasonal naive's pinball loss, the defaults {defaults.loss:.4f}"
    )
    if not found.kept:
        return [f"{series_group}: {count}. None beats the defaults: {losses}. They stay.", where]
    shaped = ", ".join(f"{name} {value}" for name, value in parameters(best.config).items())
    return [
        f"{series_group}: {count}. The best, trial {best.number}, has {losses}: {shaped}.",
        "The next training of the group takes it from tuned.toml in the lakehouse's folder.",
        where,
    ]
