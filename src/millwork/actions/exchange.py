"""What a verb takes and answers that is not JSON: files, and streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from millwork.actions.context import Context


@dataclass(frozen=True)
class Upload:
    """The body of a request, received whole into a file of its own; the verb may move it away."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Download:
    """A file to be sent as it is; its `name` is what it is saved as."""

    path: str
    name: str
    size: int


@dataclass(frozen=True)
class Text:
    """A text that is not JSON, of a media type."""

    text: str
    media_type: str


@dataclass(frozen=True)
class EventFeed:
    """The events of a workspace, or of one of its runs, as they come.

    `since` is where a stream goes on: the id of the last message that was seen. The events of
    private runs are told to who may see all of them, or has begun the run: `private_of`.
    """

    workspace: str
    run: str = ""
    since: str = ""
    private_of: str | None = None


@dataclass(frozen=True)
class LogFeed:
    """A log as it is written.

    `read`, with the context of whichever thread does it, gives what is behind an offset, the offset
    behind that, and whether nothing more will come.
    """

    read: Callable[[Context, int], tuple[bytes, int, bool]]
    offset: int = 0
