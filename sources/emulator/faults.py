"""Faults by rule: what the emulator does wrong, of which data set, and how often.

A rule reads `KIND` or `KIND:name=value,…`, for example

    429:data_set=Elspotprices,first=2,retry_after=1
    correction:data_set=ConsumptionIndustry,key=851,days=12,add=5

Nothing is left to chance: the same rules and requests give the same answers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lakehouse.errors import BadInput
from lakehouse.time import parse_utc

SERVICES = ("energi_data_service", "open_meteo", "octopus")


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError(text)
    return share


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _side(text: str) -> str:
    if text not in ("until", "from"):
        raise ValueError(text)
    return text


def _service(text: str) -> str:
    if text not in SERVICES:
        raise ValueError(text)
    return text


@dataclass(frozen=True)
class Parameter:
    """A value of a rule: how it is read, what it is where it is not said, and its meaning."""

    read: Callable[[str], Any]
    default: Any
    told: str


@dataclass(frozen=True)
class Kind:
    """A way to be wrong, and its own parameters."""

    told: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)


#: Which requests a rule strikes: all of them, where none of these is said.
CHOICE = {
    "service": Parameter(_service, "", "only this service: " + ", ".join(SERVICES)),
    "data_set": Parameter(
        str, "", "only this data set; for open_meteo forecast, archive, single_runs, previous_runs"
    ),
    "first": Parameter(_positive, None, "only the first so many of its requests"),
    "every": Parameter(_positive, 1, "only every so-manieth of its requests"),
}
_SECONDS_OF_SILENCE = Parameter(float, 3600.0, "for so long nothing comes")
_COLUMN = Parameter(str, "", "this column; without it, every figure")
_WHICH = {
    "key": Parameter(str, "", "only records with this text in a field, such as DK1"),
    "time": Parameter(str, "", "only records of this time (UTC) or its beginning: 2024-10-19T05"),
    "days": Parameter(float, 1.0, "so many days after the record's own time"),
    "at": Parameter(parse_utc, None, "at this moment, instead of days"),
}
KINDS = {
    "429": Kind(
        "too many requests", {"retry_after": Parameter(float, None, "the Retry-After it sends")}
    ),
    "500": Kind("a server error", {"status": Parameter(int, 500, "another status, such as 503")}),
    "timeout": Kind("no answer for a long time", {"seconds": _SECONDS_OF_SILENCE}),
    "drip": Kind(
        "an answer that trickles",
        {
            "seconds": Parameter(float, 1.0, "between two parts"),
            "bytes": Parameter(_positive, 1, "in a part"),
        },
    ),
    "truncated": Kind(
        "JSON that ends early", {"share": Parameter(_share, 0.5, "of the bytes that come")}
    ),
    "html": Kind("a page instead of JSON, with status 200"),
    "wrong_types": Kind("texts where numbers belong", {"column": _COLUMN}),
    "renamed": Kind(
        "a column under another name",
        {
            "column": Parameter(str, "", "this one; without it, the first figure"),
            "to": Parameter(str, "", "its new name"),
        },
    ),
    "reordered": Kind("columns in the reverse order"),
    "duplicated": Kind("every record twice"),
    "shuffled": Kind("records in another order"),
    "empty": Kind("a window without records"),
    "correction": Kind(
        "a value that differs until some time, or from then on",
        {
            **_WHICH,
            "differs": Parameter(_side, "until", "until (default) or from"),
            "add": Parameter(float, 1.0, "what is added where it differs"),
            "column": _COLUMN,
        },
    ),
    "scaled": Kind(
        "values of some time at another level, for good or until they are corrected",
        {
            "factor": Parameter(float, 1000.0, "what they are multiplied by"),
            "since": Parameter(parse_utc, None, "records of this time and later"),
            "until": Parameter(parse_utc, None, "records of before this time"),
            "corrected": Parameter(parse_utc, None, "from this moment on they are right"),
            "key": _WHICH["key"],
            "column": _COLUMN,
        },
    ),
    "disappears": Kind("a record that is there at first and then is not", _WHICH),
}


@dataclass(frozen=True)
class Rule:
    """One fault: its kind, which requests it strikes, and its parameters by name."""

    text: str
    kind: str
    parameters: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.parameters[name]

    def concerns(self, service: str, names: Sequence[str]) -> bool:
        """Whether a request for a data set, known by these names, is one of its."""
        return self["service"] in ("", service) and self["data_set"] in ("", *names)


def read_rule(text: str) -> Rule:
    """A rule from its text. Raises BadInput naming the kinds, or the parameters of its kind."""
    name, _, told = text.strip().partition(":")
    if name not in KINDS:
        raise BadInput(
            f"Unknown fault '{name}' in '{text}'. Known are {', '.join(KINDS)}; "
            "'gridcast emulator --fault help' says what each does."
        )
    known = CHOICE | dict(KINDS[name].parameters)
    values = {parameter: entry.default for parameter, entry in known.items()}
    for part in filter(None, told.split(",")):
        parameter, _, value = (piece.strip() for piece in part.partition("="))
        if parameter not in known:
            raise BadInput(
                f"Fault '{text}': '{name}' has no parameter '{parameter}'; it has "
                f"{', '.join(known)}."
            )
        try:
            values[parameter] = known[parameter].read(value)
        except (ValueError, BadInput):
            raise BadInput(
                f"Fault '{text}': {parameter} cannot be '{value}'. It is: {known[parameter].told}."
            ) from None
    return Rule(text=text, kind=name, parameters=values)


class Faults:
    """The rules of one emulator, and how many requests each has met."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._met = [0] * len(self._rules)

    @classmethod
    def read(cls, texts: Sequence[str]) -> "Faults":
        """Rules from their texts. Raises BadInput for one that is none."""
        return cls([read_rule(text) for text in texts])

    def due(self, service: str, names: Sequence[str]) -> list[Rule]:
        """The rules that strike this request, in their order. Every call counts as a request."""
        struck = []
        for i, rule in enumerate(self._rules):
            if not rule.concerns(service, names):
                continue
            self._met[i] += 1
            within = rule["first"] is None or self._met[i] <= rule["first"]
            if within and self._met[i] % rule["every"] == 0:
                struck.append(rule)
        return struck


def described() -> str:
    """All kinds and parameters, a line each."""
    lines = ["A fault reads KIND or KIND:name=value,name=value. Every kind has"]
    lines += [f"    {name}: {entry.told}" for name, entry in CHOICE.items()]
    for name, kind in KINDS.items():
        lines.append(f"{name}: {kind.told}")
        lines += [f"    {key}: {entry.told}" for key, entry in kind.parameters.items()]
    return "\n".join(lines)
