"""Objects in MinIO."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from onering import connections, network

BRONZE = "bronze"
LAYERS = (BRONZE, "silver", "gold")
FULL = "XMinioStorageFull"
REMEDIES = {FULL: "Its volume is full: make room on the host's disk, then run the date again."}


class StorageError(RuntimeError):
    """MinIO refused, or can't be reached."""


@dataclass(frozen=True)
class StoredObject:
    key: str
    size: int
    etag: str


class Storage:
    def __init__(self, connection_id: str) -> None:
        at = connections.get(connection_id)
        endpoint = at.extra.get("endpoint_url") or f"http://{at.host}:{at.port}"
        self._name = f"MinIO at {endpoint} ({at.id})"
        self._client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id=at.login,
            aws_secret_access_key=at.password,
            region_name="us-east-1",
            config=Config(
                connect_timeout=network.CONNECT,
                read_timeout=network.DEAD_AFTER,
                retries={"max_attempts": 3, "mode": "standard"},
                tcp_keepalive=True,
                proxies={},
            ),
        )

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """A call that fails is told by the store's name, with what to do."""
        try:
            yield
        except ClientError as error:
            of = error.response["Error"]
            remedy = REMEDIES.get(of["Code"], network.REMEDY)
            raise StorageError(f"{self._name}: {what}: {of['Code']}: {of.get('Message')} {remedy}") from error
        except (BotoCoreError, HTTPClientError) as error:
            raise StorageError(f"{self._name} doesn't answer: {what}: {error}. {network.REMEDY}") from error

    def objects(self, bucket: str, prefix: str) -> list[StoredObject]:
        """All objects under a prefix, however many pages that takes."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        with self._told(f"list {bucket}/{prefix}"):
            return [
                StoredObject(item["Key"], item["Size"], item["ETag"].strip('"'))
                for page in pages
                for item in page.get("Contents", ())
            ]

    def folders(self, bucket: str) -> list[str]:
        """First parts of the keys there are, where a key has several."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Delimiter="/")
        with self._told(f"list {bucket}"):
            return [item["Prefix"].removesuffix("/") for page in pages for item in page.get("CommonPrefixes", ())]

    def put(self, bucket: str, key: str, body: bytes, content_type: str = "application/octet-stream") -> StoredObject:
        with self._told(f"write {bucket}/{key}"):
            answer = self._client.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)
        return StoredObject(key, len(body), answer["ETag"].strip('"'))

    def read_json(self, bucket: str, key: str) -> Any | None:
        """The document, or None when there is no such object."""
        with self._told(f"read {bucket}/{key}"):
            try:
                return json.loads(self._client.get_object(Bucket=bucket, Key=key)["Body"].read())
            except ClientError as error:
                if error.response["Error"]["Code"] == "NoSuchKey":
                    return None
                raise

    def put_json(self, bucket: str, key: str, document: Any) -> None:
        self.put(bucket, key, json.dumps(document, indent=1).encode(), "application/json")

    def delete(self, bucket: str, key: str) -> None:
        with self._told(f"delete {bucket}/{key}"):
            self._client.delete_object(Bucket=bucket, Key=key)

    def erase(self, bucket: str, prefix: str) -> int:
        """Delete all objects under a prefix with all their versions; how many there were."""
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
        with self._told(f"erase {bucket}/{prefix}"):
            found = [item for page in pages for kind in ("Versions", "DeleteMarkers") for item in page.get(kind, ())]
            for item in found:
                self._client.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])
        return len(found)

    def remove(self, bucket: str, prefix: str) -> None:
        """Delete all objects under a prefix."""
        for item in self.objects(bucket, prefix):
            self.delete(bucket, item.key)
