"""How the Terraform files hang together. Terraform itself checks them in `make lint-terraform`."""

import re
from ipaddress import ip_network
from pathlib import Path

import pytest

from lakehouse.settings import Settings
from tests.terraform.reading import (
    ENVIRONMENTS,
    MODULES,
    TERRAFORM,
    Block,
    blocks,
    called,
    folders,
    parsed,
    text,
)

SHARED = TERRAFORM / "environments" / "shared"
OWN_FILES = {"backend.tf", "backend.hcl", "terraform.tfvars"}
META = {"source", "for_each", "count", "depends_on", "providers"}


def name(folder: Path) -> str:
    return str(folder.relative_to(TERRAFORM))


@pytest.mark.parametrize("folder", folders(), ids=name)
def test_a_variable_has_a_type_and_a_description_and_is_used(folder: Path) -> None:
    used = set(re.findall(r"\bvar\.(\w+)", text(folder, leave_out="variables.tf")))
    for variable in blocks(folder, "variable"):
        assert variable.file.name == "variables.tf", variable
        assert "type" in variable.body, variable
        assert variable.body.get("description", "").endswith("."), variable
        assert variable.labels[0] in used, f"{variable} is not used"


@pytest.mark.parametrize("folder", folders(), ids=name)
def test_an_output_has_a_description(folder: Path) -> None:
    for output in blocks(folder, "output"):
        assert output.file.name == "outputs.tf", output
        assert output.body.get("description", "").endswith("."), output


@pytest.mark.parametrize("folder", folders(), ids=name)
def test_a_module_says_which_versions_it_takes_and_what_it_is_for(folder: Path) -> None:
    (terraform,) = parsed(folder / "versions.tf")["terraform"]
    assert terraform["required_version"] == ">= 1.11"
    if folder.name != "guard":  # it needs no provider
        assert terraform["required_providers"][0]["aws"]["version"].startswith("~> 6.")
    page = folder if folder != SHARED else SHARED.parent
    assert (page / "README.md").is_file()


@pytest.mark.parametrize("folder", folders(), ids=name)
def test_a_call_passes_what_the_module_asks_for(folder: Path) -> None:
    for call, module in called(folder):
        variables = {found.labels[0]: found.body for found in blocks(module, "variable")}
        passed = set(call.body) - META
        required = {key for key, body in variables.items() if "default" not in body}
        assert passed <= variables.keys(), f"{call} passes unknown {passed - variables.keys()}"
        assert required <= passed, f"{call} lacks {required - passed}"
        if folder == SHARED:  # what a module can be told, an environment can tell it
            assert passed == variables.keys(), f"{call} lacks {variables.keys() - passed}"


def test_every_module_is_called() -> None:
    reached: set[Path] = set()
    waiting = [SHARED]
    while waiting:
        new = {module for _, module in called(waiting.pop())} - reached
        reached |= new
        waiting += new
    assert {module.name for module in reached} == set(MODULES)


def test_every_output_of_a_module_is_read() -> None:
    for module in MODULES:
        readers = "".join(
            text(folder)
            for folder in folders()
            if module in {found.name for _, found in called(folder)}
        )
        read = set(re.findall(r"\bmodule\.\w+\.(\w+)", readers))
        for output in blocks(TERRAFORM / "modules" / module, "output"):
            assert output.labels[0] in read, f"nobody reads {output}"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_is_the_shared_files_and_its_own_settings(environment: str) -> None:
    folder = SHARED.parent / environment
    files = {file.name for file in folder.iterdir() if not file.name.startswith(".")}
    shared = {file.name for file in SHARED.glob("*.tf")}
    assert files == shared | OWN_FILES
    for file in shared:
        assert (folder / file).is_symlink()
        assert (folder / file).resolve() == SHARED / file


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_sets_every_variable(environment: str) -> None:
    settings = parsed(SHARED.parent / environment / "terraform.tfvars")
    assert settings.keys() == {variable.labels[0] for variable in blocks(SHARED, "variable")}
    assert settings["environment"] == environment


def test_states_are_locked_encrypted_and_apart() -> None:
    backends = [parsed(SHARED.parent / name / "backend.hcl") for name in ENVIRONMENTS]
    for backend in backends:
        assert backend["use_lockfile"] is True
        assert backend["encrypt"] is True
    assert len({backend["key"] for backend in backends}) == len(ENVIRONMENTS)
    texts = {(SHARED.parent / name / "backend.tf").read_text() for name in ENVIRONMENTS}
    assert len(texts) == 1


def test_environments_have_networks_and_domains_of_their_own() -> None:
    first, second = (parsed(SHARED.parent / name / "terraform.tfvars") for name in ENVIRONMENTS)
    assert not ip_network(first["network"]["cidr"]).overlaps(ip_network(second["network"]["cidr"]))
    assert first["domain"] != second["domain"]


def test_only_prod_is_protected() -> None:
    assert {
        name: parsed(SHARED.parent / name / "terraform.tfvars")["protected"]
        for name in ENVIRONMENTS
    } == {"live-testing": False, "prod": True}


def test_programs_get_only_variables_that_their_settings_know() -> None:
    """They refuse to start with a GRIDCAST_ variable that they do not know."""
    told = set(re.findall(r"\b(GRIDCAST_\w+)", "".join(map(text, folders()))))
    known = {f"GRIDCAST_{field.upper()}" for field in Settings.model_fields}
    assert told - {"GRIDCAST_"} <= known


def test_modules_name_no_account_and_no_address() -> None:
    for module in MODULES:
        found = re.findall(r"\b\d{12}\b", text(TERRAFORM / "modules" / module))
        assert not found, f"{module} names the account {found}"


def test_no_block_is_twice_in_a_folder() -> None:
    for folder in folders():
        for kind in ("resource", "data", "module", "variable", "output"):
            labels = [found.labels for found in blocks(folder, kind)]
            assert len(labels) == len(set(labels)), f"{kind} in {name(folder)}"


def test_the_reader_finds_what_is_there() -> None:
    (guard,) = blocks(TERRAFORM / "modules" / "guard", "resource")
    assert isinstance(guard, Block)
    assert guard.labels == ("terraform_data", "guard")
    assert guard.body["lifecycle"] == [{"prevent_destroy": True}]
