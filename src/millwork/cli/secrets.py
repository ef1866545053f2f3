"""`millwork secrets set`, `list` and `remove`."""

from __future__ import annotations

import json
import sys
from functools import partial
from typing import TYPE_CHECKING

from millwork.actions import secrets
from millwork.app.compose import open_context
from millwork.app.doors import server_door
from millwork.base.errors import BadRequest

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

    from millwork.client.door import HttpDoor
    from millwork.views.secrets import SecretView


def run(options: Namespace) -> int:
    """Carries out one of the actions on secrets."""
    door = server_door(options.workspace)
    keep: Callable[[str, str], object]
    if door:
        keep = partial(_asked, door, "secrets.set")
        remove: Callable[[str], object] = partial(_asked, door, "secrets.remove")
        listed: Callable[[], list[SecretView]] = partial(_listed, door)
    else:
        context = open_context()
        keep, remove = partial(secrets.keep, context), partial(secrets.remove, context)
        listed = partial(secrets.listed, context)
    if options.action == "set":
        keep(options.name, _read_value(options.name))
    elif options.action == "remove":
        remove(options.name)
    elif options.json:
        sys.stdout.write(json.dumps(listed(), ensure_ascii=False) + "\n")
    else:
        _print(listed())
    return 0


def _asked(door: HttpDoor, verb: str, name: str, value: str | None = None) -> object:
    return door.ask(verb, name=name, value=value)


def _listed(door: HttpDoor) -> list[SecretView]:
    found: list[SecretView] = door.ask("secrets.list")["items"]
    return found


def _print(found: Sequence[SecretView]) -> None:
    width = max((len(secret["name"]) for secret in found), default=0)
    if not found:
        sys.stdout.write("no secrets yet: millwork secrets set NAME keeps one\n")
    for secret in found:
        sys.stdout.write(f"{secret['name']:<{width}}  {secret['from']}\n")


def _read_value(name: str) -> str:
    """What is typed unseen, or all of standard input without the newline that ends it."""
    if sys.stdin.isatty():
        from getpass import getpass

        return getpass(f"value of {name}: ")
    given = sys.stdin.buffer.read(secrets.LARGEST + 3)
    try:
        text = given.decode()
    except UnicodeDecodeError:
        raise BadRequest(f"the value of '{name}' is not UTF-8 text") from None
    return text.removesuffix("\n").removesuffix("\r")
