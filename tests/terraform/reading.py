"""The Terraform files as Python reads them: modules, their variables, calls and resources."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import hcl2

from lakehouse.settings import PROJECT

TERRAFORM = PROJECT / "terraform"
MODULES = sorted(path.name for path in (TERRAFORM / "modules").iterdir())
ENVIRONMENTS = ("live-testing", "prod")


@dataclass(frozen=True)
class Block:
    """A resource, data source, variable, output or module call: its labels and what it says."""

    file: Path
    labels: tuple[str, ...]
    body: dict[str, Any]

    def __str__(self) -> str:
        return f"{'.'.join(self.labels)} in {self.file.relative_to(TERRAFORM)}"


@cache
def parsed(file: Path) -> dict[str, Any]:
    """What a .tf, .tfvars or .hcl file says; texts without their quotes."""
    return _plain(hcl2.loads(file.read_text()))  # type: ignore[no-any-return]


def blocks(folder: Path, kind: str) -> list[Block]:
    """All blocks of a kind (resource, variable, module) of the files in a folder."""
    return [
        Block(file, labels, body)
        for file in sorted(folder.glob("*.tf"))
        for entry in parsed(file).get(kind, ())
        for labels, body in _unfolded(entry, 2 if kind in {"resource", "data", "ephemeral"} else 1)
    ]


def text(folder: Path, leave_out: str = "") -> str:
    """The files of a folder without comments."""
    files = (file for file in sorted(folder.glob("*.tf")) if file.name != leave_out)
    return re.sub(r"^\s*#.*$", "", "\n".join(map(Path.read_text, files)), flags=re.MULTILINE)


def called(folder: Path) -> list[tuple[Block, Path]]:
    """The module calls of a folder, and the folder of each called module."""
    return [
        (call, (folder.resolve() / call.body["source"]).resolve())
        for call in blocks(folder, "module")
    ]


def folders() -> list[Path]:
    """Every folder with Terraform files of its own."""
    modules = [TERRAFORM / "modules" / name for name in MODULES]
    return [TERRAFORM / "bootstrap", TERRAFORM / "environments" / "shared", *modules]


def _unfolded(entry: dict[str, Any], depth: int) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    if depth == 0:
        return [((), entry)]
    return [
        ((label, *labels), body)
        for label, inner in entry.items()
        for labels, body in _unfolded(inner, depth - 1)
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {_plain(key): _plain(inner) for key, inner in value.items() if "__" not in key}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1]
    return value
