"""docs/tables.md: the table contracts as a page to read. `make docs` writes it anew."""

import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

from lakehouse.tables import FUNCTIONS, TABLES, VIEWS, Column, Function, Rule, Table, View
from lakehouse.tables.bronze import BODY_RULES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "tables.md"

_OPENING = """\
# The tables

Generated from the contracts in `lakehouse/tables/` by `make docs`; change those, not this page.
Times are UTC. A column is *content* when two runs over the same inputs must agree on it, and
*provenance* when it tells which run, machine or version wrote it. A record that breaks a rule goes
to `bronze.quarantine` with the rule's name and the sentence given here, in which ‹a name› stands
for its value.
"""


def tables_page(tables: tuple[Table, ...] = TABLES, views: tuple[View, ...] = VIEWS) -> str:
    """The whole page, in Markdown."""
    contents = [f"| [{t.name}](#{_anchor(t.name)}) | {t.meaning} |" for t in tables]
    contents += [f"| [{v.name}](#{_anchor(v.name)}-view) (view) | {v.meaning} |" for v in views]
    contents += [f"| [{f.name}](#{f.name}-function) (function) | {f.meaning} |" for f in FUNCTIONS]
    parts = [
        _OPENING,
        "\n".join(["| table, view or function | what it holds |", "|---|---|", *contents]) + "\n",
        "\n".join(["## Whole bodies\n\nBefore its records are read:", *_rules(BODY_RULES), ""]),
        *("\n".join(_table(table)) for table in tables),
        *("\n".join(_view(view)) for view in views),
        *("\n".join(_function(function)) for function in FUNCTIONS),
    ]
    return "\n".join(parts)


def _anchor(name: str) -> str:
    return name.replace(".", "")


def _table(table: Table) -> Iterator[str]:
    yield f"## {table.name}\n"
    yield f"{table.meaning}.\n"
    yield f"- key: {_names(table.key)}"
    if table.cluster_by:
        yield f"- clustered by: {_names(table.cluster_by)}"
    yield f"- old versions kept: {table.retention_days} days\n"
    yield "| column | type | unit | null | kind | meaning |"
    yield "|---|---|---|---|---|---|"
    yield from (_column(column) for column in table.columns)
    yield from _rules(table.rules)
    yield ""


def _column(column: Column) -> str:
    null = "yes" if column.nullable else ""
    kind = "content" if column.content else "provenance"
    return (
        f"| `{column.name}` | {column.type} | {column.unit} | {null} | {kind} | "
        f"{_cell(column.meaning)} |"
    )


def _rules(rules: tuple[Rule, ...]) -> Iterator[str]:
    if rules:
        yield "\n| rule | condition | sentence when broken |"
        yield "|---|---|---|"
    for rule in rules:
        yield f"| `{rule.name}` | `{_cell(rule.condition)}` | {_cell(sentence(rule.reason))} |"


def _view(view: View) -> Iterator[str]:
    yield f"## {view.name} (view)\n"
    yield f"{view.meaning}.\n"
    yield "| column | type | unit | meaning |"
    yield "|---|---|---|---|"
    for column in view.columns:
        yield f"| `{column.name}` | {column.type} | {column.unit} | {_cell(column.meaning)} |"
    yield f"\n```sql\n{cleandoc(view.query)}\n```\n"


def _function(function: Function) -> Iterator[str]:
    arguments = ", ".join(p.name for p in function.parameters)
    yield f"## {function.name} (function)\n"
    yield f"{function.meaning}. In Spark SQL: `SELECT * FROM {function.name}({arguments})`.\n"
    yield "| argument | type | unless given | meaning |"
    yield "|---|---|---|---|"
    for parameter in function.parameters:
        default = f"`{parameter.default}`" if parameter.default else "must be given"
        yield f"| `{parameter.name}` | {parameter.type} | {default} | {_cell(parameter.meaning)} |"
    yield f"\n```sql\n{cleandoc(function.query)}\n```\n"


def sentence(reason: str) -> str:
    """A rule's reason as a person reads it, from the Spark SQL expression that builds it.

    Texts in quotes stay; an argument that is computed becomes ‹the column's name›
    """
    inner = reason.removeprefix("concat(").removesuffix(")") if "concat(" in reason else reason
    return "".join(_part(argument) for argument in _arguments(inner))


def _part(argument: str) -> str:
    if argument.startswith("'"):
        return argument[1:-1].replace("{", "‹").replace("}", "›")
    name = argument.rpartition("(")[2].partition(",")[0].rstrip(")")
    return f"‹{name}›"


def _arguments(call: str) -> Iterator[str]:
    """The arguments of a SQL call, split at the commas outside of quotes and parentheses."""
    depth, quoted, start = 0, False, 0
    for place, sign in enumerate(call):
        quoted ^= sign == "'"
        depth += 0 if quoted else (sign == "(") - (sign == ")")
        if sign == "," and not quoted and depth == 0:
            yield call[start:place].strip()
            start = place + 1
    yield call[start:].strip()


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in columns)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(tables_page())
    sys.stdout.write(f"wrote {PAGE.name}\n")
