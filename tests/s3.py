"""An S3 of this machine alone: moto's server in a process of its own, and buckets in it."""

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

REGION = "eu-north-1"
_PATIENCE_SECONDS = 60.0


@contextmanager
def served(folder: Path) -> Iterator[dict[str, str]]:
    """The variables by which AWS's clients find it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    program = Path(sys.executable).with_name("moto_server")
    with (folder / "moto.log").open("wb") as log:
        server = subprocess.Popen(
            [program, "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log
        )
        try:
            _await(address, server)
            yield {
                "AWS_ACCESS_KEY_ID": "tests",
                "AWS_SECRET_ACCESS_KEY": "tests",
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ENDPOINT_URL": address,
            }
        finally:
            server.kill()
            server.wait()


def new_bucket() -> str:
    """The name of an empty bucket of the S3 that the variables name."""
    import boto3

    name = f"lakehouse-{uuid.uuid4().hex[:12]}"
    where: Any = {"LocationConstraint": REGION}
    boto3.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=where)
    return name


@contextmanager
def entered(variables: dict[str, str]) -> Iterator[None]:
    """Variables of this process, for as long as the context lasts."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _await(address: str, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        assert server.poll() is None, "moto's server ended"
        try:
            if httpx.get(address, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise TimeoutError(f"moto's server does not answer within {_PATIENCE_SECONDS:.0f} s")
