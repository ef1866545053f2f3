"""`millwork secrets set`, `list` and `remove`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from millwork.actions import secrets
from millwork.app.compose import open_context
from millwork.base.errors import BadRequest

if TYPE_CHECKING:
    from argparse import Namespace


def run(options: Namespace) -> int:
    """Carries out one of the actions on secrets."""
    context = open_context()
    if options.action == "set":
        secrets.keep(context, options.name, _read_value(options.name))
    elif options.action == "remove":
        secrets.remove(context, options.name)
    elif options.json:
        sys.stdout.write(json.dumps(secrets.listed(context), ensure_ascii=False) + "\n")
    else:
        found = secrets.listed(context)
        width = max((len(secret["name"]) for secret in found), default=0)
        if not found:
            sys.stdout.write("no secrets yet: millwork secrets set NAME keeps one\n")
        for secret in found:
            sys.stdout.write(f"{secret['name']:<{width}}  {secret['from']}\n")
    return 0


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
