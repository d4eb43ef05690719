"""What the builder makes of rarer routes: uploads, streams, raw bodies, traits taken away."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, File, Path, Security, UploadFile
from fastapi.security import OAuth2
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from custhub.http.openapi import IF_MATCH, problems, traits

Json = dict[str, Any]
Build = Callable[[FastAPI], Json]


class Thing(BaseModel):
    """A thing."""

    name: str


def _app() -> tuple[FastAPI, APIRouter]:
    app = FastAPI(openapi_tags=[{"name": "Things", "description": "Things."}])
    return app, APIRouter(prefix="/v1/things", tags=["Things"])


def test_contract_p14_upload_form_gets_a_name_and_needs_no_example(build: Build) -> None:
    app, router = _app()

    @router.post("/upload", response_model=Thing)
    async def upload_thing(file: Annotated[UploadFile, File(description="A file.")]) -> Any:
        """Upload."""

    app.include_router(router)
    document = build(app)
    assert "UploadThingForm" in document["components"]["schemas"]
    content = document["paths"]["/v1/things/upload"]["post"]["requestBody"]["content"]
    assert content["multipart/form-data"]["schema"] == {"$ref": "#/components/schemas/UploadThingForm"}
    assert "invalid_json" not in str(document["paths"])


def test_contract_p1_streams_have_no_item_schema(build: Build) -> None:
    app, router = _app()

    @router.get("/stream")
    async def stream_things() -> AsyncIterator[Thing]:
        """Stream."""
        yield Thing(name="a")

    app.include_router(router)
    document = build(app)
    content = document["paths"]["/v1/things/stream"]["get"]["responses"]["200"]["content"]
    assert content["application/jsonl"]["schema"]["contentSchema"] == {"$ref": "#/components/schemas/Thing"}
    assert "itemSchema" not in str(document)


def test_explicit_body_of_an_upload_is_kept(build: Build) -> None:
    app, router = _app()
    body = {"required": True, "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}}

    @router.put("/{thing_id}/file", openapi_extra={"requestBody": body}, responses=problems(), response_model=Thing)
    async def put_thing_file(thing_id: Annotated[Literal["a"], Path()]) -> Any:
        """Store the file."""

    app.include_router(router)
    document = build(app)
    operation = document["paths"]["/v1/things/{thing_id}/file"]["put"]
    assert list(operation["requestBody"]["content"]) == ["text/csv"]
    assert {"413", "415", "404"} <= operation["responses"].keys()
    assert "400" not in operation["responses"]


def test_trait_assumed_by_the_builder_can_be_taken_away(build: Build) -> None:
    app, router = _app()

    @router.delete("/{thing_id}", status_code=204, openapi_extra=traits(without=(IF_MATCH,)))
    async def delete_thing(
        thing_id: Annotated[Literal["a"], Path()], _: Annotated[str, Security(OAuth2(), scopes=["customers:write"])]
    ) -> None:
        """Delete."""

    app.include_router(router)
    operation = build(app)["paths"]["/v1/things/{thing_id}"]["delete"]
    assert "412" not in operation["responses"]
    assert "IfMatch" not in str(operation)


def test_answers_are_bounded_by_default(build: Build) -> None:
    app, router = _app()

    class Loose(BaseModel):
        """An answer without bounds."""

        text: str
        number: int
        texts: list[str]
        fixed: Literal[7]

    @router.get("", response_model=Loose)
    async def get_loose() -> Any:
        """Get."""

    app.include_router(router)
    members = build(app)["components"]["schemas"]["Loose"]["properties"]
    assert members["text"]["maxLength"] == 65_536
    assert members["number"]["maximum"] == 2**53 - 1
    assert members["texts"]["maxItems"] == 1_000
    assert members["fixed"] == {"const": 7, "type": "integer", "minimum": 7, "maximum": 7, "format": "int32"}


def test_contract_b6_names_in_a_map_have_a_pattern_that_refuses(build: Build) -> None:
    """Beside `patternProperties`, names of any other form were welcome by the document, and NUL in their values."""
    app, router = _app()

    class Sizes(BaseModel):
        """Sizes."""

        model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"by_name": {"s": "38"}}]})

        by_name: Annotated[
            dict[
                Annotated[str, StringConstraints(max_length=9, pattern="^[a-z]*$")], Annotated[str, Field(max_length=9)]
            ],
            Field(max_length=5),
        ]

    @router.post("", response_model=Thing, status_code=201)
    async def create_thing(body: Sizes) -> Any:
        """Create."""

    app.include_router(router)
    assert build(app)["components"]["schemas"]["Sizes"]["properties"]["by_name"] == {
        "type": "object",
        "maxProperties": 5,
        "propertyNames": {"maxLength": 9, "pattern": "^[a-z]*$"},
        "additionalProperties": {"type": "string", "maxLength": 9, "pattern": "^[^\\u0000]*$"},
    }
