"""Secrets: kept, listed without their values, removed, and asked for before a run begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest, Missing
from millwork.base.names import SECRET_RULE, is_secret, is_text
from millwork.base.sizes import format_size
from millwork.spec.model import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from millwork.actions.context import Context
    from millwork.plan.model import Step
    from millwork.views.secrets import SecretView

LARGEST = 32 * 1024


def keep(context: Context, name: str, value: str) -> None:
    """Keeps a secret; raises BadRequest for a name or value that cannot be one."""
    if not is_secret(name):
        raise BadRequest(f"{name!r} cannot name a secret: {SECRET_RULE}")
    if not value:
        raise BadRequest(f"the value of '{name}' is empty")
    if not is_text(value):
        raise BadRequest(f"the value of '{name}' is not text that a variable can hold")
    if len(value.encode()) > LARGEST:
        raise BadRequest(f"the value of '{name}' is longer than {format_size(LARGEST)}")
    context.secrets.keep(name, value)


def listed(context: Context) -> list[SecretView]:
    """The secrets as `{name, from}`, never with their values."""
    return [{"name": name, "from": where} for name, where in context.secrets.sources().items()]


def remove(context: Context, name: str) -> None:
    """Removes a secret from the file; raises BadRequest if it is not there."""
    if not context.secrets.remove(name):
        raise BadRequest(f"there is no secret '{name}' in the file")


def require(context: Context, steps: Iterable[Step]) -> None:
    """Raises Missing, naming every secret that the steps need and that is not there."""
    wanted: dict[str, str] = {}
    for step in steps:
        for value in {**step.component.env, **step.env}.values():
            if isinstance(value, Secret):
                wanted.setdefault(value.name, step.name)
    missing = [
        f"there is no secret '{name}', which step '{step}' needs: millwork secrets set {name}"
        for name, step in wanted.items()
        if context.secrets.value(name) is None
    ]
    if missing:
        raise Missing("\n".join(missing))
