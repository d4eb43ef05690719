"""What the builder refuses, each with the place and the rule."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

import pytest
from fastapi import APIRouter, Body, Cookie, FastAPI, Query, Security
from fastapi.security import OAuth2
from pydantic import BaseModel, ConfigDict, Field, computed_field

from custhub.http.openapi import SHOWN_ON_REQUEST, DocumentError, Trait, traits

Json = dict[str, Any]
T = TypeVar("T")
Build = Callable[[FastAPI], Json]


class Thing(BaseModel):
    """A thing."""

    name: str


class Closed(BaseModel):
    """A request."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})


class ClosedPage(BaseModel, Generic[T]):
    """A page of anything."""

    data: list[T]


class Unbounded(Closed):
    """A request without bounds."""

    text: str = "a"
    number: int = 0
    half: Annotated[int, Field(ge=0)] = 0
    texts: list[Annotated[str, Field(max_length=5)]] = []
    words: dict[str, bool] = {}


class Price(Closed):
    """A request with a Decimal."""

    amount: Decimal = Decimal(0)


class Open(BaseModel):
    """A request that takes anything."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})


class NoExample(BaseModel):
    """A request without an example."""

    model_config = ConfigDict(extra="forbid")


class Both(Closed):
    """Used both ways, and different in each."""

    flag: bool

    @computed_field
    def opposite(self) -> bool:
        return not self.flag


class Incomplete(BaseModel):
    """An answer with members that may be absent."""

    name: str | None = None
    can: Annotated[bool, Field(json_schema_extra=SHOWN_ON_REQUEST)] = False


class Nameless(BaseModel):
    flag: bool


class Inline(BaseModel):
    """Holds an object that has no name."""

    inner: Annotated[Any, Field(json_schema_extra={"type": "object", "properties": {"a": {"type": "boolean"}}})]


def _app(**options: Any) -> tuple[FastAPI, APIRouter]:
    app = FastAPI(openapi_tags=[{"name": "Things", "description": "Things."}])
    return app, APIRouter(prefix="/v1/things", tags=["Things"], **options)


def _refused(build: Build, endpoint: Any, *, method: str = "POST", path: str = "", **options: Any) -> str:
    app, router = _app()
    router.add_api_route(path, endpoint, methods=[method], **{"response_model": Thing, **options})
    app.include_router(router)
    with pytest.raises(DocumentError) as refused:
        build(app)
    return str(refused.value)


def test_contract_b5_request_without_bounds_is_refused_with_every_place(build: Build) -> None:
    async def create_thing(body: Unbounded) -> Any:
        """Create."""

    lines = _refused(build, create_thing).splitlines()
    assert lines == [
        "Unbounded.text: a string of a request needs max_length (B5)",
        "Unbounded.number: an integer of a request needs ge and le (B5)",
        "Unbounded.half: an integer of a request needs ge and le (B5)",
        "Unbounded.texts: an array of a request needs max_length (B5)",
        "Unbounded.words: a map of a request needs max_length (S-101)",
    ]


def test_contract_b5_parameter_without_bounds_is_refused(build: Build) -> None:
    async def list_things(query: Annotated[str | None, Query(description="Text.")] = None) -> Any:
        """List."""

    assert "query: a string of a request needs max_length" in _refused(build, list_things, method="GET")


def test_contract_p8_decimal_is_refused(build: Build) -> None:
    async def create_thing(body: Price) -> Any:
        """Create."""

    assert "Price.amount: looks like a Decimal" in _refused(build, create_thing)


def test_contract_b6_open_request_is_refused(build: Build) -> None:
    class Opened(Open):
        """Open."""

        flag: bool

    async def create_thing(body: Opened) -> Any:
        """Create."""

    assert 'Opened: a request model needs extra="forbid"' in _refused(build, create_thing)


def test_contract_j1_body_without_example_is_refused(build: Build) -> None:
    async def create_thing(body: NoExample) -> Any:
        """Create."""

    assert "POST /v1/things: the body's model needs examples" in _refused(build, create_thing)


def test_contract_p5_twins_are_refused(build: Build) -> None:
    async def create_thing(body: Both) -> Any:
        """Create."""

    found = _refused(build, create_thing, response_model=Both)
    assert "Both-Input: used in requests and in answers with a default" in found
    assert "Both-Output" in found


def test_contract_p5_answers_have_no_defaults(build: Build) -> None:
    async def get_thing() -> Any:
        """Get."""

    found = _refused(build, get_thing, method="GET", response_model=Incomplete)
    assert found == "Incomplete.name: a member of an answer is always there: no default, or SHOWN_ON_REQUEST (P5)"


def test_contract_j2_generic_name_is_refused_and_a_subclass_accepted(build: Build) -> None:
    async def list_things() -> Any:
        """List."""

    assert "ClosedPage_Thing_: two classes of one name, or a generic" in _refused(
        build, list_things, method="GET", response_model=ClosedPage[Thing]
    )

    class ThingPage(ClosedPage[Thing]):
        """A page of things."""

    app, router = _app()

    @router.get("", response_model=ThingPage)
    async def list_all_things() -> Any:
        """List."""

    app.include_router(router)
    assert "ThingPage" in build(app)["components"]["schemas"]


def test_contract_j2_anonymous_objects_are_refused(build: Build) -> None:
    async def get_thing() -> Any:
        """Get."""

    assert "Inline.inner: anonymous inline object" in _refused(build, get_thing, method="GET", response_model=Inline)


@pytest.mark.parametrize("answer", [dict[str, str], list[Thing], None])
def test_contract_j2_answer_needs_a_named_model(build: Build, answer: Any) -> None:
    async def get_thing() -> Any:
        """Get."""

    found = _refused(build, get_thing, method="GET", response_model=answer)
    assert "GET /v1/things: the answer needs a named model as response_model" in found


def test_contract_j2_body_needs_a_named_model(build: Build) -> None:
    async def create_thing(body: Annotated[dict[str, bool], Body(max_length=3)]) -> Any:
        """Create."""

    assert "POST /v1/things: the body needs a named model" in _refused(build, create_thing)


def test_contract_j1_endpoint_and_model_need_texts(build: Build) -> None:
    async def get_thing() -> Any: ...

    found = _refused(build, get_thing, method="GET", response_model=Nameless)
    assert "GET /v1/things: the endpoint needs a docstring" in found
    assert "Nameless: a model needs a docstring" in found


def test_contract_j1_tag_must_be_described(build: Build) -> None:
    async def get_thing() -> Any:
        """Get."""

    assert "needs exactly one tag" in _refused(build, get_thing, method="GET", tags=["Other"])


@pytest.mark.parametrize("name", ["things", "getThing", "get_thing_get", "get_v1_thing", "Get_thing"])
def test_contract_p4_operation_id_is_verb_noun(build: Build, name: str) -> None:
    async def endpoint() -> Any:
        """Get."""

    assert f"operationId {name} is not verb_noun" in _refused(build, endpoint, method="GET", name=name)


def test_contract_p4_operation_id_is_unique(build: Build) -> None:
    app, router = _app()

    async def get_thing() -> Any:
        """Get."""

    router.add_api_route("/a", get_thing, response_model=Thing)
    router.add_api_route("/b", get_thing, response_model=Thing)
    app.include_router(router)
    with pytest.raises(DocumentError, match="operationId get_thing is used twice"):
        build(app)


def test_contract_h2_unknown_scope_is_refused(build: Build) -> None:
    async def get_thing(_: Annotated[str, Security(OAuth2(), scopes=["things:fly"])]) -> Any:
        """Get."""

    assert "scope things:fly is not in the list" in _refused(build, get_thing, method="GET")


def test_unregistered_code_is_refused(build: Build) -> None:
    async def get_thing() -> Any:
        """Get."""

    found = _refused(build, get_thing, method="GET", openapi_extra=traits(Trait("odd", codes=("no_such_code",))))
    assert "error code no_such_code: is not registered" in found


def test_s_55_cookies_are_refused(build: Build) -> None:
    async def get_thing(session: Annotated[str, Cookie(max_length=9, description="No.")]) -> Any:
        """Get."""

    assert "cookie session: the hub reads no cookies" in _refused(build, get_thing, method="GET")


def test_parameter_needs_a_description(build: Build) -> None:
    async def list_things(deep: Annotated[bool, Query()] = False) -> Any:
        """List."""

    assert "query deep: a parameter needs a description" in _refused(build, list_things, method="GET")


def test_dangling_reference_is_refused(build: Build) -> None:
    async def get_thing() -> Any:
        """Get."""

    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Nowhere"}}}
    found = _refused(build, get_thing, method="GET", responses={418: {"description": "Tea.", "content": content}})
    assert "Nowhere: is referred to but no schema" in found
