"""The contract of the API: an OpenAPI 3.1 document made of the verbs and their signatures."""

from __future__ import annotations

import inspect
import json
from functools import cache
from typing import Any, get_type_hints

import msgspec

from millwork import __version__
from millwork.access.verbs import VERBS
from millwork.actions.exchange import Download, EventFeed, LogFeed, Text
from millwork.api.binding import Binding, binding_of, objects_in

PREFIX = "/api/v1"
_REFERENCE = "#/components/schemas/{name}"
_STREAMS = {EventFeed: "text/event-stream", LogFeed: "text/event-stream",
            Download: "application/octet-stream", Text: "text/plain"}  # fmt: skip
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "request"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what to do about it."},
        "request": {"type": "string", "description": "The id under which the log has it."},
        "faults": {"type": "array", "items": {"type": "object"}},
    },
}


@cache
def document() -> bytes:
    """The document as JSON."""
    bindings = [binding_of(name) for name in VERBS]
    bodies = {binding.verb.name: _body_of(binding) for binding in bindings}
    types = [body for body in bodies.values() if body is not None]
    types += [binding.answer for binding in bindings if binding.answer not in _STREAMS]
    kinds = [*types, *(hint for binding in bindings for hint in _query_types(binding).values())]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    for binding in bindings:
        for kind in (each for hint in binding.nested.values() for each in objects_in(hint)):
            components[kind.__name__]["additionalProperties"] = False
    by_type = {id(kind): schema for kind, schema in zip(kinds, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for binding in bindings:
        verb = binding.verb
        operation = _operation(binding, bodies[verb.name], by_type)
        paths.setdefault(PREFIX + verb.path, {})[verb.method.lower()] = operation
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Millwork", "version": __version__,
                "description": "Components, pipelines, runs, data and models of this server.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
            "security": [{"token": []}, {"session": []}],
            "paths": paths,
            "components": {
                "schemas": {**components, "Problem": _PROBLEM},
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer"},
                    "session": {"type": "apiKey", "in": "cookie", "name": "millwork_session"},
                },
            },
        }
    ).encode()  # fmt: skip


def _operation(binding: Binding, body: Any, schemas: dict[int, Any]) -> dict[str, Any]:
    verb = binding.verb
    summary, _, rest = inspect.cleandoc(binding.function.__doc__ or "").partition("\n\n")
    found: dict[str, Any] = {
        "operationId": verb.name,
        "tags": [verb.name.partition(".")[0]],
        "summary": " ".join(summary.split()),
        "description": " ".join(rest.split()),
        "x-needs": verb.needs,
        "parameters": [*_path_parameters(verb.path), *_query_parameters(binding, schemas)],
        "responses": {
            "200": _answer(binding, schemas),
            "default": {
                "description": "It was not done; the problem says why.",
                "content": {
                    "application/problem+json": {
                        "schema": {"$ref": _REFERENCE.format(name="Problem")}
                    }
                },
            },
        },
    }
    if verb.writes and verb.needs != "anyone":
        found["parameters"].append(_KEY)
    if verb.needs == "anyone":
        found["security"] = []
    if binding.takes_file:
        content: dict[str, Any] = {"application/octet-stream": {"schema": {"type": "string",
                                   "format": "binary"}}}  # fmt: skip
        found["requestBody"] = {"required": True, "content": content}
    elif body is not None:
        content = {"application/json": {"schema": schemas[id(body)]}}
        found["requestBody"] = {"required": True, "content": content}
    return found


_KEY = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "schema": {"type": "string", "maxLength": 200},
    "description": "Requests with one key are done once, and answered alike, for a day.",
}  # fmt: skip


def _path_parameters(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]


def _query_types(binding: Binding) -> dict[str, Any]:
    if binding.verb.method not in ("GET", "DELETE") and not binding.takes_file:
        return {}
    hints = get_type_hints(binding.arguments)
    return {name: hints[name] for name in hints if name not in binding.path}


def _query_parameters(binding: Binding, schemas: dict[int, Any]) -> list[dict[str, Any]]:
    required = _required(binding)
    return [
        {"name": name, "in": "query", "required": name in required, "schema": schemas[id(hint)]}
        for name, hint in _query_types(binding).items()
    ]


def _body_of(binding: Binding) -> Any:
    """The type of the body: the arguments that the path does not say; None if it has none."""
    if binding.verb.method in ("GET", "DELETE") or binding.takes_file:
        return None
    fields: list[Any] = []
    for field in msgspec.structs.fields(binding.arguments):
        if field.name in binding.path:
            continue
        if field.required:
            fields.append((field.name, field.type))
        elif field.default is not msgspec.NODEFAULT:
            fields.append((field.name, field.type, field.default))
        else:
            factory = msgspec.field(default_factory=field.default_factory)
            fields.append((field.name, field.type, factory))
    name = f"{binding.arguments.__name__}Body"
    return msgspec.defstruct(name, fields, forbid_unknown_fields=True, kw_only=True)


def _required(binding: Binding) -> set[str]:
    return {field.name for field in msgspec.structs.fields(binding.arguments) if field.required}


def _answer(binding: Binding, schemas: dict[int, Any]) -> dict[str, Any]:
    if binding.answer in _STREAMS:
        kind = _STREAMS[binding.answer]
        return {"description": "As it is.", "content": {kind: {"schema": {"type": "string"}}}}
    schema = schemas[id(binding.answer)]
    return {"description": "Done.", "content": {"application/json": {"schema": schema}}}


if __name__ == "__main__":
    import sys

    sys.stdout.buffer.write(document())
