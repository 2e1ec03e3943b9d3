"""What FastAPI cannot see by itself and `/v1/openapi.json` must say: bodies that we read and answers that we make."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from ledger.api import CBOR, PROBLEM, Problem

JSON = "application/json"
PROBLEM_ANSWER: dict[str, Any] = {
    "description": "A refusal: stable code, numbers, a sentence in Chinese and in English.",
    "content": {PROBLEM: {"schema": Problem.model_json_schema()}},
}


def returns(model: type[BaseModel] | None, media_type: str = JSON, *, many: bool = False) -> dict[int | str, Any]:
    """The answers of a route: the model (or raw bytes), and refusals for whatever else."""
    schema: dict[str, Any] = {"type": "string", "format": "binary"}
    if model is not None:
        schema = model.model_json_schema(mode="serialization")
    if many:
        schema = {"type": "array", "items": schema}
    good = {"description": "The answer.", "content": {media_type: {"schema": schema}}}
    return {200: good, "default": PROBLEM_ANSWER}


def body_of(model: type[BaseModel] | None, cbor: str | None = None) -> dict[str, Any]:
    """A request body: JSON of the model, CBOR as `cbor` describes it, or either."""
    content: dict[str, Any] = {}
    if model is not None:
        content[JSON] = {"schema": model.model_json_schema()}
    if cbor is not None:
        content[CBOR] = {"schema": {"type": "string", "format": "binary", "description": cbor}}
    return {"requestBody": {"required": True, "content": content}}
