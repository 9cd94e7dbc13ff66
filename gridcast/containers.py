"""What only containers start: `python -m gridcast.containers tables|bucket|worker`.

tables makes the tables that are missing, bucket the bucket of MLflow's files; neither does anything
where it is done. worker registers pool and deployments at Prefect's server, then works for it.
"""

import os
import sys

from lakehouse.arrow import ArrowTables
from lakehouse.errors import ConfigError, GridcastError
from lakehouse.settings import load_settings
from lakehouse.tables import TABLES


def tables() -> None:
    """The tables of GRIDCAST_LAKEHOUSE, empty where they are not there."""
    ArrowTables(load_settings().lakehouse).create_missing(TABLES)


def bucket() -> None:
    """The bucket ARTIFACTS_BUCKET of the store that AWS_ENDPOINT_URL_S3 names."""
    import boto3

    store = boto3.client("s3", endpoint_url=_told("AWS_ENDPOINT_URL_S3"))
    name = _told("ARTIFACTS_BUCKET")
    if name not in [one["Name"] for one in store.list_buckets()["Buckets"]]:
        store.create_bucket(Bucket=name)


def worker() -> None:
    """A worker at the server that PREFECT_API_URL names; takes this process's place."""
    from gridcast.up import work

    work(_told("PREFECT_API_URL").removesuffix("/api"))


_WORK = {"tables": tables, "bucket": bucket, "worker": worker}


def _told(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise ConfigError(
            f"Expected the variable {variable}; it is not set. deployments/compose.yaml sets it."
        )
    return value


def main(arguments: list[str]) -> int:
    """Do what is named; 2 and a sentence where that is not possible."""
    try:
        if len(arguments) != 1 or arguments[0] not in _WORK:
            raise ConfigError(f"Expected one of {list(_WORK)}, got {arguments}.")
        _WORK[arguments[0]]()
    except GridcastError as fault:
        print(f"gridcast: {fault}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
