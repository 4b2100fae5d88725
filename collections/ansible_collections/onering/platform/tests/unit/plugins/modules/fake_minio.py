"""A MinIO server in memory behind the SDK's two clients; it answers errors with the SDK's own exceptions."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from ansible_collections.onering.platform.plugins.module_utils import minio as backend
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
        self.groups: dict[str, dict[str, Any]] = {}
        self.service_accounts: dict[str, dict[str, Any]] = {}
        self.keys: tuple[str, ...] | None = ("first-key",)
        self.calls: list[str] = []

    def install(self, monkeypatch: Any) -> FakeServer:
        monkeypatch.setattr(backend, "Minio", self.client)
        monkeypatch.setattr(backend, "MinioAdmin", self.admin)
        monkeypatch.setattr(backend, "encrypt", lambda body, secret: body)
        return self

    def client(self, address: str, access_key: str, secret_key: str, http_client: Any, **options: Any) -> FakeS3:
        self.address = address
        http_client.request = self.request
        return FakeS3(self, access_key, secret_key)

    def request(self, method: str, url: tuple[str, str]) -> Any:
        """The answer to a signed address, which is here the pair that signed it."""
        code = self.refuses(*url) or "NoSuchBucket"
        return SimpleNamespace(data=f"<Error><Code>{code}</Code></Error>".encode())

    def refuses(self, access_key: str, secret_key: str) -> str:
        account = self.users.get(access_key) or self.service_accounts.get(access_key)
        if account is None or not account["enabled"]:
            return "InvalidAccessKeyId"
        return "" if account["secret"] == secret_key else "SignatureDoesNotMatch"

    def admin(self, *, credentials: Any, **options: Any) -> FakeAdmin:
        account = credentials.retrieve()
        return FakeAdmin(self, account.access_key, account.secret_key)


class FakeS3:
    def __init__(self, server: FakeServer, access_key: str, secret_key: str) -> None:
        self.server = server
        self.account = (access_key, secret_key)

    def get_presigned_url(self, method, bucket, name, expires):
        return self.account

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

    def get_bucket_encryption(self, bucket):
        return self.server.buckets[bucket].get("encryption")

    def set_bucket_encryption(self, bucket, config):
        self._write("encryption", bucket)["encryption"] = config

    def delete_bucket_encryption(self, bucket):
        del self._write("no-encryption", bucket)["encryption"]


class FakeAdmin:
    def __init__(self, server: FakeServer, access_key: str, secret_key: str) -> None:
        self.server = server
        self.access_key = access_key
        self.secret_key = secret_key

    def kms_key_status(self, key):
        if self.server.keys is None:
            raise admin_error("NotImplemented", "KMS is not configured", "501")
        found = {"key-id": key or self.server.keys[0]}
        if key and key not in self.server.keys:
            found["encryption-error"] = "key with given key ID does not exist"
        return json.dumps(found)

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
        if groups:
            found = [{"group": name, "policies": self.server.groups[name]["policies"]} for name in groups]
            return json.dumps({"groupMappings": [entry for entry in found if entry["policies"]] or None})
        holders = {
            kind: [name for name, its in accounts.items() if policies[0] in its["policies"]] or None
            for kind, accounts in (("users", self.server.users), ("groups", self.server.groups))
        }
        return json.dumps({"policyMappings": [{"policy": policies[0], **holders}] if any(holders.values()) else None})

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

    def policy_set(self, policies, user=None, group=None):
        self.server.calls.append(f"policies {user or group}")
        if user and not self._user(user)["enabled"]:  # as the real server does
            raise admin_error("XMinioAdminNoSuchUser")
        account = self.server.users[user] if user else self.server.groups[group]
        account["policies"] = [name for name in policies.split(",") if name]

    def group_info(self, name):
        if name not in self.server.groups:
            raise admin_error("XMinioAdminNoSuchGroup")
        group = self.server.groups[name]
        said = ",".join(group["policies"]) if group["enabled"] else ""  # as the real server does
        status = "enabled" if group["enabled"] else "disabled"
        return json.dumps({"name": name, "status": status, "members": group["members"], "policy": said})

    def group_add(self, name, members):
        self.server.calls.append(f"add {','.join(members)} to {name}")
        for member in members:
            self._user(member)
        group = self.server.groups.setdefault(name, {"members": [], "policies": [], "enabled": True})
        group["members"] = sorted({*group["members"], *members})

    def group_remove(self, name, members=None):
        group = self.server.groups[name]
        if members is None:
            assert not group["members"], "MinIO removes only an empty group"
            self.server.calls.append(f"remove {name}")
            del self.server.groups[name]
        else:
            self.server.calls.append(f"take {','.join(members)} out of {name}")
            group["members"] = [member for member in group["members"] if member not in members]

    def group_enable(self, name):
        self.server.calls.append(f"enable {name}")
        self.server.groups[name]["enabled"] = True

    def group_disable(self, name):
        self.server.calls.append(f"disable {name}")
        self.server.groups[name]["enabled"] = False

    def get_service_account(self, name):
        if name in self.server.users or name == "forbidden":  # as the real server does
            raise admin_error("AccessDenied", "Access Denied.", "403")
        if name not in self.server.service_accounts:
            raise admin_error("XMinioInvalidIAMCredentials")
        account = self.server.service_accounts[name]
        said = {key: account[key] for key in ("name", "description", "expiration") if account.get(key)}
        return json.dumps(
            {
                "parentUser": account["parent"],
                "accountStatus": "on" if account["enabled"] else "off",
                "impliedPolicy": not account.get("policy"),
                "policy": json.dumps(account.get("policy") or {"Version": "", "Statement": None}),
                **said,
            }
        )

    def _url_open(self, *, method, command, body):
        assert (method, command.value) == ("PUT", "add-service-account")
        asked = json.loads(body)
        name, parent = asked.pop("accessKey"), asked.pop("targetUser")
        if parent not in (self.access_key, *self.server.users):
            raise admin_error("XMinioAdminNoSuchUser", f"Specified target user {parent} does not exist")
        self.server.calls.append(f"make {name}")
        account = {"parent": parent, "secret": asked.pop("secretKey"), "enabled": True, **asked}
        self.server.service_accounts[name] = account

    def update_service_account(self, *, access_key, secret_key, name, description, policy, expiration, status):
        self.server.calls.append(f"change {access_key}")
        account = self.server.service_accounts[access_key]
        given = {"secret": secret_key, "name": name, "description": description}
        account.update({key: value for key, value in given.items() if value})
        account["policy"] = policy  # as the real server does: none means that it has none
        account["expiration"] = None if expiration == "1970-01-01T00:00:00Z" else expiration
        account["enabled"] = status == "on"

    def delete_service_account(self, access_key):
        self.server.calls.append(f"remove {access_key}")
        del self.server.service_accounts[access_key]
