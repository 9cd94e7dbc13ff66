"""The workflows' steps, run here: real scripts, and stand-ins for what they ask of the outside."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse.settings import PROJECT
from tests.containers.dockerfile import stages
from tests.gridcast.test_gate import Side

WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))
SCRIPTS = PROJECT / "deployments" / "pipeline"
TAG = "0.1.0-0123456789ab"


def steps() -> list[tuple[str, dict[str, Any]]]:
    """Every step of every job, named."""
    return [
        (f"{file.stem}.{name}.{number}", step)
        for file in WORKFLOWS
        for name, job in yaml.safe_load(file.read_text())["jobs"].items()
        for number, step in enumerate(job["steps"])
    ]


RUNS = [(name, step["run"]) for name, step in steps() if "run" in step]
USES = [(name, step["uses"]) for name, step in steps() if "uses" in step]


@pytest.mark.parametrize("run", [run for _, run in RUNS], ids=[name for name, _ in RUNS])
def test_what_a_step_runs_exists(run: str) -> None:
    """A script of this project that bash can read, or a target of the Makefile."""
    subprocess.run(["bash", "-n", "-c", run], check=True)
    named = re.findall(r"(?<![\w./-])(?:deployments|\.ci)/[\w./-]+", run)
    targets = re.findall(r"^make (.*)$", run, re.M)
    assert named or targets or run.startswith('echo "')
    for name in named:
        script = PROJECT / name
        assert os.access(script, os.X_OK), f"{name} is no program"
        subprocess.run(["bash", "-n", script], check=True)
    makefile = (PROJECT / "Makefile").read_text()
    for target in shlex.split(" ".join(targets)):
        # What there is nothing of yet to check has no target yet.
        subject = {"lint-terraform": "terraform", "lint-containers": "deployments/Dockerfile"}
        if (PROJECT / subject.get(target, "Makefile")).exists():
            assert re.search(rf"^{target}:", makefile, re.M), f"the Makefile has no {target}"


@pytest.mark.parametrize("uses", [uses for _, uses in USES], ids=[name for name, _ in USES])
def test_an_action_is_pinned_by_commit(uses: str) -> None:
    assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", uses)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_may_do_nothing_by_itself_and_ends(file: Path) -> None:
    workflow = yaml.safe_load(file.read_text())
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["group"]
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 350
        allowed = {"contents": "read"} | ({"id-token": "write"} if "environment" in job else {})
        assert job["permissions"] == allowed
    assert "secrets." not in file.read_text()


Outside = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of stand-ins that write down what they were asked, and say what a test put there."""
    folder = tmp_path / "outside"
    folder.mkdir()
    for name in ("aws", "docker", "terraform", "curl"):
        stand_in = folder / name
        stand_in.write_text(
            f'#!/bin/bash\nprintf \'%s\\n\' "{name} $*" >>"{tmp_path}/asked"\n'
            f'for answer in "{tmp_path}"/answers/*; do\n'
            '  read -r pattern <"$answer"\n'
            f'  if [[ "{name} $*" == $pattern ]]; then tail -n +2 "$answer"; exit 0; fi\n'
            'done\n[[ "$*" != *--password-stdin* ]] || cat >/dev/null\n'
        )
        stand_in.chmod(0o755)
    (tmp_path / "answers").mkdir()
    return folder


@pytest.fixture
def run(outside: Path, tmp_path: Path) -> Outside:
    """Run a script of the pipeline among the stand-ins."""

    def start(script: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{outside}:/usr/bin:/bin", "AWS_REGION": "eu-west-1", "HOME": str(tmp_path),
            "PIPELINE_STATE_BUCKET": "state", "PIPELINE_REGISTRY": "registry.example.org",
            "PIPELINE_PYTHON": sys.executable,
        }  # fmt: skip
        return subprocess.run(
            [SCRIPTS / script, *arguments], env=environment | variables, cwd=tmp_path,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return start


def asked(tmp_path: Path) -> list[str]:
    file = tmp_path / "asked"
    return file.read_text().splitlines() if file.exists() else []


def answer(tmp_path: Path, pattern: str, text: str) -> None:
    """What a stand-in says to commands that look so."""
    folder = tmp_path / "answers"
    (folder / f"{len(list(folder.iterdir()))}").write_text(f"{pattern}\n{text}\n")


POOL = {
    "cluster": "arn:cluster", "task_definition_arn": "arn:flow:7", "container_name": "flow",
    "network_configuration": {"subnets": ["s1"], "securityGroups": ["g1"]},
}  # fmt: skip


def working_account(tmp_path: Path, plan: dict[str, Any], record: str = "") -> None:
    answer(tmp_path, "terraform * show -json *", json.dumps(plan))
    answer(tmp_path, "terraform * output -json work_pool", json.dumps(POOL))
    answer(tmp_path, "terraform * output -json pages", '{"api": "https://api.example.org"}')
    answer(tmp_path, "aws ecs run-task *", "arn:task")
    answer(tmp_path, "aws ecs describe-tasks *", "0")
    if record:
        answer(tmp_path, "aws s3api list-objects-v2 *", record)


def test_images_are_built_for_each_target_and_pushed_once(run: Outside, tmp_path: Path) -> None:
    answer(tmp_path, "aws ecr list-images *gridcast/api *", TAG)
    assert run("images", "build", TAG).returncode == 0
    done = run("images", "push", TAG)
    assert done.returncode == 0, done.stderr
    assert f"gridcast/api:{TAG} is there" in done.stdout
    built = [line for line in asked(tmp_path) if line.startswith("docker build")]
    assert [line.split("--target ")[1].split()[0] for line in built] == [
        "worker-s3", "api", "dashboards", "emr",
    ]  # fmt: skip
    pushed = [line for line in asked(tmp_path) if line.startswith("docker push")]
    assert pushed == [
        f"docker push registry.example.org/gridcast/full:{TAG}",
        f"docker push registry.example.org/gridcast/dashboards:{TAG}",
        f"docker push registry.example.org/gridcast/spark:{TAG}",
    ]


def test_an_image_that_holds_a_champion_is_built_where_it_is_named(
    run: Outside, tmp_path: Path
) -> None:
    assert run("images", "build", TAG, "scorer").returncode == 0
    [built] = asked(tmp_path)
    assert f"--target scorer --tag gridcast/scorer:{TAG}" in built
    done = run("images", "build", TAG, "moon")
    assert done.returncode == 2
    assert "expected images of full api dashboards spark scorer, got 'moon'" in done.stderr


def test_every_image_has_a_target_a_registry_and_leave_to_be_pushed() -> None:
    [told] = re.findall(r"^pairs=\((.*)\)$", (SCRIPTS / "images").read_text(), re.M)
    pairs = dict(pair.split(":") for pair in told.split())
    assert {*pairs.values()} <= {*stages()}
    bootstrap = (PROJECT / "terraform/bootstrap/registries.tf").read_text()
    shared = (PROJECT / "terraform/environments/shared/main.tf").read_text()
    for text, pattern in ((bootstrap, r"toset\(\[(.*)\]\)"), (shared, r"targets += \[(.*)\]")):
        [names] = re.findall(pattern, text)
        assert re.findall(r'"(\w+)"', names) == list(pairs)


@pytest.mark.parametrize("tag", ["", "latest", "a b"])
def test_a_tag_that_names_no_commit_is_refused(run: Outside, tmp_path: Path, tag: str) -> None:
    done = run("images", "build", tag)
    assert (done.returncode, asked(tmp_path)) == (2, [])
    assert "expected a tag that names one commit or release" in done.stderr


def test_a_copy_takes_logs_before_files(run: Outside, tmp_path: Path) -> None:
    assert run("copy", "s3://lake/tables", str(tmp_path / "copy")).returncode == 0
    logs, files = asked(tmp_path)
    assert logs.endswith("--exclude * --include */_delta_log/*")
    assert files.endswith("--exclude */_delta_log/*")


def test_a_deployment_plans_keeps_data_applies_migrates_and_is_recorded(
    run: Outside, tmp_path: Path
) -> None:
    working_account(tmp_path, {"resource_changes": []})
    done = run("deploy", "prod", TAG)
    assert done.returncode == 0, done.stderr
    kinds = [" ".join(word for word in line.split()[:4] if "chdir" not in word)
             for line in asked(tmp_path)]  # fmt: skip
    order = ["terraform init", "terraform plan", "terraform show", "terraform apply"]
    assert [kind[: len(wanted)] for kind, wanted in zip(kinds, order, strict=False)] == order
    started = next(line for line in asked(tmp_path) if "run-task" in line)
    assert '["gridcast", "migrate", "--apply"]' in started
    recorded = rf"aws s3api put-object --bucket state --key prod/deployed/\d+T\d+Z/{TAG}"
    assert re.fullmatch(recorded, asked(tmp_path)[-1])


@pytest.mark.parametrize("actions", [["delete"], ["delete", "create"]])
def test_a_plan_that_loses_data_is_refused_before_it_is_applied(
    run: Outside, tmp_path: Path, actions: list[str]
) -> None:
    lost = {"address": "module.lake.aws_s3_bucket.lake", "type": "aws_s3_bucket",
            "change": {"actions": actions}}  # fmt: skip
    working_account(tmp_path, {"resource_changes": [lost]})
    done = run("deploy", "prod", TAG)
    assert done.returncode != 0
    assert "it would delete or replace ['module.lake.aws_s3_bucket.lake']" in done.stderr
    assert not [line for line in asked(tmp_path) if " apply " in line]


def test_a_task_that_fails_fails_the_deployment(run: Outside, tmp_path: Path) -> None:
    answer(tmp_path, "aws ecs describe-tasks *", "2")
    working_account(tmp_path, {})
    done = run("task", "prod", "gridcast", "migrate", "--apply")
    assert done.returncode == 2
    assert "expected 'gridcast migrate --apply' to end with 0 in prod, it ended with 2" in (
        done.stderr
    )


def test_a_rollback_goes_to_the_image_before_with_its_champions_and_contract(
    run: Outside, tmp_path: Path
) -> None:
    on_record = [f"prod/deployed/{at}/{tag}" for at, tag in
                 (("1", "old"), ("2", "before"), ("3", TAG), ("4", TAG))]  # fmt: skip
    working_account(tmp_path, {}, "\t".join(on_record))
    done = run("rollback", "prod", "1", "day_ahead_price")
    assert done.returncode == 0, done.stderr
    commands = [re.search(r'"command": (\[.*?\])', line) for line in asked(tmp_path)]
    assert [json.loads(found[1])[:4] for found in commands if found] == [
        ["gridcast", "rollback", "day_ahead_price", "--reason"],
        ["gridcast", "migrate", "--to", "1"],
        ["gridcast", "migrate", "--apply"],
    ]
    [plan] = [line for line in asked(tmp_path) if " plan " in line]
    assert "image_tag=before" in plan
    gone = [line.split()[-1] for line in asked(tmp_path) if "delete-object" in line]
    assert sorted(gone) == on_record[2:]
    assert asked(tmp_path)[-1].startswith("curl")


def test_without_an_image_before_there_is_no_way_back(run: Outside, tmp_path: Path) -> None:
    working_account(tmp_path, {}, f"prod/deployed/1/{TAG}")
    done = run("rollback", "prod")
    assert done.returncode == 2
    assert f"expected two images on record for prod, found '{TAG}' alone" in done.stderr
    assert not [line for line in asked(tmp_path) if "terraform" in line]


@pytest.mark.parametrize("script", ["deploy", "task", "smoke", "rollback"])
def test_an_unknown_environment_is_refused(run: Outside, tmp_path: Path, script: str) -> None:
    done = run(script, "moon", TAG)
    assert done.returncode == 2
    assert "expected the environment live-testing or prod, got 'moon'" in done.stderr
    assert asked(tmp_path) == []


def test_live_days_of_both_lakehouses_are_copied_and_judged(
    run: Outside, outside: Path, tmp_path: Path
) -> None:
    """The script as it is, with a bucket that is a folder."""
    for side, level in (("release", 10.5), ("production", 10.0)):
        Side(tmp_path / "buckets" / side / "tables", 1).live(level)
    (outside / "aws").write_text(
        f'#!/bin/bash\nfrom={tmp_path}/buckets/"${{3#s3://}}"\n'
        'if [[ "$*" == *--include* ]]; then cp -a "$from/_delta_log" "$4"; else '
        'cp -a "$from"/*.parquet "$4"; fi\n'
    )
    asked_for = ("s3://release/tables", "s3://production/tables", "2024-08-01")
    done = run("live-testing", *asked_for, RUNNER_TEMP=str(tmp_path / "scratch"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("Go: the release is no worse in any of 1")


def test_a_release_is_migrated_and_trained_on_a_copy_before_it_is_compared(
    run: Outside, tmp_path: Path
) -> None:
    production, release = tmp_path / "production", tmp_path / "release"
    done = run("offline-testing", str(production), str(release), PIPELINE_DRY_RUN="1")
    assert done.returncode == 2
    assert f"found no folder '{production}'" in done.stderr
    (production / "gold").mkdir(parents=True)
    done = run("offline-testing", str(production), str(release), PIPELINE_DRY_RUN="1")
    assert done.returncode == 0, done.stderr
    said = [line.split(" -m ")[1] for line in done.stderr.splitlines()]
    assert said == [
        f"gridcast.main --lakehouse {release} migrate --apply",
        f"gridcast.main --lakehouse {release} run train",
        f"gridcast.main --lakehouse {production} migrate --apply",
        f"gridcast.gate offline --release {release} --production {production}",
    ]
    assert (release / "gold").is_dir()


@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        ("images", ["build", TAG]), ("images", ["push", TAG]), ("validate", []),
        ("copy", ["s3://lake/tables", "there"]), ("deploy", ["prod", TAG]), ("smoke", ["prod"]),
        ("rollback", ["prod", "1", "day_ahead_price"]),
        ("live-testing", ["s3://a/t", "s3://b/t", "2026-12-01"]),
    ],
)  # fmt: skip
def test_a_dry_run_says_all_and_asks_nothing(
    run: Outside, tmp_path: Path, script: str, arguments: list[str]
) -> None:
    done = run(script, *arguments, PIPELINE_DRY_RUN="1")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("+ ") >= 2
    assert asked(tmp_path) == []
