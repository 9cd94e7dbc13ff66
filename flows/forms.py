"""What the parameters of a flow mean, in the words of the form on Prefect's page.

Prefect takes them from a docstring in Google's style; what a field says in `Annotated` it drops.
"""

import inspect
from collections.abc import Callable
from typing import TypeVar

_Flow = TypeVar("_Flow", bound=Callable[..., object])

#: Of parameters that mean the same in every flow.
SHARED = {
    "profile": (
        "Which settings to run with: sample (recorded data, offline), live (the real services), or "
        "another file of deployments/profiles. Empty: the worker's own, GRIDCAST_PROFILE."
    ),
    "as_of": (
        "The moment whose knowledge is used, with its offset, such as 2024-10-18T07:30:00Z. A past "
        "one is a replay: it asks no source and mails nobody. Empty: now, by the profile's clock."
    ),
}


def described(**own: str) -> Callable[[_Flow], _Flow]:
    """Add what each parameter means to a flow's docstring: `own` by name, else what all share.

    Raises KeyError for a parameter that nobody describes, and for a description of none.
    """

    def add(function: _Flow) -> _Flow:
        names = inspect.signature(function).parameters
        if strangers := own.keys() - names.keys():
            raise KeyError(f"{function.__name__} has no parameter {sorted(strangers)}.")
        told = [f"    {name}: {own.get(name) or SHARED[name]}" for name in names]
        function.__doc__ = "\n".join([inspect.getdoc(function) or "", "", "Args:", *told])
        return function

    return add
