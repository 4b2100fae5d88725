#!/usr/bin/python
# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
# Apache License 2.0 (see LICENSE or https://www.apache.org/licenses/LICENSE-2.0)

from __future__ import annotations

DOCUMENTATION = r"""
module: minio_bucket
short_description: Manage buckets of MinIO
version_added: 0.1.0
description:
  - Creates, changes and removes buckets with versioning, object lock, quota, tags, lifecycle, encryption and anonymous
    access.
  - An option that is left out is neither read nor touched.
  - All buckets are compared before the first is changed.
author:
  - OneRing contributors (@onering)
options:
  buckets:
    description: Several buckets in one call. Instead of O(name) and its companions.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the bucket.
        type: str
        required: true
      versioning:
        description: Whether versions of objects are kept. V(false) suspends it; versions that are there stay.
        type: bool
      object_lock:
        description: Whether objects can be locked. Only possible for a new bucket; brings versioning with it.
        type: bool
      retention:
        description: How long a new object is locked. Needs O(object_lock).
        type: dict
        suboptions:
          mode:
            description: V(none) removes the rule. Nobody can shorten V(compliance).
            type: str
            choices: [none, governance, compliance]
            required: true
          days:
            description: Days. Needed unless RV(ignore:mode) is none.
            type: int
      quota:
        description: Size the bucket may have, such as V(10GB) (powers of 1024) or bytes. V(0) means no limit.
        type: bytes
      tags:
        description: Exactly these tags, none of them empty. An empty dictionary removes all.
        type: dict
      lifecycle:
        description: Exactly these rules. An empty list removes all.
        type: list
        elements: dict
        suboptions:
          id:
            description: Name of the rule, each a different one. Its prefix, or V(all), if left out.
            type: str
          prefix:
            description: Only objects whose key starts with this.
            type: str
            default: ""
          tags:
            description: Only objects that have all of these tags, none of them empty.
            type: dict
            default: {}
          expire_days:
            description: Remove objects this many days after they were made.
            type: int
          expire_delete_markers:
            description:
              - Remove the mark of a removed object once it has no versions left.
              - Not together with O(buckets[].lifecycle[].expire_days).
            type: bool
            default: false
          noncurrent_expire_days:
            description: Remove versions this many days after a newer one replaced them.
            type: int
          noncurrent_keep:
            description: How many of the versions that newer ones replaced are kept in any case.
            type: int
          enabled:
            description: Whether the rule is in force.
            type: bool
            default: true
      anonymous:
        description:
          - What people without an account may do. Replaces any other policy the bucket has.
          - V(download) is reading an object whose key they know, not listing. V(document) is another word for it.
          - V(upload) is writing objects, over others too, not reading, listing or removing them.
        type: str
        choices: [none, download, upload, document]
      encryption:
        description: How objects are encrypted that come without a word about it. The server needs a key management.
        type: dict
        suboptions:
          mode:
            description: V(sse-s3) is with the server's own key, V(sse-kms) with O(buckets[].encryption.kms_key).
            type: str
            choices: [none, sse-s3, sse-kms]
            required: true
          kms_key:
            description: Name of the key, which must exist. Needed for V(sse-kms).
            type: str
  name:
    description: Name of the bucket. Instead of O(buckets).
    type: str
  versioning:
    description: See O(buckets[].versioning).
    type: bool
  object_lock:
    description: See O(buckets[].object_lock).
    type: bool
  retention:
    description: See O(buckets[].retention).
    type: dict
    suboptions:
      mode:
        description: See O(buckets[].retention.mode).
        type: str
        choices: [none, governance, compliance]
        required: true
      days:
        description: See O(buckets[].retention.days).
        type: int
  quota:
    description: See O(buckets[].quota).
    type: bytes
  tags:
    description: See O(buckets[].tags).
    type: dict
  lifecycle:
    description: See O(buckets[].lifecycle).
    type: list
    elements: dict
    suboptions:
      id:
        description: See O(buckets[].lifecycle[].id).
        type: str
      prefix:
        description: See O(buckets[].lifecycle[].prefix).
        type: str
        default: ""
      tags:
        description: See O(buckets[].lifecycle[].tags).
        type: dict
        default: {}
      expire_days:
        description: See O(buckets[].lifecycle[].expire_days).
        type: int
      expire_delete_markers:
        description: See O(buckets[].lifecycle[].expire_delete_markers).
        type: bool
        default: false
      noncurrent_expire_days:
        description: See O(buckets[].lifecycle[].noncurrent_expire_days).
        type: int
      noncurrent_keep:
        description: See O(buckets[].lifecycle[].noncurrent_keep).
        type: int
      enabled:
        description: See O(buckets[].lifecycle[].enabled).
        type: bool
        default: true
  anonymous:
    description: See O(buckets[].anonymous).
    type: str
    choices: [none, download, upload, document]
  encryption:
    description: See O(buckets[].encryption).
    type: dict
    suboptions:
      mode:
        description: See O(buckets[].encryption.mode).
        type: str
        choices: [none, sse-s3, sse-kms]
        required: true
      kms_key:
        description: See O(buckets[].encryption.kms_key).
        type: str
  state:
    description: V(absent) removes a bucket, V(gathered) reads everything about it.
    type: str
    choices: [present, absent, gathered]
    default: present
  force:
    description: With O(state=absent), remove a bucket with all its objects and versions. Without it that is refused.
    type: bool
    default: false
extends_documentation_fragment:
  - onering.platform.attributes
  - onering.platform.minio
seealso:
  - module: onering.platform.minio_policy
  - module: onering.platform.minio_user
"""

EXAMPLES = r"""
- name: Make the buckets of the layers
  onering.platform.minio_bucket:
    endpoint: http://172.29.10.2:9000
    access_key: onering-root
    secret_key: "{{ minio_root_password }}"
    buckets:
      - name: bronze
        versioning: true
        lifecycle:
          - {id: old-versions, noncurrent_expire_days: 30}
          - {id: scratch, prefix: tmp/, tags: {keep: "no"}, expire_days: 7}
      - name: silver
        quota: 50GB
        encryption: {mode: sse-s3}
      - name: data-docs
        anonymous: download

- name: Keep an archive nobody can shorten
  onering.platform.minio_bucket:
    name: archive
    object_lock: true
    retention: {mode: compliance, days: 3650}

- name: Remove a bucket and all that is in it
  onering.platform.minio_bucket:
    name: scratch
    state: absent
    force: true
"""

RETURN = r"""
results:
  description: One entry for each bucket, in the order given.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the bucket.
      type: str
    changed:
      description: Whether it was (in check mode, would be) created, changed or removed.
      type: bool
    bucket:
      description: The bucket as it now is, as far as it was asked about. Not there for one that is absent.
      type: dict
      sample: {name: bronze, versioning: true}
done:
  description: Buckets changed before another one failed.
  returned: failure while changing
  type: list
  elements: str
failed_on:
  description: The bucket that could not be changed.
  returned: failure while changing
  type: str
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils.minio import Store, arguments, each
from ansible_collections.onering.platform.plugins.module_utils.minio_statements import ARN, VERSION, from_document
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError, Resource, run

try:
    from minio.commonconfig import DISABLED, ENABLED, AndOperator, Filter, Tag, Tags
    from minio.deleteobjects import DeleteObject
    from minio.lifecycleconfig import Expiration, LifecycleConfig, NoncurrentVersionExpiration, Rule
    from minio.objectlockconfig import DAYS, ObjectLockConfig
    from minio.sseconfig import AES256, SSEConfig
    from minio.sseconfig import Rule as EncryptionRule
    from minio.versioningconfig import SUSPENDED, VersioningConfig
except ImportError:
    pass  # Store says so

# What a bucket is when it has just been made.
NEW: dict[str, Any] = {
    "versioning": False,
    "object_lock": False,
    "retention": {"mode": "none"},
    "quota": 0,
    "tags": {},
    "lifecycle": [],
    "anonymous": "none",
    "encryption": {"mode": "none"},
}

# What anybody may do with objects. None of it is listing.
ANONYMOUS = {
    "download": ["s3:GetObject"],
    "document": ["s3:GetObject"],
    "upload": ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"],
}
TAG = re.compile(r"[A-Za-z0-9 _.:/=+@-]+")
# What a lifecycle rule can do: it has to do one of these.
ACTIONS = ("expire_days", "expire_delete_markers", "noncurrent_expire_days", "noncurrent_keep")
EVERYBODY = ("*", {"AWS": "*"}, {"AWS": ["*"]})

NO_KMS = ("NotImplemented",)

LIFECYCLE: dict[str, Any] = {
    "id": {"type": "str"},
    "prefix": {"type": "str", "default": ""},
    "tags": {"type": "dict", "default": {}},
    "expire_days": {"type": "int"},
    "expire_delete_markers": {"type": "bool", "default": False},
    "noncurrent_expire_days": {"type": "int"},
    "noncurrent_keep": {"type": "int"},
    "enabled": {"type": "bool", "default": True},
}
BUCKET: dict[str, Any] = {
    "name": {"type": "str"},
    "versioning": {"type": "bool"},
    "object_lock": {"type": "bool"},
    "retention": {
        "type": "dict",
        "options": {
            "mode": {"type": "str", "choices": ["none", "governance", "compliance"], "required": True},
            "days": {"type": "int"},
        },
        "required_if": [("mode", "governance", ["days"]), ("mode", "compliance", ["days"])],
    },
    "quota": {"type": "bytes"},
    "tags": {"type": "dict"},
    "lifecycle": {
        "type": "list",
        "elements": "dict",
        "options": LIFECYCLE,
    },
    "anonymous": {"type": "str", "choices": ["none", *ANONYMOUS]},
    "encryption": {
        "type": "dict",
        "options": {
            "mode": {"type": "str", "choices": ["none", "sse-s3", "sse-kms"], "required": True},
            "kms_key": {"type": "str", "no_log": False},
        },
        "required_if": [("mode", "sse-kms", ["kms_key"])],
    },
}


class Bucket(Resource):
    """A bucket, as far as the user speaks about it: each key of `wanted` is one aspect with a `_get_` and a `_set_`."""

    def __init__(self, store: Store, options: dict[str, Any], state: str, force: bool) -> None:
        self.store = store
        self.name = options["name"]
        self.state = state
        self.force = force
        self.wanted = wanted(options)
        self.aspects = {"gathered": list(NEW), "absent": []}.get(state, list(self.wanted))

    def read(self) -> dict[str, Any] | None:
        if not self.store.ask(f"look for bucket {self.name}", self.store.s3.bucket_exists, self.name):
            return None
        return {"name": self.name, **{aspect: getattr(self, f"_get_{aspect}")() for aspect in self.aspects}}

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any] | None:
        if self.state == "absent":
            if current is not None and not self.force and self._has_objects():
                raise BackendError(
                    f"remove bucket {self.name}", "it has objects or versions", "Set force: true to remove them too"
                )
            return None
        self._refuse_impossible_locks(current)
        refuse_impossible_tags(self.name, self.wanted.get("tags", {}))
        refuse_impossible_rules(self.name, self.wanted.get("lifecycle", []))
        self._refuse_impossible_encryption(current)
        return {"name": self.name, **self.wanted}

    def _refuse_impossible_locks(self, current: dict[str, Any] | None) -> None:
        lock = self.wanted.get("object_lock")
        if current is not None and lock is not None and lock != current["object_lock"]:
            raise BackendError(
                f"switch object lock of bucket {self.name} {'on' if lock else 'off'}",
                "it is decided when a bucket is made",
                "Make another bucket and copy the objects",
            )
        wants_none = self.wanted.get("versioning") is False
        retention = self.wanted.get("retention", NEW["retention"])
        if not wants_none and retention["mode"] == "none":
            return
        if lock is None:
            lock = current is not None and self._get_object_lock()
        if lock and wants_none:
            raise BackendError(
                f"keep bucket {self.name} with object lock and without versioning", "locking needs versions"
            )
        if not lock and retention["mode"] != "none":
            raise BackendError(
                f"set retention of bucket {self.name}", "it has no object lock", "Make it with object_lock: true"
            )
        if retention.get("days", 1) < 1:
            raise BackendError(f"set retention of bucket {self.name}", "days is less than 1", "Give 1 or more")

    def _refuse_impossible_encryption(self, current: dict[str, Any] | None) -> None:
        wanted = self.wanted.get("encryption", NEW["encryption"])
        if wanted["mode"] == "none" or (current is not None and current["encryption"] == wanted):
            return
        asked = f"encrypt bucket {self.name}"
        key = wanted.get("kms_key", "")
        text = self.store.ask(f"look for the key to {asked}", self.store.admin.kms_key_status, key, absent=NO_KMS)
        if text is None:
            raise BackendError(
                asked, "MinIO has no key management", "Start it with MINIO_KMS_SECRET_KEY, and always with the same"
            )
        error = json.loads(text).get("encryption-error")
        if error:
            raise BackendError(asked, f"of key {key} it says: {error}", "Name a key that MinIO has")

    def write(self, current: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        before = current or NEW
        if current is None:
            self.store.ask(
                f"make bucket {self.name}",
                self.store.s3.make_bucket,
                self.name,
                object_lock=bool(desired.get("object_lock")),
            )
        for aspect in self.wanted:
            if desired[aspect] != before[aspect] and aspect != "object_lock":
                getattr(self, f"_set_{aspect}")(desired[aspect])

    def delete(self, current: dict[str, Any]) -> None:
        if self.force:
            self._empty()
        self._ask("remove", self.store.s3.remove_bucket)

    def returns(self, state: dict[str, Any] | None) -> dict[str, Any]:
        return {} if state is None else {"bucket": state}

    def _ask(self, asked: str, function: Any, *args: Any, absent: tuple[str, ...] = ()) -> Any:
        return self.store.ask(f"{asked} bucket {self.name}", function, self.name, *args, absent=absent)

    # -- contents

    def _versions(self) -> Any:
        return self.store.s3.list_objects(self.name, recursive=True, include_version=True)

    def _has_objects(self) -> bool:
        return self.store.ask(f"look into bucket {self.name}", lambda: next(iter(self._versions()), None)) is not None

    def _empty(self) -> None:
        def remove_all() -> list[Any]:
            objects = (DeleteObject(item.object_name, item.version_id) for item in self._versions())
            return list(self.store.s3.remove_objects(self.name, objects))

        errors = self.store.ask(f"empty bucket {self.name}", remove_all)
        if errors:
            first = errors[0]
            raise BackendError(
                f"empty bucket {self.name}", f"{len(errors)} objects stay; {first.name}: {first.code}: {first.message}"
            )

    # -- aspects

    def _get_versioning(self) -> bool:
        return bool(self._ask("read versioning of", self.store.s3.get_bucket_versioning).status == ENABLED)

    def _set_versioning(self, on: bool) -> None:
        config = VersioningConfig(ENABLED if on else SUSPENDED)
        self._ask("set versioning of", self.store.s3.set_bucket_versioning, config)

    def _lock(self) -> Any:
        return self._ask(
            "read object lock of",
            self.store.s3.get_object_lock_config,
            absent=("ObjectLockConfigurationNotFoundError",),
        )

    def _get_object_lock(self) -> bool:
        return self._lock() is not None

    def _get_retention(self) -> dict[str, Any]:
        lock = self._lock()
        if lock is None or lock.mode is None:
            return {"mode": "none"}
        days = lock.duration if lock.duration_unit == DAYS else lock.duration * 365
        return {"mode": lock.mode.lower(), "days": days}

    def _set_retention(self, retention: dict[str, Any]) -> None:
        if retention["mode"] == "none":
            config = ObjectLockConfig(None, None, None)
        else:
            config = ObjectLockConfig(retention["mode"].upper(), retention["days"], DAYS)
        self._ask("set retention of", self.store.s3.set_object_lock_config, config)

    def _get_quota(self) -> int:
        quota = json.loads(self._ask("read quota of", self.store.admin.bucket_quota_get))
        return int(quota.get("size") or quota.get("quota") or 0)

    def _set_quota(self, size: int) -> None:
        self._ask("set quota of", self.store.admin.bucket_quota_set, size)

    def _get_tags(self) -> dict[str, str]:
        return dict(self._ask("read tags of", self.store.s3.get_bucket_tags) or {})

    def _set_tags(self, tags: dict[str, str]) -> None:
        if not tags:
            self._ask("remove tags of", self.store.s3.delete_bucket_tags)
            return
        config = Tags.new_bucket_tags()
        config.update(tags)
        self._ask("set tags of", self.store.s3.set_bucket_tags, config)

    def _get_lifecycle(self) -> list[dict[str, Any]]:
        config = self._ask("read lifecycle of", self.store.s3.get_bucket_lifecycle)
        return by_id(rule_as_dict(rule) for rule in config.rules) if config else []

    def _set_lifecycle(self, rules: list[dict[str, Any]]) -> None:
        if rules:
            config = LifecycleConfig([rule_from_dict(rule) for rule in rules])
            self._ask("set lifecycle of", self.store.s3.set_bucket_lifecycle, config)
        else:
            self._ask("remove lifecycle of", self.store.s3.delete_bucket_lifecycle)

    def _get_anonymous(self) -> str:
        text = self._ask("read policy of", self.store.s3.get_bucket_policy, absent=("NoSuchBucketPolicy",))
        if text is None:
            return "none"
        asked = self.wanted.get("anonymous")
        found = [access for access in ANONYMOUS if same_policy(json.loads(text), anonymous_policy(self.name, access))]
        return asked if asked in found else (found or ["custom"])[0]

    def _set_anonymous(self, access: str) -> None:
        if access == "none":
            self._ask("remove policy of", self.store.s3.delete_bucket_policy)
        else:
            policy = json.dumps(anonymous_policy(self.name, access))
            self._ask("set policy of", self.store.s3.set_bucket_policy, policy)

    def _get_encryption(self) -> dict[str, Any]:
        config = self._ask("read encryption of", self.store.s3.get_bucket_encryption)
        if config is None:
            return {"mode": "none"}
        if config.rule.sse_algorithm == AES256:
            return {"mode": "sse-s3"}
        return {"mode": "sse-kms", "kms_key": config.rule.kms_master_key_id}

    def _set_encryption(self, encryption: dict[str, Any]) -> None:
        if encryption["mode"] == "none":
            self._ask("remove encryption of", self.store.s3.delete_bucket_encryption)
            return
        rule = (
            EncryptionRule.new_sse_s3_rule()
            if encryption["mode"] == "sse-s3"
            else EncryptionRule.new_sse_kms_rule(encryption["kms_key"])
        )
        self._ask("set encryption of", self.store.s3.set_bucket_encryption, SSEConfig(rule))


def wanted(options: dict[str, Any]) -> dict[str, Any]:
    """The aspects the user set, in the shape in which they are read."""
    result = {aspect: options[aspect] for aspect in NEW if options[aspect] is not None}
    if "tags" in result:
        result["tags"] = texts(result["tags"])
    for aspect in ("retention", "encryption"):
        if aspect in result:
            result[aspect] = {key: value for key, value in result[aspect].items() if value is not None}
    if result.get("retention", {}).get("mode") == "none":
        result["retention"] = NEW["retention"]
    if result.get("encryption", {}).get("mode") in ("none", "sse-s3"):
        result["encryption"] = {"mode": result["encryption"]["mode"]}
    if "lifecycle" in result:
        result["lifecycle"] = by_id(
            {**rule, "id": rule["id"] or rule["prefix"] or "all", "tags": texts(rule["tags"])}
            for rule in result["lifecycle"]
        )
    return result


def texts(tags: dict[Any, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in tags.items()}


def by_id(rules: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rules in one order, of each what it says."""
    defaults = {"tags": {}, "expire_delete_markers": False, "other": []}
    said = (
        {key: value for key, value in rule.items() if value is not None and value != defaults.get(key)}
        for rule in rules
    )
    return sorted(said, key=lambda rule: rule["id"])


def refuse_impossible_tags(bucket: str, tags: dict[str, str]) -> None:
    for key, value in tags.items():
        if not TAG.fullmatch(key) or not TAG.fullmatch(value):
            raise BackendError(
                f"set tag {key} of bucket {bucket} to '{value}'",
                "MinIO takes letters and digits without accents, spaces and _ . : / = + - @, and nothing empty",
                "Write it with those",
            )


def refuse_impossible_rules(bucket: str, rules: list[dict[str, Any]]) -> None:
    ids = [rule["id"] for rule in rules]
    for rule in rules:
        asked = f"set lifecycle rule {rule['id']} of bucket {bucket}"
        if ids.count(rule["id"]) > 1:
            raise BackendError(asked, "there are several of that name", "Give each an id of its own")
        if not set(ACTIONS) & set(rule):
            raise BackendError(asked, "it removes nothing", f"Give it one of {', '.join(ACTIONS)}")
        if any(not key or not value for key, value in rule.get("tags", {}).items()):
            raise BackendError(asked, "a tag in it is empty", "Give it a value that objects can have")
        if any(rule.get(action, 1) < 1 for action in ACTIONS):
            raise BackendError(asked, "a number in it is less than 1", "Give 1 or more")
        if "expire_days" in rule and "expire_delete_markers" in rule:
            raise BackendError(
                asked, "S3 has no rule with both expire_days and expire_delete_markers", "Make it two rules"
            )


def rule_as_dict(rule: Rule) -> dict[str, Any]:
    expiration, noncurrent = rule.expiration, rule.noncurrent_version_expiration
    prefix, tags = read_filter(rule.rule_filter)
    return {
        "id": rule.rule_id or "",
        "prefix": prefix,
        "tags": tags,
        "expire_days": expiration.days if expiration else None,
        "expire_delete_markers": bool(expiration and expiration.expired_object_delete_marker),
        "noncurrent_expire_days": noncurrent.noncurrent_days if noncurrent else None,
        "noncurrent_keep": noncurrent.newer_noncurrent_versions if noncurrent else None,
        "enabled": rule.status == ENABLED,
        # Never wanted, so that a rule with more than the module speaks of is one that differs.
        "other": [
            name
            for name, found in (
                ("abort_incomplete_multipart_upload", rule.abort_incomplete_multipart_upload),
                ("expire_date", expiration and expiration.date),
                ("noncurrent_transition", rule.noncurrent_version_transition),
                ("transition", rule.transition),
            )
            if found
        ],
    }


def read_filter(found: Filter | None) -> tuple[str, dict[str, str]]:
    """Prefix and tags of a rule, which S3 writes in a different place for each combination."""
    if found is None:
        return "", {}
    if found.and_operator:
        return found.and_operator.prefix or "", dict(found.and_operator.tags or {})
    return found.prefix or "", {found.tag.key: found.tag.value} if found.tag else {}


def rule_from_dict(rule: dict[str, Any]) -> Rule:
    days, markers = rule.get("expire_days"), rule.get("expire_delete_markers")
    noncurrent, keep = rule.get("noncurrent_expire_days"), rule.get("noncurrent_keep")
    return Rule(
        ENABLED if rule["enabled"] else DISABLED,
        rule_filter=make_filter(rule["prefix"], rule.get("tags", {})),
        rule_id=rule["id"],
        expiration=Expiration(days=days, expired_object_delete_marker=markers) if days or markers else None,
        noncurrent_version_expiration=NoncurrentVersionExpiration(noncurrent, keep) if noncurrent or keep else None,
    )


def make_filter(prefix: str, tags: dict[str, str]) -> Filter:
    if not tags:
        return Filter(prefix=prefix)
    if len(tags) == 1 and not prefix:
        return Filter(tag=Tag(*next(iter(tags.items()))))
    several = Tags.new_object_tags()
    several.update(tags)
    return Filter(and_operator=AndOperator(prefix or None, several))


def anonymous_policy(bucket: str, access: str) -> dict[str, Any]:
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": ["*"]},
                "Action": ANONYMOUS[access],
                "Resource": [f"{ARN}{bucket}/*"],
            }
        ],
    }


def same_policy(one: dict[str, Any], other: dict[str, Any]) -> bool:
    everybody = all(statement.get("Principal") in EVERYBODY for statement in one["Statement"])
    return everybody and from_document(one) == from_document(other)


def main() -> None:
    module = AnsibleModule(**arguments("buckets", BUCKET, force={"type": "bool", "default": False}))
    state = module.params["state"]
    run(
        module,
        lambda module: each(
            module, "buckets", lambda store, options: Bucket(store, options, state, module.params["force"])
        ),
    )


if __name__ == "__main__":
    main()
