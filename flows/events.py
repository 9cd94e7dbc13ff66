"""What Prefect is told of, so that its automations can act: seen, and switched off, on its page."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from lakehouse.time import iso

RETRAINING_ASKED = "gridcast.retraining.asked"


def ask_for_training(profile: str, row: dict[str, Any]) -> None:
    """The event that the deployment `train` waits for (deployments/prefect.yaml).

    row: of gold.retraining. The same row gives the same event.
    """
    from prefect.events import emit_event  # a Spark job's driver has no Prefect

    group, as_of = row["series_group"], iso(row["as_of"])
    emit_event(
        RETRAINING_ASKED,
        resource={
            "prefect.resource.id": f"gridcast.series-group.{group}",
            "prefect.resource.name": group,
            "gridcast.profile": profile,
        },
        payload={"groups": [group], "profile": profile, "as_of": as_of, "reason": row["reason"]},
        id=uuid5(NAMESPACE_URL, f"gridcast:{RETRAINING_ASKED}:{profile}:{group}:{as_of}"),
    )
