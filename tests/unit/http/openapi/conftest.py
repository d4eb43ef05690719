"""The sample application and its document."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI

from custhub.http.openapi import build_document
from tests.unit.http.openapi.sample_app import ERRORS, SCOPES, make_app


@pytest.fixture(name="app")
def _app() -> FastAPI:
    return make_app()


@pytest.fixture(name="build", scope="session")
def _build() -> Callable[[FastAPI], dict[str, Any]]:
    return lambda app: build_document(app, version="1.2.3", scopes=SCOPES, registry=ERRORS)


@pytest.fixture(name="document", scope="session")
def _document(build: Callable[[FastAPI], dict[str, Any]]) -> dict[str, Any]:
    return build(make_app())
