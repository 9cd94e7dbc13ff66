"""What deployments/Dockerfile says of a target, for tests without a container engine."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lakehouse.settings import PROJECT

FILE = PROJECT / "deployments" / "Dockerfile"


@dataclass
class Stage:
    """One stage, with what it has from those that it is made from."""

    name: str
    copies: list[tuple[list[str], str]] = field(default_factory=list)  # from the project, to /app
    environment: dict[str, str] = field(default_factory=dict)
    ports: list[int] = field(default_factory=list)
    user: str = "root"
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    stages_used: list[str] = field(default_factory=list)


def stages() -> dict[str, Stage]:
    """All stages by name, in the order of the file."""
    found: dict[str, Stage] = {}
    current = Stage("")
    for word, rest in _instructions():
        if word == "FROM":
            before, name = re.fullmatch(r"(\S+) AS (\S+)", rest).groups()  # type: ignore[union-attr]
            current = _made_from(found.get(before), name)
            found[name] = current
        else:
            _read(current, word, rest)
    return found


def _instructions() -> Iterator[tuple[str, str]]:
    lines = [line for line in FILE.read_text().splitlines() if not line.lstrip().startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines))
    for line in filter(None, whole.splitlines()):
        word, _, rest = line.partition(" ")
        yield word, rest.strip()


def _made_from(before: Stage | None, name: str) -> Stage:
    if before is None:
        return Stage(name)
    return Stage(
        name, list(before.copies), dict(before.environment), list(before.ports), before.user,
        before.command, before.health, [before.name],
    )  # fmt: skip


def _read(stage: Stage, word: str, rest: str) -> None:
    match word:
        case "COPY" if rest.startswith("--from="):
            stage.stages_used.append(rest.split()[0].removeprefix("--from="))
        case "COPY":
            *sources, target = rest.split()
            stage.copies.append((sources, target))
        case "ENV":
            stage.environment |= dict(pair.split("=", 1) for pair in shlex.split(rest))
        case "EXPOSE":
            stage.ports += [int(port) for port in rest.split()]
        case "USER":
            stage.user = rest
        case "CMD":
            stage.command = _words(rest)
        case "HEALTHCHECK":
            stage.health = _words(rest.split(" CMD ", 1)[1])
        case "ARG" | "RUN" | "WORKDIR":
            pass
        case _:
            raise AssertionError(f"the reader does not know {word}: {rest}")


def _words(text: str) -> list[str]:
    words: Any = json.loads(text)
    assert all(isinstance(word, str) for word in words)
    return list(words)
