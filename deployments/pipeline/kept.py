"""A Terraform plan (JSON on standard input) that deletes or replaces what holds data is refused."""

import json
import sys

HOLDS_DATA = (
    "aws_s3_bucket", "aws_db_instance", "aws_kms_key", "aws_secretsmanager_secret",
    "aws_glue_catalog_database", "aws_ecr_repository",
)  # fmt: skip


def lost(plan: dict) -> list[str]:
    """Addresses of resources that hold data and would go."""
    return [
        change["address"]
        for change in plan.get("resource_changes", [])
        if change["type"] in HOLDS_DATA and "delete" in change["change"]["actions"]
    ]


if __name__ == "__main__":
    gone = lost(json.load(sys.stdin))
    if gone:
        sys.exit(
            f"deploy: expected a plan that keeps all data; it would delete or replace {gone}. "
            "Nothing was changed. Do that by hand, with a backup, or change the release."
        )
