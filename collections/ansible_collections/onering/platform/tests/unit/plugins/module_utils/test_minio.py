from __future__ import annotations

import json
from io import BytesIO
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
import urllib3
from ansible_collections.onering.platform.plugins.module_utils import minio as backend
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError
from minio.crypto import decrypt
from minio.error import InvalidResponseError, MinioAdminException, S3Error

PARAMS = {
    "endpoint": "http://127.0.0.1:9",
    "access_key": "root",
    "secret_key": "rootsecret",
    "region": "us-east-1",
    "validate_certs": True,
    "ca_path": None,
    "timeout": 20,
}


def store(**params) -> backend.Store:
    return backend.Store({**PARAMS, **params})


def raising(error: Exception):
    def call() -> None:
        raise error

    return call


@pytest.mark.parametrize(
    ("endpoint", "address", "secure"),
    [
        ("http://store:9000", "store:9000", False),
        ("http://store/", "store:80", False),
        ("https://store", "store:443", True),
    ],
)
def test_the_endpoint_is_an_address_with_a_scheme(endpoint, address, secure) -> None:
    found = store(endpoint=endpoint)
    assert (found.address, found.secure) == (address, secure)


@pytest.mark.parametrize("endpoint", ["store:9000", "ftp://store", "http://", "http://store/path"])
def test_another_endpoint_is_refused_with_an_example(endpoint) -> None:
    with pytest.raises(BackendError, match="Write it as http://host:9000"):
        store(endpoint=endpoint)


def test_every_request_has_a_bounded_time_and_certificates_are_checked() -> None:
    pool = store(timeout=3)._http.connection_pool_kw
    assert (pool["timeout"].connect_timeout, pool["timeout"].read_timeout) == (3, 3)
    assert store()._http.connection_pool_kw["timeout"].connect_timeout == backend.CONNECT_TIMEOUT
    retries = pool["retries"]
    assert retries.total == 2
    assert [of for of in ("GET", "HEAD", "PUT", "POST", "DELETE") if retries.is_retry(of, 503)] == ["GET", "HEAD"]
    assert pool["cert_reqs"] == "CERT_REQUIRED"
    assert store(validate_certs=False)._http.connection_pool_kw["cert_reqs"] == "CERT_NONE"
    assert store(ca_path="/ca.crt")._http.connection_pool_kw["ca_certs"] == "/ca.crt"


def test_without_the_sdk_it_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr(backend, "MISSING", "No module named 'minio'")
    with pytest.raises(BackendError, match="Install the Python package minio for "):
        store()


def test_a_server_that_is_not_there_is_named_once(monkeypatch) -> None:
    monkeypatch.setattr(urllib3.Retry, "sleep", lambda self, response=None: None)
    found = store()
    with pytest.raises(BackendError) as error:
        found.ask("list buckets", found.s3.list_buckets)
    assert str(error.value).startswith("list buckets at MinIO 127.0.0.1:9: ")
    assert "Connection refused. Check that it runs" in str(error.value)
    assert "object at 0x" not in str(error.value)


JSON_BODY = '{"Code":"XMinioAdminNoSuchUser","Message":"no such user"}'
XML_BODY = "<Error><Code>NoSuchBucket</Code><Message>gone</Message></Error>"


@pytest.mark.parametrize(
    ("error", "explained"),
    [
        (S3Error(None, "NoSuchBucket", "gone", None, None, None), ("NoSuchBucket", "gone")),
        (S3Error(None, None, None, None, None, None), ("", "")),
        (MinioAdminException("404", JSON_BODY), ("XMinioAdminNoSuchUser", "no such user")),
        (MinioAdminException("404", XML_BODY), ("NoSuchBucket", "gone")),
        (MinioAdminException("502", "bad gateway"), ("HTTP 502", "bad gateway")),
        (MinioAdminException("502", "[]"), ("HTTP 502", "[]")),
    ],
)
def test_errors_are_explained(error, explained) -> None:
    assert backend.explain(error) == explained


def test_a_code_that_means_absent_is_none_and_others_are_errors() -> None:
    call = raising(MinioAdminException("404", JSON_BODY))
    assert store().ask("read", call, absent=("XMinioAdminNoSuchUser",)) is None
    with pytest.raises(BackendError, match=r"^read at MinIO 127.0.0.1:9 as root: XMinioAdminNoSuchUser: no such user"):
        store().ask("read", call, absent=("NoSuchBucket",))


def test_a_refused_account_gets_a_remedy() -> None:
    call = raising(S3Error(None, "SignatureDoesNotMatch", "no", None, None, None))
    with pytest.raises(BackendError, match="Check access_key and secret_key"):
        store().ask("read", call)


@pytest.mark.parametrize("error", [ValueError("invalid bucket name X_"), InvalidResponseError(404, None, "x")])
def test_what_the_sdk_itself_refuses_is_an_error_too(error) -> None:
    with pytest.raises(BackendError, match=r"look at MinIO 127\.0\.0\.1:9: "):
        store().ask("look", raising(error))


def answering(monkeypatch, body: str) -> list[str]:
    asked: list[str] = []

    def urlopen(self, method, url, **options):
        asked.append(f"{method} {unquote(url)}")
        return SimpleNamespace(data=body.encode(), status=200)

    monkeypatch.setattr(urllib3.PoolManager, "urlopen", urlopen)
    return asked


@pytest.mark.parametrize(
    ("code", "works"),
    [
        ("NoSuchBucket", True),
        ("AccessDenied", True),
        ("SignatureDoesNotMatch", False),
        ("InvalidAccessKeyId", False),
    ],
)
def test_a_login_is_a_signed_address_which_takes_every_name(monkeypatch, code, works) -> None:
    asked = answering(monkeypatch, f"<Error><Code>{code}</Code></Error>")
    assert store().login_works("it's \\ \u2603", "its-secret") is works
    (request,) = asked
    assert request.startswith("GET http://127.0.0.1:9/onering-login-check/nothing?")
    assert "X-Amz-Credential=it's \\ \u2603/" in request
    assert "its-secret" not in request


@pytest.mark.parametrize("body", ["<Error><Code>RequestTimeTooSkewed</Code><Message>late</Message></Error>", "hello"])
def test_another_answer_to_a_login_proves_nothing(monkeypatch, body) -> None:
    answering(monkeypatch, body)
    with pytest.raises(BackendError, match=r"^log in as ingest at MinIO .*: (RequestTimeTooSkewed: late|: hello)\.$"):
        store().login_works("ingest", "its-secret")


def test_a_service_account_of_another_account_is_asked_for_encrypted(monkeypatch) -> None:
    sent = []

    def urlopen(self, method, url, body, **options):
        sent.append((method, url, body))
        return SimpleNamespace(data=b"", status=200)

    monkeypatch.setattr(urllib3.PoolManager, "urlopen", urlopen)
    store().add_service_account({"accessKey": "key", "secretKey": "its-secret", "targetUser": "ada"})
    ((method, url, body),) = sent
    assert (method, url) == ("PUT", "http://127.0.0.1:9/minio/admin/v3/add-service-account")
    assert b"its-secret" not in body
    stream = urllib3.HTTPResponse(BytesIO(body), preload_content=False)
    assert json.loads(decrypt(stream, PARAMS["secret_key"]))["targetUser"] == "ada"


@pytest.mark.parametrize("name", [" x12", "x12 ", "a=bc", "a,bc", "ab", "x" * 21, "\u2603" * 7])
def test_a_name_that_minio_refuses_is_refused_before(name) -> None:
    with pytest.raises(BackendError, match="Give it another name"):
        backend.refuse_login("account", name, "long-enough", new=True)
    backend.refuse_login("account", name, "long-enough", new=False)


@pytest.mark.parametrize("secret", ["short", "l" * 41, "\u2603" * 14])
def test_the_bytes_of_a_secret_are_counted(secret) -> None:
    with pytest.raises(BackendError, match="8 to 40"):
        backend.refuse_login("account", "name", secret, new=False)


def test_a_string_stands_for_a_list_of_one() -> None:
    assert backend.as_list("a") == ["a"]
    assert backend.as_list(("a", "b")) == ["a", "b"]
