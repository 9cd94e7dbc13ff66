"""A search in MLflow: a run for the study, and nested in it one for each of its trials."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from models.registry import NESTED_IN, Registry
from models.tuning import Study, Trial, parameters

_ENDS = {"complete": "FINISHED", "pruned": "KILLED", "fail": "FAILED"}
EXPERIMENT = "gridcast-tuning"


@dataclass(frozen=True)
class TuningLog:
    """Where MLflow keeps searches: the store of the trained models, in an experiment of its own."""

    registry: Registry

    def log(self, study: Study, series_group: str) -> str:
        """Log the trials that are not there yet, and the best; returns the id of the study's run.

        A second call with the same study changes nothing.
        """
        registry = replace(self.registry, experiment=EXPERIMENT)
        client, experiment = registry.client(), registry.experiment_id()
        parent = registry.run_above({"study": study.name}, study.name, series_group=series_group)
        found = client.search_runs([experiment], f"tags.`{NESTED_IN}` = '{parent}'")
        there = {run.data.tags["trial"] for run in found}
        for trial in study.trials:
            if trial.state in _ENDS and str(trial.number) not in there:
                self._log_trial(client, experiment, parent, trial)
        for name, judged in (("loss_best", study.best), ("loss_defaults", study.defaults)):
            if judged and judged.loss is not None:
                client.log_metric(parent, name, judged.loss, step=len(study.trials))
        return parent

    def _log_trial(self, client: Any, experiment: str, parent: str, trial: Trial) -> None:
        from mlflow.entities import Metric, Param

        name = f"trial {trial.number}"
        tags = {NESTED_IN: parent, "trial": str(trial.number), "mlflow.runName": name}
        run_id = client.create_run(experiment, tags=tags).info.run_id
        losses: Mapping[int, float] = trial.by_cut
        metrics = [Metric("loss_so_far", loss, 0, step) for step, loss in losses.items()]
        if trial.loss is not None:
            metrics.append(Metric("loss", trial.loss, 0, 0))
        shaped = parameters(trial.config)
        params = [Param(name, str(value)) for name, value in shaped.items()]
        client.log_batch(run_id, metrics=metrics, params=params)
        client.set_terminated(run_id, status=_ENDS[trial.state])
