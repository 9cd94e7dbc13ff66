"""What a search found for a group, kept where the next training takes it from: tuned.toml."""

import tomllib
from collections.abc import Mapping
from typing import Any

import tomli_w

from lakehouse.errors import ConfigError
from lakehouse.places import Place, whole
from models.network import LstmConfig
from models.tuning import Study, parameters, with_parameters

_FILE = "tuned.toml"
_HEAD = (
    "# Written by 'gridcast tune': the LSTM of these groups is trained so. Leave a group out "
    "and it has the defaults.\n\n"
)


def tuned(lakehouse: Place, base: LstmConfig) -> dict[str, LstmConfig]:
    """By group, `base` with what was found for it. Raises ConfigError for what is none."""
    configs = {}
    for group, entry in _entries(lakehouse).items():
        found = entry.get("parameters", {})
        unknown = sorted(set(found) - set(parameters(base)))
        if unknown:
            raise ConfigError(
                f"{lakehouse / _FILE} has {unknown} for {group}; known are "
                f"{sorted(parameters(base))}. Correct it, or leave the group out."
            )
        configs[group] = with_parameters(base, found)
    return configs


def keep(lakehouse: Place, series_group: str, study: Study) -> bool:
    """Write what the study found best, where that beats the defaults; else the group keeps them.
    Returns whether it was written."""
    best, defaults = study.best, study.defaults
    better = best is not None and defaults is not None and best is not defaults
    entries = dict(_entries(lakehouse))
    entries.pop(series_group, None)
    if better and best and defaults:
        entries[series_group] = {
            "study": study.name,
            "trial": best.number,
            "loss": best.loss,
            "loss_of_defaults": defaults.loss,
            "parameters": parameters(best.config),
        }
    with whole(lakehouse / _FILE) as draft:
        draft.write_text(_HEAD + tomli_w.dumps(entries))
    return better


def _entries(lakehouse: Place) -> Mapping[str, Any]:
    file = lakehouse / _FILE
    if not file.exists():
        return {}
    try:
        return tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as fault:
        raise ConfigError(f"{file} is no TOML ({fault}). Correct it, or remove it.") from None
