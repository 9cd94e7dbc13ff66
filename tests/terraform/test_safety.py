"""What the Terraform files promise: encrypted, private, each role with what it needs alone."""

import re
from typing import Any

import pytest

from tests.terraform.reading import MODULES, TERRAFORM, Block, blocks, folders, text


def resources(*kinds: str) -> list[Block]:
    return [
        found
        for folder in folders()
        for found in blocks(folder, "resource")
        if found.labels[0] in kinds
    ]


def statements(document: str) -> list[dict[str, Any]]:
    (found,) = (
        found
        for found in blocks(TERRAFORM / "modules" / "access", "data")
        if found.labels == ("aws_iam_policy_document", document)
    )
    return found.body["statement"]  # type: ignore[no-any-return]


def actions(document: str) -> set[str]:
    return {action for statement in statements(document) for action in statement["actions"]}


def test_logs_are_encrypted_and_end() -> None:
    groups = resources("aws_cloudwatch_log_group")
    assert len(groups) >= 4
    for group in groups:
        assert group.body["kms_key_id"] == "${var.key_arn}", group
        assert group.body["retention_in_days"] == "${var.log_days}", group


def test_the_database_is_private_and_encrypted() -> None:
    (database,) = resources("aws_db_instance")
    assert database.body["storage_encrypted"] is True
    assert database.body["publicly_accessible"] is False
    assert database.body["deletion_protection"] == "${var.protected}"
    assert database.body["skip_final_snapshot"] == "${!var.protected}"


@pytest.mark.parametrize("setting", ["password", "secret_string"])
def test_no_secret_reaches_the_state(setting: str) -> None:
    """Write-only arguments end in _wo; the plain ones would be kept in the state."""
    for found in resources("aws_db_instance", "aws_secretsmanager_secret_version"):
        assert setting not in found.body, found


def test_secrets_are_encrypted_with_the_environments_key() -> None:
    for secret in resources("aws_secretsmanager_secret"):
        assert secret.body["kms_key_id"] == "${var.key_arn}", secret


@pytest.mark.parametrize(
    "kind",
    [
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_public_access_block",
        "aws_s3_bucket_versioning",
    ],
)
def test_every_bucket_of_the_lake_is_covered(kind: str) -> None:
    (found,) = (found for found in resources(kind) if "lake" in found.file.parts)
    assert found.body["for_each"] == "${local.bucket_names}"


@pytest.mark.parametrize("kind", ["aws_s3_bucket_public_access_block"])
def test_no_bucket_can_be_public(kind: str) -> None:
    for found in resources(kind):
        switches = {key: value for key, value in found.body.items() if "public" in key}
        assert len(switches) == 4, found
        assert set(switches.values()) == {True}, found


def test_buckets_take_tls_only() -> None:
    policies = [
        found
        for folder in folders()
        for found in blocks(folder, "data")
        if found.labels[0] == "aws_iam_policy_document"
        and any(inner.get("sid") == "TlsOnly" for inner in found.body.get("statement", ()))
    ]
    guarded = {found.labels[1] for found in policies}
    assert {"data", "logs", "state"} <= guarded


def test_only_the_load_balancer_is_open_and_only_for_tls() -> None:
    for rule in resources("aws_vpc_security_group_ingress_rule"):
        if "0.0.0.0/0" in str(rule.body.get("cidr_ipv4")) or "each.value" in str(
            rule.body.get("cidr_ipv4")
        ):
            assert rule.labels[1] == "load_balancer", rule
            assert (rule.body["from_port"], rule.body["to_port"]) == (443, 443), rule
    assert not resources("aws_security_group_rule")
    for group in resources("aws_security_group"):
        assert "ingress" not in group.body, f"{group} has a rule of its own: make it a resource"


def test_no_task_has_a_public_address() -> None:
    (service,) = resources("aws_ecs_service")
    assert service.body["network_configuration"][0]["assign_public_ip"] is False
    for subnet in resources("aws_subnet"):
        assert subnet.body.get("map_public_ip_on_launch", False) is False, subnet


def test_every_role_has_the_boundary_but_those_of_github() -> None:
    for role in resources("aws_iam_role"):
        if role.labels[1] in {"deploy", "reader"}:
            assert role.body["path"] == "/deploy/"  # outside the path whose roles it may change
        else:
            assert "permissions_boundary" in role.body, role


def test_who_reads_the_lake_cannot_change_it() -> None:
    assert actions("read_lake") == {
        "s3:GetBucketLocation", "s3:ListBucket", "s3:GetObject", "kms:Decrypt",
    }  # fmt: skip


def test_a_writer_can_hold_a_lease_and_cannot_delete_what_landed() -> None:
    by_sid = {statement["sid"]: statement for statement in statements("write_lake")}
    assert {"s3:PutObject", "s3:GetObject", "s3:DeleteObject"} <= set(by_sid["Write"]["actions"])
    assert any("lakehouse" in resource for resource in by_sid["Write"]["resources"])
    assert "s3:DeleteObject" not in by_sid["Land"]["actions"]
    assert not any("landing" in resource for resource in by_sid["Write"]["resources"])


@pytest.mark.parametrize(
    "document", ["read_lake", "write_lake", "keep_models", "catalogue", "start_flows", "run_jobs",
                 "job_logs", "send_mail"],
)  # fmt: skip
def test_a_task_may_do_named_things_to_named_resources(document: str) -> None:
    takes_no_resource = {"ecs:DescribeTaskDefinition"}
    for statement in statements(document):
        assert not [action for action in statement["actions"] if "*" in action], statement["sid"]
        if statement["resources"] == ["*"]:
            assert set(statement["actions"]) <= takes_no_resource, statement["sid"]


def test_what_may_be_passed_may_be_passed_to_one_service() -> None:
    for document in ("start_flows", "run_jobs"):
        passing = [s for s in statements(document) if "iam:PassRole" in s["actions"]]
        assert passing
        for statement in passing:
            (condition,) = statement["condition"]
            assert condition["variable"] == "iam:PassedToService"


@pytest.mark.parametrize(
    ("document", "environment"),
    [("github", "${var.environment}"), ("reader_github", "${var.reader.environment}")],
)
def test_github_comes_in_from_one_environment_of_one_repository(
    document: str, environment: str
) -> None:
    (statement,) = statements(document)
    claims = {c["variable"].rpartition(":")[2]: c for c in statement["condition"]}
    assert claims["sub"]["test"] == "StringEquals"
    assert claims["sub"]["values"] == [f"repo:${{var.repository}}:environment:{environment}"]
    assert claims["aud"]["values"] == ["sts.amazonaws.com"]


def test_checks_that_are_skipped_say_why() -> None:
    for module in ("bootstrap", *(f"modules/{name}" for name in MODULES)):
        for file in (TERRAFORM / module).glob("*.tf"):
            for skip in re.findall(r"checkov:skip=(.*)", file.read_text()):
                reason = skip.partition(":")[2]
                assert len(reason) > 5, f"{file.name}: {skip} gives no reason"


def test_nothing_listens_at_plain_http() -> None:
    (listener,) = resources("aws_lb_listener")
    assert (listener.body["port"], listener.body["protocol"]) == (443, "HTTPS")
    assert "TLS13" in listener.body["ssl_policy"]


def test_pages_for_people_ask_for_a_login() -> None:
    routes = re.findall(
        r"health_path = \"([^\"]+)\",?\s+login\s*= (true|false)",
        text(TERRAFORM / "modules" / "orchestration") + text(TERRAFORM / "modules" / "tracking"),
    )
    assert dict(routes) == {
        "/api/health": "true",
        "/health": "true",
        "/_stcore/health": "true",
        "/v1/health": "false",  # programs bring a key
    }
