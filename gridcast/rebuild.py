"""`gridcast rebuild silver|gold`."""

from gridcast.front import Front
from gridcast.run import print_outcomes


def run_rebuild(front: Front, layer: str) -> None:
    """Make a layer anew and say how many rows each table holds."""
    with front.flows() as flows:
        outcome = flows["rebuild"](layer=layer, profile=front.settings.profile)
    print_outcomes(front, {f"rebuild {layer}": outcome})
