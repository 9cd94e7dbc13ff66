"""Where a lakehouse lies: a folder of this machine, or one of an S3 bucket ("s3://BUCKET/FOLDER").

Both are pathlib's paths to those who join, list, read and write them; cloudpathlib is imported
where S3 is used. Credentials, region and endpoint are those that AWS's own variables, files and
roles give (AWS_REGION, AWS_ENDPOINT_URL_S3 …), alike for boto3, delta-rs and Spark's S3A.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cloudpathlib import S3Client, S3Path

    Place = Path | S3Path
else:
    Place = Any

S3 = "s3://"


def place(given: str | Place) -> Place:
    """A folder or file, from its name. A relative folder of this machine is made absolute."""
    if isinstance(given, str) and given.startswith(S3):
        found: Place = _client().CloudPath(given.rstrip("/"))
        return found
    return Path(given).expanduser().resolve() if isinstance(given, str | Path) else given


@cache
def _client() -> "S3Client":
    from cloudpathlib import S3Client
    from cloudpathlib.enums import FileCacheMode

    # Nothing is kept of what was read: the next read may be of what another machine wrote since.
    return S3Client(file_cache_mode=FileCacheMode.close_file)


def endpoint() -> str | None:
    """The address of an S3 that is not AWS's own, if there is one."""
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")


def region() -> str | None:
    """The region that variables name, if any."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")


def storage_options(found: Place) -> dict[str, str]:
    """What delta-rs has to be told of a place beyond what it finds by itself."""
    address = None if isinstance(found, Path) else endpoint()
    if not address:
        return {}
    return {"endpoint_url": address, "allow_http": str(address.startswith("http://")).lower()}


def spark_uri(found: Place) -> str:
    """A place as Spark names it."""
    return str(found).replace(S3, "s3a://", 1)


@contextmanager
def whole(wanted: Place) -> Iterator[Path]:
    """A draft to write a file, or make a folder, at; it takes the place of `wanted` when the block
    ends well. A file is there whole or not at all, also after a kill; on S3 a folder's files come
    one by one, in the order of their names."""
    if isinstance(wanted, Path):
        draft = wanted.with_name(f"{wanted.name}.draft")
        try:
            yield draft
            os.replace(draft, wanted)
        except BaseException:
            remove(draft)
            raise
        return
    with tempfile.TemporaryDirectory() as scratch:
        draft = Path(scratch, wanted.name)
        yield draft
        files = sorted(file for file in draft.rglob("*") if file.is_file()) or [draft]
        for file in files:
            target = wanted if file == draft else wanted / file.relative_to(draft).as_posix()
            # In one request; cloudpathlib's own way asks for what is there three times before.
            target.client.client.put_object(
                Bucket=target.bucket, Key=target.key, Body=file.read_bytes()
            )


@contextmanager
def at_hand(found: Place) -> Iterator[Path]:
    """A file or folder to read on this machine: itself, or a copy for as long as the block lasts.

    Of what is not there the copy is empty.
    """
    if isinstance(found, Path):
        yield found
        return
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, found.name)
        if found.is_dir():
            found.download_to(copy)
        elif found.exists():
            copy.write_bytes(found.read_bytes())
        yield copy


@contextmanager
def filled(folder: Place) -> Iterator[Path]:
    """A folder to write files into, one by one: itself, or on S3 a draft whose files are put there
    when the block ends well."""
    if isinstance(folder, Path):
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with whole(folder) as draft:
        draft.mkdir()
        yield draft


def listing(folder: Place) -> Iterator[tuple[str, int]]:
    """The names of the files that lie in a folder, and when each was written, in ns; of none where
    there is no folder. One look, whatever their number."""
    if isinstance(folder, Path):
        with suppress(FileNotFoundError), os.scandir(folder) as entries:
            yield from ((entry.name, entry.stat().st_mtime_ns) for entry in entries)
        return
    pages = folder.client.client.get_paginator("list_objects_v2")
    prefix = f"{folder.key}/"
    for page in pages.paginate(Bucket=folder.bucket, Prefix=prefix, Delimiter="/"):
        for entry in page.get("Contents", ()):
            written = int(entry["LastModified"].timestamp() * 1e9)
            yield entry["Key"].removeprefix(prefix), written


def remove(found: Place) -> None:
    """Remove a file, or a folder and all that is in it; nothing where there is none."""
    if isinstance(found, Path):
        if found.is_file():
            found.unlink()
        shutil.rmtree(found, ignore_errors=True)
    elif found.exists():
        found.rmtree()
