"""The pool of AWS: its worker registers the deployments, and starts a task for a run (moto)."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto.server import ThreadedMotoServer
from prefect.client.orchestration import get_client

from flows.deployed import FILE, POOL, chosen_pool, work_pool, worker_arguments
from lakehouse.errors import ConfigError
from lakehouse.settings import PROJECT
from tests.served import Served, awaited

ECS = "gridcast-ecs"
TOLD = yaml.safe_load(FILE.read_text())
REGION = "eu-west-1"


@pytest.fixture
def aws() -> Iterator[dict[str, str]]:
    """Variables under which programs speak to a made-up AWS."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": REGION,
        }
    finally:
        server.stop()


def made(aws: dict[str, str]) -> dict[str, Any]:
    """What Terraform makes, and its output work_pool."""
    at = {"region_name": REGION, "endpoint_url": aws["AWS_ENDPOINT_URL"],
          "aws_access_key_id": "testing", "aws_secret_access_key": "testing"}  # fmt: skip
    ec2, ecs = boto3.client("ec2", **at), boto3.client("ecs", **at)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    # moto wants it, as for a task that is to have a name.
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="flow", Description="flow", VpcId=vpc)["GroupId"]
    cluster = ecs.create_cluster(clusterName="gridcast")["cluster"]["clusterArn"]
    definition = ecs.register_task_definition(
        family="gridcast-flow",
        # moto wants the container's memory, too.
        containerDefinitions=[{"name": "flow", "image": "gridcast-worker:0.1.0", "memory": 16384}],
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="4096",
        memory="16384",
    )["taskDefinition"]["taskDefinitionArn"]
    return {
        "cluster": cluster,
        "launch_type": "FARGATE",
        "task_definition_arn": definition,
        "container_name": "flow",
        "vpc_id": vpc,
        "network_configuration": {
            "subnets": [subnet],
            "securityGroups": [group],
            "assignPublicIp": "DISABLED",
        },
    }


def told_task(ecs: Any, variables: dict[str, Any], run_id: str) -> dict[str, Any] | None:
    """What the task of a run is told beside its definition, which is Terraform's."""
    cluster = variables["cluster"]
    tasks = ecs.list_tasks(cluster=cluster)["taskArns"]
    for task in ecs.describe_tasks(cluster=cluster, tasks=tasks)["tasks"] if tasks else []:
        [override] = task["overrides"]["containerOverrides"]
        if {"name": "PREFECT__FLOW_RUN_ID", "value": run_id} in override["environment"]:
            assert task["taskDefinitionArn"] == variables["task_definition_arn"]
            return dict(override)
    return None


@pytest.mark.slow
def test_a_run_becomes_a_task_of_terraforms_definition(aws: dict[str, str], tmp_path: Path) -> None:
    variables = made(aws)
    chosen = {"WORK_POOL": ECS, "WORK_POOL_VARIABLES": json.dumps(variables)}
    quiet = {"PREFECT_INTEGRATIONS_AWS_ECS_OBSERVER_ENABLED": "false"}
    served = Served(tmp_path, aws | chosen | quiet)
    ecs = boto3.client(
        "ecs", region_name=REGION, endpoint_url=aws["AWS_ENDPOINT_URL"],
        aws_access_key_id="testing", aws_secret_access_key="testing",
    )  # fmt: skip
    try:
        served.start_server()
        served.start("worker", sys.executable, "-m", "gridcast.containers", "worker")
        with served.told(), get_client(sync_client=True) as client:

            def registered() -> bool:
                return len(client.read_deployments()) == len(TOLD["deployments"])

            awaited(registered, 300, "the deployments")
            ingest = client.read_deployment_by_name("ingest/ingest")
            run = client.create_flow_run_from_deployment(ingest.id)
            override = awaited(lambda: told_task(ecs, variables, str(run.id)), 240, "a task")
    except AssertionError as fault:
        raise AssertionError(served.said("worker").read_text()[-3000:]) from fault
    finally:
        served.stop()
    assert ingest.work_pool_name == ECS
    assert override["name"] == "flow"
    assert override["command"] == ["prefect", "flow-run", "execute"]
    families = ecs.list_task_definitions()["taskDefinitionArns"]
    assert families == [variables["task_definition_arn"]], "its role may not register another"


def test_the_local_pool_is_the_one_that_nobody_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORK_POOL", raising=False)
    assert chosen_pool(TOLD)[0] == POOL
    assert worker_arguments()[2:] == ["--pool", POOL, "--type", "process", "--limit", "1"]
    monkeypatch.setenv("WORK_POOL", "moon")
    with pytest.raises(ConfigError, match=r"Unknown WORK_POOL 'moon'; prefect.yaml has \["):
        chosen_pool(TOLD)


def test_a_pool_wants_the_variables_that_it_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORK_POOL", ECS)
    monkeypatch.setenv("WORK_POOL_VARIABLES", '{"cluster": "x", "moon": "y"}')
    with pytest.raises(ConfigError, match=r"to hold \['cluster', .*got \['cluster', 'moon'\]"):
        work_pool(*chosen_pool(TOLD))


def test_terraform_gives_the_variables_that_the_pool_declares() -> None:
    module = PROJECT / "terraform" / "modules" / "orchestration"
    text = (module / "main.tf").read_text()
    block = text.split("  work_pool_variables = {", 1)[1].split("\n  }\n", 1)[0]
    given = [line.split("=")[0].strip() for line in block.splitlines() if line.startswith("    ")
             and not line.startswith("     ") and "=" in line]  # fmt: skip
    assert sorted(given) == sorted(TOLD["definitions"]["pools"][ECS]["job_variables"])
    tfvars = (PROJECT / "terraform" / "environments").glob("*/terraform.tfvars")
    assert all(f'work_pool          = "{ECS}"' in file.read_text() for file in tfvars)
