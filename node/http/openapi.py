"""What FastAPI cannot see by itself and `/v1/openapi.json` must say: bodies that we read and answers that we make.

A model is described once, under `components`, and named wherever it travels.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from ledger import api
from ledger.api import CBOR, PROBLEM, Model, Problem, Query

JSON = "application/json"
REFERENCE: Final = "#/components/schemas/{model}"
BINARY: Final = {"type": "string", "format": "binary"}
HEADERS_OF_REFUSALS: Final = {
    "Retry-After": {"description": "Where asking again may help: seconds to wait.", "schema": {"type": "integer"}},
    "Allow": {"description": "With status 405: the methods that the path takes.", "schema": {"type": "string"}},
}


class DescribedApi(FastAPI):
    """Adds the models to the description that FastAPI makes of the routes."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        document["components"] = {"schemas": schemas()}
        return document


def schemas() -> dict[str, Any]:
    """Every model of the API: queries as they are read, the others as they are written."""
    known = [found for found in vars(api).values() if isinstance(found, type) and issubclass(found, Model)]
    models = [model for model in known if model.model_fields]
    inputs: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (model, "validation" if issubclass(model, Query) else "serialization") for model in models
    ]
    described: dict[str, Any] = models_json_schema(inputs, ref_template=REFERENCE)[1]["$defs"]
    return described


def of_model(model: type[BaseModel]) -> dict[str, Any]:
    return {"$ref": REFERENCE.format(model=model.__name__)}


def returns(model: type[BaseModel] | None, media_type: str = JSON, *, many: bool = False) -> dict[int | str, Any]:
    """The answers of a route: the model (or raw bytes), and refusals for whatever else."""
    schema = BINARY if model is None else of_model(model)
    return _answers({"type": "array", "items": schema} if many else schema, media_type)


def returns_object() -> dict[int | str, Any]:
    """An object for people, of no fixed form."""
    return _answers({"type": "object"}, JSON)


def _answers(schema: dict[str, Any], media_type: str) -> dict[int | str, Any]:
    refusal = {
        "description": "A refusal: stable code, numbers, a sentence in Chinese and in English.",
        "content": {PROBLEM: {"schema": of_model(Problem)}},
        "headers": HEADERS_OF_REFUSALS,
    }
    return {200: {"description": "The answer.", "content": {media_type: {"schema": schema}}}, "default": refusal}


def body_of(model: type[BaseModel], cbor: str | None = None) -> dict[str, Any]:
    """A request body: JSON of the model, or also CBOR as `cbor` describes it."""
    content: dict[str, Any] = {JSON: {"schema": of_model(model)}}
    if cbor is not None:
        content[CBOR] = {"schema": {**BINARY, "description": cbor}}
    return {"requestBody": {"required": True, "content": content}}
