"""The guard before anything is built: hostile YAML is refused at once, with its place."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from millwork.base.errors import InvalidFile
from millwork.spec.document import MAX_DEPTH, Mapping, Scalar, Sequence, parse

pytestmark = pytest.mark.quick

CPU_SECONDS = 2.0  # each takes under 0.2 s on a quiet machine


def refusal(text: str) -> InvalidFile:
    began = time.process_time()
    with pytest.raises(InvalidFile) as caught:
        parse(text, "c.yaml")
    assert time.process_time() - began < CPU_SECONDS
    assert all(fault.line >= 1 and fault.column >= 1 for fault in caught.value.faults)
    return caught.value


def scalar(root: Mapping, *path: str) -> Scalar:
    node = root.entries[path[0]][1]
    for name in path[1:]:
        assert isinstance(node, Mapping)
        node = node.entries[name][1]
    assert isinstance(node, Scalar)
    return node


ALIAS_BOMB = "a0: &a0 [lol, lol]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 10)
)
MERGE_BOMB = "base: {x: 1}\n" + "".join(f"k{index}:\n  <<: [{{a: 1}}]\n" for index in range(2000))

HOSTILE = {
    "alias bomb": (ALIAS_BOMB, "anchors (&a0) are not accepted", 1, 5),
    "alias": ("a: *b\n", "aliases (*b) are not accepted", 1, 4),
    "cyclic alias": ("a: &a [*a]\n", "anchors (&a) are not accepted", 1, 4),
    "merge bomb": (MERGE_BOMB, "merge keys (<<) are not accepted", 3, 3),
    "python tag": ("a: !!python/object/apply:os.system [id]\n", "tags (tag:yaml.org,2002:py", 1, 4),
    "own tag": ("name: !secret x\n", "tags (!secret) are not accepted", 1, 7),
    "anchor on a mapping": ("a: &x {b: c}\n", "anchors (&x) are not accepted", 1, 4),
    "100,000 nested lists": ("a: " + "[" * 100_000, "nested deeper than 32 levels", 1, 35),
    "200 kB nested": ("a: " + "[" * 100_000 + "]" * 100_000, "nested deeper than 32 levels", 1, 35),
    "200 kB of nested JSON": (
        '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested deeper than 32 levels", 1, 38,
    ),
    "depth 500 in blocks": (
        "".join(" " * level + "a:\n" for level in range(500)), "nested deeper than 32", 33, 33,
    ),
    "flat list of 20,001": ("a: [" + "1," * 20_001 + "]", "the file has too many nodes", 1, None),
    "flat list of 500 kB": ("a: [" + "1," * 250_000 + "]", "has 500,005 bytes; at most", 1, 1),
    "two keys": ("a: 1\nb: 2\na: 3\n", "the key 'a' stands twice (first on line 1)", 3, 1),
    "two keys in JSON": ('{"a": 1,\n "a": 2}', "the key 'a' stands twice", 2, 2),
    "two documents": ("a: 1\n---\nb: 2\n", "one document a file", 2, 1),
    "a list as a key": ("? [a, b]\n: c\n", "a key must be a plain name", 1, 3),
    "NUL": ("a: b\nc: \0\n", "the character U+0000 cannot stand", 2, 4),
    "escaped NUL": ('a: "x\\0y"\n', "a NUL character cannot be passed", 1, 4),
    "NUL in a JSON key": ('{"a\\u0000": 1}', "a NUL character cannot be passed", 1, 2),
    "half a surrogate": ("a: \udcff\n", "the character U+DCFF cannot stand", 1, 4),
    "escaped half a surrogate": ('{"a": "\\ud800"}', "half a surrogate pair (\\ud800)", 1, 7),
    "a bell": ("a: b\x07\n", "the character U+0007 cannot stand", 1, 5),
    "tabs as indentation": ("a:\n\tb: c\n", "not YAML: found character that cannot start", 2, 1),
    "unclosed": ("a: [1, 2\n", "not YAML: did not find expected ',' or ']'", 2, 1),
    "bad indentation": ("a: b\n  c: d\n", "not YAML: mapping values are not allowed", 2, 4),
    "empty": ("", "the file is empty", 1, 1),
    "only a comment": ("# nothing\n", "the file is empty", 1, 1),
    "a list at the top": ("\n- a\n", "expected a mapping of fields at the top", 2, 1),
    "a text at the top": ("hello", "expected a mapping of fields at the top", 1, 1),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_text_is_refused_where_it_stands(case: str) -> None:
    text, message, line, column = HOSTILE[case]
    fault = refusal(text).faults[0]
    assert message in fault.message
    assert fault.line == line
    assert column is None or fault.column == column


def test_every_key_that_stands_twice_is_told() -> None:
    faults = refusal("a: 1\nb: {c: 1, c: 2}\na: 3\n").faults
    assert [(fault.line, fault.column, fault.path) for fault in faults] == [
        (2, 11, "c"),
        (3, 1, "a"),
    ]


def test_nesting_is_allowed_up_to_the_limit() -> None:
    deepest = MAX_DEPTH - 1
    parse("a: " + "[" * deepest + "]" * deepest, "c.yaml")
    refusal("a: " + "[" * (deepest + 1) + "]" * (deepest + 1))


@pytest.mark.parametrize("kind", ["kind: Pipeline\n", "# as JSON\n", "'kind': \"Pipeline\"\n"])
def test_a_pipeline_may_be_larger(kind: str) -> None:
    text = kind + "a: [" + "1," * 200_000 + "]"
    if "Pipeline" in kind:
        parse(text, "p.yaml")
    else:
        refusal(text)


def test_a_pipeline_in_json_may_be_larger() -> None:
    root = parse(json.dumps({"kind": "Pipeline", "a": ["text"] * 50_000}), "p.json")
    items = root.entries["a"][1]
    assert isinstance(items, Sequence)
    assert len(items.items) == 50_000


@pytest.mark.parametrize(
    "text", ["1.10", "yes", "no", "on", "1:20:30", "017", "2024-01-01", "1e3", "0x1F", "=", ".inf"]
)
def test_scalars_stay_text(text: str) -> None:
    assert scalar(parse(f"a: {text}\n", "c.yaml"), "a") == Scalar(1, 4, text)


@pytest.mark.parametrize(
    ("text", "is_null"),
    [("a:", True), ("a: ~", True), ("a: null", True), ("a: ''", False), ('a: "null"', False)],
)
def test_nothing_is_told_from_empty_text(text: str, is_null: bool) -> None:
    assert scalar(parse(text, "c.yaml"), "a").is_null is is_null


def test_a_byte_order_mark_is_skipped() -> None:
    assert scalar(parse("\ufeffa: b", "c.yaml"), "a").place == (1, 4)
    assert scalar(parse('\ufeff{"a": "b"}', "c.json"), "a").place == (1, 7)


def test_json_is_read_as_json() -> None:
    text = '{\n\t"a":\t"\\/ \\ud83d\\ude00 \\u0007",\n\t"b"\n:\n{"c": [1.10, true, null, "null"]}}'
    root = parse(text, "c.json")
    assert scalar(root, "a").text == "/ \U0001f600 \x07"
    items: Any = root.entries["b"][1].entries["c"][1].items  # type: ignore[union-attr]
    assert all(isinstance(item, Scalar) for item in items)
    assert [item.text for item in items] == ["1.10", "true", "null", "null"]
    assert [item.is_null for item in items] == [False, False, True, False]
    assert root.entries["a"][0].place == (2, 2)
    assert items[0].place == (5, 8)


def test_a_key_of_json_may_be_long() -> None:
    key = "k" * 2000
    assert scalar(parse(json.dumps({key: "v"}), "c.json"), key).text == "v"


@given(st.text() | st.text("{}[]:,-?&*!|>'\"%@`#ab01 \n\t\\"))
@settings(max_examples=400, derandomize=True, deadline=None)
def test_any_text_is_a_mapping_or_refused_with_a_place(text: str) -> None:
    try:
        parse(text, "c.yaml")
    except InvalidFile as error:
        places = [(fault.line, fault.column) for fault in error.faults]
    else:
        places = [(1, 1)]
    assert places
    assert min(min(place) for place in places) >= 1


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=4), st.sampled_from([None, 2, "\t"]))
@settings(max_examples=150, derandomize=True, deadline=None)
def test_json_has_the_content_that_json_gives_it(document: dict[str, object], indent: int) -> None:
    text = json.dumps(document, ensure_ascii=False, indent=indent)
    try:
        root = parse(text, "c.json")
    except InvalidFile as error:
        assert "NUL" in str(error) or "surrogate" in str(error)  # noqa: PT017
        return
    assert plain(root) == json.loads(text, parse_int=str, parse_float=str, parse_constant=str)


def plain(node: object) -> object:
    if isinstance(node, Mapping):
        return {name: plain(value) for name, (_, value) in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    words = {"true": True, "false": False, "null": None}
    return words.get(node.text, node.text) if node.plain else node.text


@pytest.mark.parametrize(
    "part", ["\n", " \n", "\t\n", "kind", "kind \n", "jobs \n", ",", "{ ", "type\n", "# \n", "'"]
)
@pytest.mark.parametrize("start", ["", "a: b", "kind: Pipeline\na: [", '{"a": ["', "kind"])
def test_what_is_repeated_without_end_is_looked_at_once(start: str, part: str) -> None:
    began = time.process_time()
    with suppress(InvalidFile):
        parse(start + part * (200_000 // len(part)), "c.yaml")
    assert time.process_time() - began < CPU_SECONDS


def test_reading_costs_little_more_than_the_parser() -> None:
    text = "kind: Pipeline\nnodes:\n" + "".join(
        f"  n{index}:\n    component: step\n    inputs: {{i: {{from: n{index}.o}}}}\n"
        for index in range(1000)
    )
    alone = min(cost(lambda: [*yaml.parse(text, yaml.CSafeLoader)]) for _ in range(5))
    whole = min(cost(lambda: parse(text, "c.yaml")) for _ in range(5))
    assert whole < 4 * alone  # 2 to 2.5 times


def cost(what: Callable[[], object]) -> float:
    began = time.process_time()
    what()
    return time.process_time() - began
