# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""MinIO through its own SDK: connection options, one client for S3 and the admin API, one way of failing."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ansible.module_utils.basic import env_fallback
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError

try:
    import certifi
    import urllib3
    from minio import Minio, MinioAdmin
    from minio.credentials import StaticProvider
    from minio.error import MinioAdminException, MinioException, S3Error

    MISSING = None
except ImportError as error:
    MISSING = str(error)

CONNECTION: dict[str, dict[str, Any]] = {
    "endpoint": {"type": "str", "required": True, "fallback": (env_fallback, ["MINIO_ENDPOINT"])},
    "access_key": {
        "type": "str",
        "required": True,
        "no_log": False,
        "fallback": (env_fallback, ["MINIO_ACCESS_KEY"]),
    },
    "secret_key": {
        "type": "str",
        "required": True,
        "no_log": True,
        "fallback": (env_fallback, ["MINIO_SECRET_KEY"]),
    },
    "region": {"type": "str", "default": "us-east-1", "fallback": (env_fallback, ["MINIO_REGION"])},
    "validate_certs": {"type": "bool", "default": True, "fallback": (env_fallback, ["MINIO_VALIDATE_CERTS"])},
    "ca_path": {"type": "path", "fallback": (env_fallback, ["MINIO_CA_PATH"])},
    "timeout": {"type": "int", "default": 20, "fallback": (env_fallback, ["MINIO_TIMEOUT"])},
}

CONNECT_TIMEOUT = 5
LOGIN_REFUSED = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "XMinioInvalidAccessKey", "AccessKeyDisabled")
REMEDIES = {
    **dict.fromkeys(LOGIN_REFUSED, "Check access_key and secret_key"),
    "AccessDenied": "Check access_key and secret_key, and that this account's policies allow it",
    "AuthorizationHeaderMalformed": "Set region to the server's",
}


class Store:
    """One MinIO server, as one account."""

    def __init__(self, params: dict[str, Any]) -> None:
        if MISSING:
            raise BackendError("use MinIO's SDK", MISSING, f"Install the Python package minio for {sys.executable}")
        url = urlsplit(params["endpoint"])
        if url.scheme not in ("http", "https") or not url.hostname or url.path.strip("/"):
            raise BackendError(
                "read the endpoint", f"'{params['endpoint']}' is no address", "Write it as http://host:9000"
            )
        self.params = params
        self.secure = url.scheme == "https"
        self.address = f"{url.hostname}:{url.port or (443 if self.secure else 80)}"
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=min(CONNECT_TIMEOUT, params["timeout"]), read=params["timeout"]),
            cert_reqs="CERT_REQUIRED" if params["validate_certs"] else "CERT_NONE",
            ca_certs=params["ca_path"] or certifi.where(),
            retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=[502, 503, 504], raise_on_status=False),
        )
        self.s3 = Minio(
            self.address,
            access_key=params["access_key"],
            secret_key=params["secret_key"],
            secure=self.secure,
            region=params["region"],
            http_client=self._http,
        )
        self.admin = self._admin(params["access_key"], params["secret_key"])

    def _admin(self, access_key: str, secret_key: str) -> MinioAdmin:
        return MinioAdmin(
            endpoint=self.address,
            credentials=StaticProvider(access_key, secret_key),
            region=self.params["region"],
            secure=self.secure,
            http_client=self._http,
        )

    def ask(
        self, asked: str, function: Callable[..., Any], *args: Any, absent: tuple[str, ...] = (), **kwargs: Any
    ) -> Any:
        """Call the client. None if it answers one of the codes in `absent`; any other error is a BackendError."""
        try:
            return function(*args, **kwargs)
        except (S3Error, MinioAdminException) as error:
            code, message = explain(error)
            if code in absent:
                return None
            raise BackendError(
                f"{asked} at MinIO {self.address} as {self.params['access_key']}",
                f"{code}: {message}",
                REMEDIES.get(code, ""),
            ) from error
        except urllib3.exceptions.HTTPError as error:
            raise BackendError(
                f"{asked} at MinIO {self.address}",
                _reason(error),
                "Check that it runs there and that endpoint is right",
            ) from error
        except (MinioException, ValueError) as error:
            raise BackendError(f"{asked} at MinIO {self.address}", str(error)) from error

    def login_works(self, access_key: str, secret_key: str) -> bool:
        """Whether an account has this secret: asked by logging in with it, since no server gives secrets back."""
        admin = self._admin(access_key, secret_key)
        answer = self.ask(f"log in as {access_key}", admin.account_info, absent=(*LOGIN_REFUSED, "AccessDenied"))
        return answer is not None


def explain(error: Exception) -> tuple[str, str]:
    """Code and message of an error answer; the admin API's body is JSON, or XML from some of its handlers."""
    if isinstance(error, S3Error):
        return error.code or "", error.message or ""
    # MinioAdminException keeps both in private fields and offers no other way than pickling's.
    status, body = map(str, error.__reduce__()[1])
    try:
        answer = json.loads(body)
        return answer["Code"], answer["Message"]
    except (ValueError, KeyError, TypeError):
        code, message = (re.search(f"<{tag}>(.*?)</{tag}>", body, re.DOTALL) for tag in ("Code", "Message"))
        return (code[1] if code else f"HTTP {status}"), (message[1] if message else body[:200])


def _reason(error: Exception) -> str:
    """The innermost cause of a failed request: the retries around it say nothing."""
    reason = getattr(error, "reason", None) or error
    return re.sub(r"^<.*?>: |^.*object at 0x[0-9a-f]+>[,:] ", "", str(reason))


def as_list(value: Any) -> list[Any]:
    """A policy document may say one string where a list is meant."""
    return list(value) if isinstance(value, (list, tuple, set)) else [value]
