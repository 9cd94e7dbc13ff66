"""Rules of faults: what they strike and how often, and the sentence for one that is none."""

import re
from collections.abc import Sequence

import pytest

from lakehouse.errors import BadInput
from sources.emulator.faults import KINDS, Faults, described, read_rule


def statuses(faults: Faults, names: Sequence[str]) -> list[int]:
    return [len(faults.due("energi_data_service", [name])) for name in names]


def test_rules_count_their_own_requests() -> None:
    assert statuses(Faults.read(["500:first=2"]), ["a"] * 5) == [1, 1, 0, 0, 0]
    assert statuses(Faults.read(["500:every=3"]), ["a"] * 7) == [0, 0, 1, 0, 0, 1, 0]
    assert statuses(Faults.read(["500:every=2,first=3"]), ["a"] * 6) == [0, 1, 0, 0, 0, 0]
    assert statuses(Faults.read(["500"]), ["a"] * 3) == [1, 1, 1]
    mine = Faults.read(["500:data_set=b,first=1", "html:first=1"])
    assert statuses(mine, ["a", "b", "b"]) == [1, 1, 0]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("418", r"Unknown fault '418' in '418'. Known are 429, 500, .*disappears; 'gridcast emul"),
        ("", "Unknown fault ''"),
        ("500:times=2", r"'500' has no parameter 'times'; it has service, data_set, first, every"),
        ("500:first=none", r"first cannot be 'none'. It is: only the first so many"),
        ("500:first=0", "first cannot be '0'"),
        ("500:service=enstoe", "only this service: energi_data_service, open_meteo, octopus"),
        ("truncated:share=2", "share cannot be '2'"),
        (
            "correction:differs=never",
            r"differs cannot be 'never'. It is: until \(default\) or from",
        ),
        ("correction:at=2024-10-18", "at cannot be '2024-10-18'"),
        ("500:first", "first cannot be ''"),
    ],
)
def test_a_bad_rule_is_a_sentence(rule: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        read_rule(rule)


def test_the_help_names_every_kind_and_parameter() -> None:
    page = described()
    for name, kind in KINDS.items():
        assert re.search(rf"(?m)^{name}: ", page)
        assert all(f"    {parameter}: " in page for parameter in kind.parameters)
