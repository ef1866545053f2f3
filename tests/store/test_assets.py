"""The rows of the registry, on both databases."""

from __future__ import annotations

import threading
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from millwork.base.errors import BadRequest, Conflict, Forbidden, MillworkError
from millwork.registry.searching import search_text
from millwork.store.assets import AssetStore, Kept, New, Wanted
from millwork.store.database import open_database
from millwork.store.queries import load_queries

if TYPE_CHECKING:
    from typing import Literal

NOW = count(1000)


def opened(place: str) -> AssetStore:
    return AssetStore(open_database(place, load_queries("queries.sql")))


@pytest.fixture
def store(place: str) -> AssetStore:
    return opened(place)


def new(document: Any, name: str = "train", kind: str = "component", **fields: Any) -> New:
    given = {"workspace": "default", "creator": "ann", "now": float(next(NOW)), **fields}
    given["search"] = search_text([name, given.pop("words", "")], given.pop("labels", None),
                                  given.pop("uses", ()))  # fmt: skip
    return New(kind=kind, name=name, document={"it": document}, **given)


def names(
    store: AssetStore,
    person: str = "ann",
    *,
    sort: Literal["name", "-changed"] = "name",
    **wanted: Any,
) -> list[str]:
    found = store.list("default", "component", Wanted(person, sort=sort, **wanted))
    return [kept.name for kept in found]


def test_versions_follow_one_another(store: AssetStore) -> None:
    assert store.register(new(1, own="1.2.0")).version == "1.2.0"
    with pytest.raises(Conflict, match=r"1\.2\.0 is registered with another content"):
        store.register(new(2, own="1.2.0"))
    assert store.register(new(2)).version == "1.2.1"
    assert store.register(new(3, version="3.0.0")).version == "3.0.0"
    late = store.register(new(4, version="2.0.0", description="old"))
    assert (late.version, late.latest, late.description) == ("2.0.0", "3.0.0", "")
    assert store.register(new(5)).version == "3.0.1"
    found = store.versions("default", "component", "train")
    assert [kept.version for kept in found] == ["3.0.1", "3.0.0", "2.0.0", "1.2.1", "1.2.0"]
    rest = store.versions("default", "component", "train", limit=2, skip=3)
    assert [kept.version for kept in rest] == ["1.2.1", "1.2.0"]


def test_words_stand_behind_the_numbers_before_them(store: AssetStore) -> None:
    made = [
        store.register(new(number, kind="image", version=version)).version
        for number, version in enumerate(["", "cuda", "", "7", ""])
    ]
    assert made == ["1", "cuda", "2", "7", "8"]
    assert [kept.version for kept in store.versions("default", "image", "train")] == [
        "8", "7", "2", "cuda", "1",
    ]  # fmt: skip


def test_the_same_again_is_the_one_there_is(store: AssetStore) -> None:
    first = store.register(new(1, version="1.0.0"))
    assert store.register(new(1, version="1.0.0", creator="bob")) == first
    assert store.register(new(1)) == first
    with pytest.raises(Conflict, match=r"train@1\.0\.0 is there with other content"):
        store.register(new(2, version="1.0.0"))
    assert store.get("default", "component", "train") == first


def test_what_is_refused_leaves_nothing(store: AssetStore) -> None:
    def refuse(creator: str, visibility: str) -> None:
        raise Forbidden(f"{creator} {visibility}")

    store.register(new(1, visibility="private"), refuse)  # nobody's yet
    with pytest.raises(Forbidden, match="ann private"):
        store.register(new(2, creator="bob"), refuse)
    with pytest.raises(ValueError, match="JSON"):
        store.register(new(float("nan"), name="other"))
    assert names(store) == ["train"]


def test_drafts_are_overwritten_by_who_has_seen_the_last(store: AssetStore) -> None:
    first = store.put(new("a", kind="draft"), 0)
    assert (first.version, first.revision, first.document) == ("0", 1, {"it": "a"})
    second = store.put(new("b", kind="draft", creator="bob", visibility="private"), 1)
    assert (second.revision, second.creator, second.author) == (2, "ann", "bob")
    assert (second.visibility, second.created) == ("private", first.created)
    with pytest.raises(Conflict, match="revision 2 is there"):
        store.put(new("c", kind="draft"), 1)
    with pytest.raises(Conflict, match="there is none"):
        store.put(new("c", kind="draft", name="other"), 3)
    with pytest.raises(Conflict, match="not at revision 0"):
        store.put(new("c", kind="draft"), 0)
    assert store.put(new("d", kind="draft")).revision == 3  # a connection is set in any case


def test_lists_are_paged_by_name_and_by_change(store: AssetStore) -> None:
    for name in ("c", "a", "e", "b", "d"):
        store.register(new(1, name=name))
    store.register(new(2, name="a"))
    assert names(store, limit=2) == ["a", "b"]
    assert names(store, limit=2, after=(0.0, "b")) == ["c", "d"]
    assert names(store, sort="-changed") == ["a", "d", "b", "e", "c"]
    third = store.list("default", "component", Wanted("ann", sort="-changed", limit=3))[-1]
    assert names(store, sort="-changed", after=(third.changed, third.name)) == ["e", "c"]


def test_lists_show_what_is_asked_for(store: AssetStore) -> None:
    store.register(new(1, name="trees", words="gradient boosting", labels={"team": "risk"}))
    store.register(new(1, name="forest", words="random 100%", creator="bob"))
    store.register(new(1, name="secret", words="gradient", creator="bob", visibility="private"))
    store.register(new(1, name="away", workspace="other"))
    assert names(store) == ["forest", "trees"]
    assert names(store, "bob") == ["forest", "secret", "trees"]
    assert names(store, sees_all=True) == ["forest", "secret", "trees"]
    assert names(store, text="GRADIENT tree") == ["trees"]
    assert names(store, text="gradient nothing") == []
    assert names(store, text="100%") == ["forest"]
    assert names(store, text="%") == ["forest"]
    assert names(store, text="' OR 1=1 --") == []
    assert names(store, label="team=risk") == names(store, label="team") == ["trees"]
    assert names(store, creator="bob") == ["forest"]
    with pytest.raises(BadRequest, match="8 words"):
        names(store, text="a b c d e f g h i")


def test_stages_and_deprecation(store: AssetStore) -> None:
    one = store.register(new(1, stage="Pending"))
    two = store.register(new(2, stage="Pending"))
    store.set_stage(two, "Approved", "as good\nas gold")
    assert names(store, stage="Approved") == ["train"]
    assert names(store, stage="Pending") == names(store, stage="Approve") == []
    kept = store.get("default", "component", "train")
    assert kept is not None
    assert (kept.stage, kept.comment) == ("Approved", "as good\nas gold")
    assert names(store, deprecated=False) == ["train"]
    store.deprecate(two, "too slow")
    assert names(store, deprecated=True) == ["train"]
    assert names(store, deprecated=False) == []
    assert version_of(store.usable("default", "component", "train")) == one.version
    assert version_of(store.get("default", "component", "train")) == two.version
    store.deprecate(one, "older still")
    assert store.usable("default", "component", "train") is None


def version_of(kept: Kept | None) -> str:
    return kept.version if kept else ""


def test_what_uses_a_thing_and_what_came_of_a_run(store: AssetStore) -> None:
    store.register(new(1, name="p", kind="pipeline", uses=["component:train@1.0.0"]))
    store.register(new(1, name="m", kind="model", run="abc"))
    users = store.users("default", "component:train")
    assert [kept.name for kept in users] == ["p"]
    assert store.users("default", "component:train@2.0.0") == []
    assert store.users("other", "component:train") == []
    assert [kept.name for kept in store.of_run("default", "abc")] == ["m"]
    assert store.of_run("default", "") == store.of_run("other", "abc") == []


def test_what_is_deleted_is_gone(store: AssetStore) -> None:
    kept = store.register(new(1))
    store.register(new(2))
    assert store.delete("default", "component", "train")
    assert not store.delete("default", "component", "train")
    assert store.versions("default", "component", "train") == []
    with pytest.raises(BadRequest, match="any more"):
        store.deprecate(kept, "gone")
    assert store.register(new(3)).version == "1.0.0"


@pytest.mark.parametrize("name", ["../x", "a\0b", "'; DROP TABLE asset; --", "x" * 300, "\u202ex"])
def test_hostile_names_are_no_more_than_names(store: AssetStore, name: str) -> None:
    assert store.get("default", "component", name) is None
    assert store.get("default", "component", "train", name) is None
    assert not store.delete("default", "component", name)


def test_two_that_register_at_once_get_two_versions(place: str) -> None:
    opened(place)
    made: list[str] = []
    errors: list[MillworkError] = []
    together = threading.Barrier(4)

    def work(number: int) -> None:
        own = opened(place)
        together.wait()
        for step in range(5):
            try:
                made.append(own.register(new([number, step])).version)
            except MillworkError as error:
                errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(made, key=lambda version: int(version[4:])) == [f"1.0.{n}" for n in range(20)]


def test_of_two_that_save_at_once_one_has_to_look_again(place: str) -> None:
    opened(place).put(new("first", kind="draft"), 0)
    outcomes: list[str] = []
    together = threading.Barrier(4)

    def work(number: int) -> None:
        own = opened(place)
        together.wait()
        try:
            own.put(new(number, kind="draft"), 1)
            outcomes.append("saved")
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict", "conflict", "conflict", "saved"]
