"""The rules of the house that a machine can check."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gridcast.tables_doc import PAGE, sentence, tables_page
from lakehouse.settings import PROJECT
from lakehouse.tables import TABLES, VIEWS, Table

#: In two parts, so that this file does not hold what it forbids.
REGISTRIES = [
    "pypi" + r"\.org",
    "pythonhosted" + r"\.org",
    r"repo1?\.maven" + r"\.(org|apache)",
    "maven" + r"\.org",
    "conda" + r"\.(anaconda|io)",
    "registry" + r"\.npmjs",
    "(docker|ghcr|quay|gcr)" + r"\.io",
]
MACHINE_PATHS = [
    r"(?<![\w./-])/" + "(work|root|home|Users)" + r"/\w",
    r"[A-Z]:\\" + "Users",
]


def committed() -> list[Path]:
    """Every text file of the project that git has or would take."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(listing, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("this copy of the project is not a git checkout")
    files = [PROJECT / name for name in done.stdout.split("\0") if name]
    return [file for file in files if file.is_file() and b"\0" not in file.read_bytes()[:1024]]


def mentions(patterns: list[str]) -> list[str]:
    pattern = re.compile("|".join(patterns))
    return [
        f"{file.relative_to(PROJECT)}:{number}: {line.strip()[:100]}"
        for file in committed()
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


def test_the_page_of_tables_is_what_the_contracts_say() -> None:
    assert PAGE.read_text() == tables_page(), "run 'make docs'"


def test_every_table_and_view_has_a_name_of_its_own() -> None:
    names = [item.name for item in (*TABLES, *VIEWS)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"(bronze|silver|gold)\.[a-z_]+", name) for name in names)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_contract_names_only_columns_that_it_has(table: Table) -> None:
    columns = {column.name: column for column in table.columns}
    assert len(columns) == len(table.columns)
    assert table.key
    assert set(table.key) <= set(columns)
    assert set(table.cluster_by) <= set(columns)
    assert not [name for name in table.key if columns[name].nullable]
    assert len({rule.name for rule in table.rules}) == len(table.rules)


def test_a_rule_reads_as_a_sentence() -> None:
    reason = "concat('Expected ', unit, ', got \"', coalesce(left(value, 9), 'no, none'), '\"')"
    assert sentence(reason) == 'Expected ‹unit›, got "‹value›"'


def test_no_registry_is_named_in_a_committed_file() -> None:
    assert mentions(REGISTRIES) == []


def test_no_path_of_one_machine_is_in_a_committed_file() -> None:
    assert mentions(MACHINE_PATHS) == []


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    tool = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    return subprocess.run(tool, cwd=folder, capture_output=True, text=True, check=False)


def test_the_import_rules_hold() -> None:
    done = lint_imports(PROJECT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line", "rule"),
    [
        ("lakehouse.time", "import models.samples", "Imports go one way"),
        ("models.naive", "from monitoring import drift", "siblings do not know each other"),
        ("sources.http", "import pyspark", "Models, monitoring and sources need no Spark"),
        ("models.naive", "import lakehouse.spark.tables", "need no Spark"),
        (
            "serving.api.latest",
            "import spark_jobs.forecast",
            "The API needs the ground floor alone",
        ),
        ("serving.api.series", "import lakehouse.spark.tables", "ground floor alone"),
        ("serving.api.app", "from flows import flows", "siblings do not know each other"),
        ("serving.dashboards.asking", "import serving.api.app", "only by its address"),
        ("serving.dashboards.look", "import lakehouse.arrow", "only by its address"),
        ("serving.scorer.app", "import models.registry", "The scorer needs a model alone"),
        ("lakehouse.arrow", "import pyspark", "Only lakehouse.spark, spark_jobs and serving.sql"),
        ("lakehouse.arrow", "import lakehouse.spark.session", "does not know Spark"),
        ("gridcast.up", "import prefect", "Only flows import prefect"),
        ("spark_jobs.train", "import tensorflow", "Only models import TensorFlow"),
    ],
)
def test_a_breach_of_the_import_rules_is_found(
    tmp_path: Path, module: str, line: str, rule: str
) -> None:
    """A copy of the house with one more import in it."""
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    for package in settings["tool"]["importlinter"]["root_packages"]:
        shutil.copytree(PROJECT / package, tmp_path / package)
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    with (tmp_path / (module.replace(".", "/") + ".py")).open("a") as file:
        file.write(f"\n{line}\n")
    done = lint_imports(tmp_path)
    assert done.returncode != 0
    assert re.search(rf"{rule}.* BROKEN", done.stdout), done.stdout
