"""A content folder of the test's own, and the generator as `make dataset` starts it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from ops.dataset.__main__ import main

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Result:
    code: int
    out: str
    err: str
    content: Path
    name: str

    def read(self, path: str) -> str:
        return (self.content / path).read_text(encoding="utf-8")

    @property
    def dataset(self) -> dict:
        return yaml.safe_load(self.read(f"datasets/{self.name}.yml"))

    @property
    def sql(self) -> str:
        return self.read(f"versioning/liquibase/datasets/{self.name}.sql")

    @property
    def suites(self) -> dict:
        return yaml.safe_load(self.read(f"quality/great_expectations/suites/{self.name}.yml"))

    @property
    def columns(self) -> dict[str, str]:
        return {name: of["type"] for name, of in self.dataset["streams"][self.name]["columns"].items()}

    @property
    def key(self) -> list[str]:
        return self.dataset["streams"][self.name]["key"]

    @property
    def written(self) -> list[str]:
        """Files that were not there before."""
        return sorted(path.relative_to(self.content).as_posix() for path in self.content.rglob("*") if path.is_file())


Make = Callable[..., Result]


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """What the generator looks at of the content: another dataset."""
    folder = tmp_path / "content"
    (folder / "datasets").mkdir(parents=True)
    for name in ("flights.yml", "schema.json"):
        shutil.copy(ROOT / "platform/datasets" / name, folder / "datasets")
    return folder


@pytest.fixture
def make(tmp_path: Path, content: Path, capsys: pytest.CaptureFixture[str]) -> Make:
    def run(data: str | bytes | Path, *options: str, name: str = "things") -> Result:
        if isinstance(data, Path):
            file = data
        else:
            file = tmp_path / "client's file.csv"
            file.write_bytes(data.encode() if isinstance(data, str) else data)
        code = main(["--name", name, "--from", str(file), "--content", str(content), *options])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err, content, name)

    return run


@pytest.fixture
def refused(make: Make) -> Callable[..., str]:
    """The one error, after seeing that nothing was written."""

    def run(data: str | bytes | Path, *options: str, name: str = "things") -> str:
        result = make(data, *options, name=name)
        assert result.code == 1
        assert result.written == ["datasets/flights.yml", "datasets/schema.json"]
        assert result.err.startswith("make dataset: ")
        assert "Traceback" not in result.err
        return result.err

    return run
