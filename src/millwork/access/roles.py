"""The six roles of a workspace and what each reaches (platform.md section 3).

`any` reaches all that there is of a noun, `public` what is public and what one has made oneself,
`own` the last alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Role: TypeAlias = Literal["owner", "admin", "developer", "operator", "labeler", "guest"]
Reach: TypeAlias = Literal["any", "public", "own", "none"]

ROLES: tuple[Role, ...] = get_args(Role)

_TABLE = """
                    owner   admin   developer operator labeler guest
run read            any     any     public    public   none    public
run write           any     any     own       own      none    none
run operate         any     any     own       public   none    none
run delete          any     any     own       none     none    none
component read      any     any     public    public   none    public
component write     any     any     own       none     none    none
component delete    any     any     own       none     none    none
pipeline read       any     any     public    public   none    public
pipeline write      any     any     own       none     none    none
pipeline delete     any     any     own       none     none    none
schedule read       any     any     public    public   none    public
schedule write      any     any     own       none     none    none
schedule operate    any     any     own       public   none    none
schedule delete     any     any     own       none     none    none
dataset read        any     any     public    public   public  public
dataset write       any     any     own       own      own     none
dataset delete      any     any     own       none     own     none
model read          any     any     public    public   none    public
model write         any     any     own       own      none    none
model approve       any     any     none      public   none    none
model delete        any     any     own       none     none    none
image read          any     any     public    public   public  public
image write         any     any     own       none     none    none
image delete        any     any     own       none     none    none
code read           any     any     public    public   none    public
code write          any     any     own       none     none    none
code delete         any     any     own       none     none    none
connection read     any     any     public    public   public  none
connection write    any     any     own       none     none    none
connection delete   any     any     own       none     none    none
secret read         any     any     any       any      none    none
secret write        any     any     none      none     none    none
secret delete       any     any     none      none     none    none
workspace read      any     any     any       any      any     any
workspace write     any     any     none      none     none    none
workspace delete    any     none    none      none     none    none
member read         any     any     any       any      any     none
member write        any     any     none      none     none    none
member delete       any     any     none      none     none    none
audit read          any     any     none      none     none    none
"""


_REACHES: Mapping[str, Reach] = {reach: reach for reach in get_args(Reach)}


def _read(table: str) -> dict[tuple[str, str], dict[str, Reach]]:
    header, *lines = table.strip().splitlines()
    roles = header.split()
    read = {}
    for noun, action, *cells in (line.split() for line in lines):
        read[noun, action] = {role: _REACHES[cell] for role, cell in zip(roles, cells, strict=True)}
    return read


REACHES: Mapping[tuple[str, str], Mapping[str, Reach]] = _read(_TABLE)


def reach_of(role: str, noun: str, action: str) -> Reach:
    """How far a role reaches; raises KeyError for what the table does not name."""
    return REACHES[noun, action][role]


def may(role: str, noun: str, action: str, *, is_own: bool, visibility: str) -> bool:
    """Whether a role may do this to one thing."""
    reach = reach_of(role, noun, action)
    if reach == "any" or (is_own and reach != "none"):
        return True
    return reach == "public" and visibility == "public"
