# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""MinIO through its own SDK: connection options, one client for S3 and the admin API, one way of failing."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from ansible.module_utils.basic import AnsibleModule, env_fallback
from ansible_collections.onering.platform.plugins.module_utils.network import explain as explain_network
from ansible_collections.onering.platform.plugins.module_utils.network import within
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError, Resource, many

try:
    import certifi
    import urllib3
    from minio import Minio, MinioAdmin
    from minio.credentials import StaticProvider
    from minio.crypto import encrypt
    from minio.error import MinioAdminException, MinioException, S3Error, ServerError
    from minio.minioadmin import _COMMAND as COMMAND

    class Pool(urllib3.PoolManager):
        """Keeps the deadline for all of a request, its repetitions included."""

        def __init__(self, seconds: float, **options: Any) -> None:
            super().__init__(**options)
            self._seconds = seconds

        def urlopen(self, *args: Any, **kwargs: Any) -> Any:
            with within(self._seconds):
                return super().urlopen(*args, **kwargs)

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
LOGIN_WORKED = ("AccessDenied", "NoSuchBucket", "NoSuchKey")
REACH = "Check that it runs there, that endpoint is right, and that it answers within timeout"
LOOK = "Look into the server's log"
REMEDIES = {
    "InternalError": LOOK,
    **dict.fromkeys(LOGIN_REFUSED, "Check access_key and secret_key"),
    "AccessDenied": "Check access_key and secret_key, and that this account's policies allow it",
    "BucketAlreadyOwnedByYou": "Somebody made it at the same moment: run this again",
    "AuthorizationHeaderMalformed": "Set region to the server's",
}

# What a login asks for: no bucket of that name is needed, since a signature is looked at before anything else.
NOWHERE = ("onering-login-check", "nothing")
SECRET_MIN, SECRET_MAX = 8, 40
NAME_MIN, NAME_MAX = 3, 20
RESERVED = "=,"
AS_GIVEN = "as given"
ANOTHER = "another"


def arguments(
    plural: str, options: dict[str, Any], aliases: dict[str, list[str]] | None = None, **more: Any
) -> dict[str, Any]:
    """What AnsibleModule is made with: options for one object, and a list named `plural` of them for several.

    `aliases` are an option's other names in that list, where the connection's own options don't take them.
    """
    named = aliases or {}
    several = {name: {**spec, "aliases": named.get(name, spec.get("aliases", []))} for name, spec in options.items()}
    several["name"] = {**several["name"], "required": True}
    return {
        "argument_spec": {
            **CONNECTION,
            **options,
            plural: {"type": "list", "elements": "dict", "options": several},
            "state": {"type": "str", "choices": ["present", "absent", "gathered"], "default": "present"},
            **more,
        },
        "required_one_of": [["name", plural]],
        "mutually_exclusive": [[plural, option] for option in options],
        "supports_check_mode": True,
    }


def each(module: AnsibleModule, plural: str, make: Callable[[Store, dict[str, Any]], Resource]) -> None:
    """Reconcile the one object that was given, or the several."""
    store = Store(module.params)
    given = module.params[plural]
    many(module, [make(store, options) for options in ([module.params] if given is None else given)])


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
        self._http = Pool(
            params["timeout"],
            timeout=urllib3.Timeout(connect=min(CONNECT_TIMEOUT, params["timeout"]), read=params["timeout"]),
            cert_reqs="CERT_REQUIRED" if params["validate_certs"] else "CERT_NONE",
            ca_certs=params["ca_path"] or certifi.where(),
            # Only questions are asked twice: a change whose answer was lost may have been made.
            retries=urllib3.Retry(
                total=2,
                backoff_factor=0.2,
                allowed_methods={"GET", "HEAD"},
                status_forcelist=[502, 503, 504],
                raise_on_status=False,
            ),
        )
        self.s3 = self._s3(params["access_key"], params["secret_key"])
        self.admin = MinioAdmin(
            endpoint=self.address,
            credentials=StaticProvider(params["access_key"], params["secret_key"]),
            region=params["region"],
            secure=self.secure,
            http_client=self._http,
        )

    def _s3(self, access_key: str, secret_key: str) -> Minio:
        return Minio(
            self.address,
            access_key=access_key,
            secret_key=secret_key,
            secure=self.secure,
            region=self.params["region"],
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
        except (urllib3.exceptions.HTTPError, OSError) as error:
            answered, remedy = explain_network(error, REACH)
            if remedy == REACH:
                answered = _reason(error)
            raise BackendError(f"{asked} at MinIO {self.address}", answered, remedy) from error
        except (MinioException, ValueError) as error:
            remedy = LOOK if isinstance(error, ServerError) else ""
            raise BackendError(f"{asked} at MinIO {self.address}", str(error), remedy) from error

    def login_works(self, access_key: str, secret_key: str) -> bool:
        """Whether an account has this secret: asked by logging in with it, since no server gives secrets back.

        The login is a signed address, because a header can't carry every name that MinIO takes.
        """

        def answer() -> str:
            url = self._s3(access_key, secret_key).get_presigned_url("GET", *NOWHERE, expires=timedelta(hours=1))
            return self._http.request("GET", url).data.decode(errors="replace")

        asked = f"log in as {access_key}"
        code, message = _code_and_message(self.ask(asked, answer))
        if code not in (*LOGIN_REFUSED, *LOGIN_WORKED):
            raise BackendError(f"{asked} at MinIO {self.address}", f"{code}: {message}")
        return code in LOGIN_WORKED

    def judge_secret(self, name: str, secret: str, enabled: bool) -> str:
        """Whether it is the account's: AS_GIVEN or ANOTHER. That of a disabled account can't be tried and is let be."""
        return AS_GIVEN if not enabled or self.login_works(name, secret) else ANOTHER

    def add_service_account(self, account: dict[str, Any]) -> None:
        """Make a service account of any account: the SDK makes them only for the one it works as."""
        body = encrypt(json.dumps(account).encode(), self.params["secret_key"])
        self.admin._url_open(method="PUT", command=COMMAND.SERVICE_ACCOUNT_ADD, body=body)


def refuse_name(kind: str, name: str) -> None:
    """What MinIO would refuse, said before anything is written."""
    if name != name.strip() or set(RESERVED) & set(name):
        raise BackendError(
            f"make {kind} {name}", "MinIO wants names without '=', ',' and spaces around them", "Give it another name"
        )


def refuse_login(kind: str, name: str, secret: str | None, new: bool) -> None:
    """The same for a name and secret to log in with, whose bytes MinIO counts."""
    if new:
        refuse_name(kind, name)
    if new and not NAME_MIN <= len(name.encode()) <= NAME_MAX:
        raise BackendError(
            f"make {kind} {name}", f"MinIO wants names of {NAME_MIN} to {NAME_MAX} bytes", "Give it another name"
        )
    if new and not secret:
        raise BackendError(f"make {kind} {name}", "it has no secret", "Give one in secret")
    if secret and not SECRET_MIN <= len(secret.encode()) <= SECRET_MAX:
        raise BackendError(f"set the secret of {kind} {name}", f"MinIO wants {SECRET_MIN} to {SECRET_MAX} bytes")


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
        code, message = _code_and_message(body)
        return code or f"HTTP {status}", message


def _code_and_message(body: str) -> tuple[str, str]:
    """Of an error in XML: no code, if it is none."""
    code, message = (re.search(f"<{tag}>(.*?)</{tag}>", body, re.DOTALL) for tag in ("Code", "Message"))
    return (code[1] if code else ""), (message[1] if message else body[:200])


def _reason(error: Exception) -> str:
    """The innermost cause of a failed request: what is around it says nothing."""
    while True:
        inner = [getattr(error, "reason", None), *error.args]
        cause = next((each for each in inner if isinstance(each, Exception)), None)
        if cause is None:
            break
        error = cause
    return re.sub(r"^<.*?>: |^.*object at 0x[0-9a-f]+>[,:] |^\w+\(host=.*?\): ", "", str(error))


def as_list(value: Any) -> list[Any]:
    """A policy document may say one string where a list is meant."""
    return list(value) if isinstance(value, (list, tuple, set)) else [value]
