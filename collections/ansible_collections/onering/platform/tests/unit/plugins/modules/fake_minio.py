"""A MinIO server in memory behind the SDK's two clients; it answers errors with the SDK's own exceptions."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from minio.error import MinioAdminException, S3Error
from minio.versioningconfig import VersioningConfig


def s3_error(code: str, message: str = "no") -> S3Error:
    return S3Error(None, code, message, None, None, None)


def admin_error(code: str, message: str = "no", status: str = "404") -> MinioAdminException:
    return MinioAdminException(status, json.dumps({"Code": code, "Message": message}))


class FakeServer:
    ROOT = ("root", "rootsecret")

    def __init__(self) -> None:
        self.buckets: dict[str, dict[str, Any]] = {}
        self.policies: dict[str, dict[str, Any]] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []

    def client(self, address: str, **options: Any) -> FakeS3:
        self.address = address
        return FakeS3(self)

    def admin(self, *, credentials: Any, **options: Any) -> FakeAdmin:
        account = credentials.retrieve()
        return FakeAdmin(self, account.access_key, account.secret_key)


class FakeS3:
    def __init__(self, server: FakeServer) -> None:
        self.server = server

    def _write(self, what: str, bucket: str) -> dict[str, Any]:
        self.server.calls.append(f"{what} {bucket}")
        return self.server.buckets[bucket]

    def bucket_exists(self, bucket):
        if bucket == "forbidden":
            raise s3_error("AccessDenied", "Access denied.")
        return bucket in self.server.buckets

    def make_bucket(self, bucket, object_lock=False):
        self.server.buckets[bucket] = {"lock": SimpleNamespace(mode=None) if object_lock else None, "objects": []}
        self._write("make", bucket)["versioning"] = VersioningConfig("Enabled" if object_lock else None)

    def remove_bucket(self, bucket):
        assert not self.server.buckets[bucket]["objects"]
        self._write("remove", bucket)
        del self.server.buckets[bucket]

    def list_objects(self, bucket, recursive, include_version):
        return iter(list(self.server.buckets[bucket]["objects"]))

    def remove_objects(self, bucket, objects):
        kept = []
        for item in objects:
            if item.name == "locked":
                kept.append(item)
                yield SimpleNamespace(name="locked", code="AccessDenied", message="it is locked")
        self._write("empty", bucket)["objects"] = kept

    def get_bucket_versioning(self, bucket):
        return self.server.buckets[bucket]["versioning"]

    def set_bucket_versioning(self, bucket, config):
        self._write("versioning", bucket)["versioning"] = config

    def get_object_lock_config(self, bucket):
        lock = self.server.buckets[bucket]["lock"]
        if lock is None:
            raise s3_error("ObjectLockConfigurationNotFoundError")
        return lock

    def set_object_lock_config(self, bucket, config):
        self._write("retention", bucket)["lock"] = config

    def get_bucket_tags(self, bucket):
        return self.server.buckets[bucket].get("tags")

    def set_bucket_tags(self, bucket, tags):
        self._write("tags", bucket)["tags"] = tags

    def delete_bucket_tags(self, bucket):
        del self._write("no-tags", bucket)["tags"]

    def get_bucket_lifecycle(self, bucket):
        return self.server.buckets[bucket].get("lifecycle")

    def set_bucket_lifecycle(self, bucket, config):
        self._write("lifecycle", bucket)["lifecycle"] = config

    def delete_bucket_lifecycle(self, bucket):
        del self._write("no-lifecycle", bucket)["lifecycle"]

    def get_bucket_policy(self, bucket):
        if "policy" not in self.server.buckets[bucket]:
            raise s3_error("NoSuchBucketPolicy")
        return self.server.buckets[bucket]["policy"]

    def set_bucket_policy(self, bucket, policy):
        self._write("policy", bucket)["policy"] = policy

    def delete_bucket_policy(self, bucket):
        del self._write("no-policy", bucket)["policy"]


class FakeAdmin:
    def __init__(self, server: FakeServer, access_key: str, secret_key: str) -> None:
        self.server = server
        self.access_key = access_key
        self.secret_key = secret_key

    def account_info(self):
        user = self.server.users.get(self.access_key)
        if user is None or not user["enabled"]:
            raise admin_error("InvalidAccessKeyId", status="403")
        if user["secret"] != self.secret_key:
            raise admin_error("SignatureDoesNotMatch", status="403")
        return "{}"

    def bucket_quota_get(self, bucket):
        return json.dumps({"quota": 0, "size": self.server.buckets[bucket].get("quota", 0)})

    def bucket_quota_set(self, bucket, size):
        self.server.calls.append(f"quota {bucket}")
        self.server.buckets[bucket]["quota"] = size

    def policy_info(self, name):
        if name not in self.server.policies:
            raise admin_error("XMinioAdminNoSuchPolicy")
        return json.dumps(self.server.policies[name])

    def policy_add(self, name, policy):
        self.server.calls.append(f"write {name}")
        if any("s3:Bogus" in statement["Action"] for statement in policy["Statement"]):
            raise admin_error("XMinioMalformedIAMPolicy", "unsupported action 's3:Bogus'", "400")
        self.server.policies[name] = policy

    def policy_remove(self, name):
        self.server.calls.append(f"remove {name}")
        del self.server.policies[name]

    def get_policy_entities(self, users, groups, policies):
        holders = [name for name, user in self.server.users.items() if policies[0] in user["policies"]]
        return json.dumps({"policyMappings": [{"policy": policies[0], "users": holders}] if holders else None})

    def _user(self, name):
        if name not in self.server.users:
            raise admin_error("XMinioAdminNoSuchUser")
        return self.server.users[name]

    def user_info(self, name):
        user = self._user(name)
        info = {"status": "enabled" if user["enabled"] else "disabled"}
        return json.dumps({**info, "policyName": ",".join(user["policies"])} if user["policies"] else info)

    def user_add(self, name, secret):
        self.server.calls.append(f"secret {name}")
        user = self.server.users.setdefault(name, {"policies": []})
        user.update(secret=secret, enabled=True)

    def user_enable(self, name):
        self.server.calls.append(f"enable {name}")
        self._user(name)["enabled"] = True

    def user_disable(self, name):
        self.server.calls.append(f"disable {name}")
        self._user(name)["enabled"] = False

    def user_remove(self, name):
        self.server.calls.append(f"remove {name}")
        del self.server.users[name]

    def policy_set(self, policies, user):
        self.server.calls.append(f"policies {user}")
        if not self._user(user)["enabled"]:  # as the real server does
            raise admin_error("XMinioAdminNoSuchUser")
        self.server.users[user]["policies"] = [name for name in policies.split(",") if name]
