"""`millwork up` and `millwork login`: the server, and a browser's way into it."""

from __future__ import annotations

import ipaddress
import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from millwork import __version__
from millwork.app.compose import database_of, default_engine, open_context
from millwork.app.server import Options, Server, opened
from millwork.base.errors import BadRequest

if TYPE_CHECKING:
    from argparse import Namespace


_HTTPS = "https://"
_LOCAL = """\
steps run as you, on this machine: here a workspace is a folder, not a wall
"""


def run(options: Namespace) -> int:
    """Serves until it is told to end."""
    if options.database:
        from millwork.app.settings import DATABASE_RULE, is_database

        if not is_database(options.database):
            raise BadRequest(f"--database: expected {DATABASE_RULE}")
        os.environ["MILLWORK_DATABASE"] = options.database
    wanted = _options(options)
    context = open_context()
    from millwork.actions.login import first_admin, home_token, make_link

    home_token(context)
    is_file = not database_of(context.home).startswith("postgres")
    with opened(context, wanted, is_alone=is_file) as (listening, url):
        database = "SQLite" if is_file else "PostgreSQL"
        _say(f"Millwork {__version__}   home {context.home}   {database}\n")
        if is_loopback(wanted.host):
            link = f"open  {url}/login?link={make_link(context)}   (once, within 10 minutes)\n"
        else:
            link = _first(first_admin(context))
            if not wanted.is_secure:
                link += "passwords and tokens go over the network unencrypted: see --certificate\n"
        ready = f"ready at {url}\n{link}{_LOCAL if default_engine() == 'local' else ''}"
        ready += "Ctrl-C ends the server; what runs goes on, and the next one takes it over\n"
        Server(context, wanted, listening, url).run(partial(_say, ready))
    _say("ended\n")
    return 0


def link(options: Namespace) -> int:  # noqa: ARG001
    """Prints a one-time link that logs a browser in as the owner."""
    from millwork.actions.login import make_link
    from millwork.app.compose import running_server

    url = running_server()
    if url is None:
        raise BadRequest("no server is on this home: millwork up")
    sys.stdout.write(f"{url}/login?link={make_link(open_context())}\n")
    return 0


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _options(options: Namespace) -> Options:
    if bool(options.certificate) != bool(options.key):
        raise BadRequest("--certificate and --key go together")
    for file in filter(None, (options.certificate, options.key)):
        if not os.access(file, os.R_OK):
            raise BadRequest(f"{file} cannot be read")
    if not 0 <= options.port <= 65535:
        raise BadRequest("--port is 1 to 65535, or 0 for any that is free")
    said = [name.lower() for name in options.host_name]
    names = {*(name.removeprefix(_HTTPS).rstrip("/") for name in said), options.host}
    is_behind_tls = any(name.startswith(_HTTPS) for name in said)
    return Options(
        options.host, options.port, tuple(sorted(names)), options.certificate or "",
        options.key or "", is_behind_tls, options.shared_trust, options.log_format,
    )  # fmt: skip


def _first(admin: tuple[str, str] | None) -> str:
    if admin is None:
        return ""
    name, password = admin
    return f"first administrator: {name}, password: {password}   (shown this once)\n"


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
