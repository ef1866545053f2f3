"""What a request says becomes a verb's arguments, or is refused with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from millwork.access.verbs import VERBS
from millwork.api.binding import binding_of, objects_in
from millwork.api.openapi import document
from millwork.base.errors import BadRequest

pytestmark = pytest.mark.quick

COMMIT = {"commit": "a" * 40, "dirty": False, "url": ""}


@pytest.mark.parametrize(
    ("verb", "body", "message"),
    [
        ("bundles.create", {"files": [], "more": 1}, "there is no field 'more'; there are: files"),
        (
            "bundles.create",
            {"files": [{"path": "a"}, {"path": "b", "mode": 493}]},
            "files[1]: there is no field 'mode'; there are: path, sha256, executable",
        ),
        (
            "runs.create",
            {"commits": {"train": {**COMMIT, "branch": "main"}}},
            "commits.train: there is no field 'branch'; there are: commit, dirty, url",
        ),
        (
            "runs.create",
            {"commits": {"train": {"commit": "a"}}},
            "commits[...]: the field 'dirty' is missing",
        ),
    ],
)
def test_a_field_that_there_is_not_is_refused_with_its_place(
    verb: str, body: Any, message: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        binding_of(verb).read({}, [], body)
    assert str(caught.value) == message


def test_what_is_said_as_it_should_be_is_handed_on() -> None:
    files = [{"path": "a", "sha256": "0" * 64, "executable": True}, {"path": "b"}]
    assert binding_of("bundles.create").read({}, [], {"files": files}) == {"files": files}
    said = binding_of("runs.create").read({}, [], {"commits": {"train": COMMIT}})
    assert said["commits"] == {"train": COMMIT}
    assert binding_of("runs.create").read({}, [], {"commits": None})["commits"] is None


def test_the_contract_says_that_no_other_fields_are_taken() -> None:
    schemas = json.loads(document())["components"]["schemas"]
    taken = {
        kind.__name__
        for name in VERBS
        for hint in binding_of(name).nested.values()
        for kind in objects_in(hint)
    }
    assert {"BundleFile", "Commit"} <= taken
    assert all(schemas[name]["additionalProperties"] is False for name in taken)
