"""What steps print."""

from __future__ import annotations

import codecs
from itertools import islice
from typing import TypedDict

from millwork.actions import runs as looking
from millwork.actions.call import Call
from millwork.actions.context import Context
from millwork.actions.exchange import LogFeed
from millwork.actions.log_search import hits
from millwork.actions.nouns.steps import found_step_of, process_in
from millwork.base.cursor import read_number
from millwork.base.errors import BadRequest
from millwork.base.names import is_text

_MOST = 1 << 20
_MOST_HITS, _LONGEST_WORDS = 10_000, 200


class LogNames(TypedDict):
    """The logs of the last attempt at a step: one for each of its processes.

    `worker-1~1` is that of worker-1 when it was started again.
    """

    attempt: str
    items: list[str]


class LogPart(TypedDict):
    """A part of a log.

    `text` begins at `offset`; `next` is where it ends, in bytes of the log as it was printed.
    Of a long log the middle is not kept: then `next` is further than the text is long. `size` is
    all that was printed, and `lost_from` to `lost_to` is what of it is gone.
    """

    offset: int
    next: int
    text: str
    is_over: bool
    size: int
    lost_from: int
    lost_to: int


class LogHit(TypedDict):
    """A line of a log in which words are found.

    `offset` is where it begins, in bytes of the log as it was printed; `line` how many lines have
    ended before it since the last multiple of `block` bytes, or since a part that is not kept.
    """

    offset: int
    line: int


class LogHits(TypedDict):
    """Lines of a log in which words are found, in order; `next` is the offset to go on from."""

    items: list[LogHit]
    next: int | None


def list_(call: Call, run: str, step: str) -> LogNames:
    """The logs of the last attempt at a step."""
    row, _ = found_step_of(call, run, step)
    logs = looking.logs_of(call.context, row, step)
    names = [process.partition("/")[2] or "last" for _, process in logs.processes]
    return {"attempt": logs.attempt, "items": names}


def read(
    call: Call, run: str, step: str, process: str, offset: int = 0, limit: int = 65_536
) -> LogPart:
    """A part of a log, in bytes from `offset` on; `process` is a replica, or `last`."""
    if not (1 <= limit <= _MOST and 0 <= offset < 1 << 62):
        raise BadRequest(f"offset: 0 or more; limit: 1 to {_MOST}")
    row, _ = found_step_of(call, run, step)
    engine = call.context.engine_of(row)
    found = process_in(call, row, step, process)
    data, end = b"", offset
    while len(data) < limit:
        more, place = engine.log(found, end)
        if not more:
            break
        data, end = data + more, place
    end -= max(0, len(data) - limit)
    is_over = not looking.is_running(call.context, row, found.partition("/")[0])
    text, pending = _decoded(data[:limit])
    size, (lost_from, lost_to) = engine.extent(found)
    return {
        "offset": offset, "next": end - pending, "text": text, "is_over": is_over,
        "size": size, "lost_from": lost_from, "lost_to": lost_to,
    }  # fmt: skip


def search(
    call: Call,
    run: str,
    step: str,
    process: str,
    words: str,
    offset: int = 0,
    limit: int = 1000,
    block: int = 0,
) -> LogHits:
    """The lines of a log in which words are found, whatever their case, from `offset` on.

    They are found in what is shown: without the codes of a terminal. `block` is for who reads a
    log in blocks of so many bytes; 0 counts the lines from its beginning.
    """
    if not 0 < len(words) <= _LONGEST_WORDS or "\n" in words or not is_text(words):
        raise BadRequest(f"words: 1 to {_LONGEST_WORDS} characters in one line")
    if not (1 <= limit <= _MOST_HITS and 0 <= offset < 1 << 62 and 0 <= block < 1 << 62):
        raise BadRequest(f"offset, block: 0 or more; limit: 1 to {_MOST_HITS}")
    row, _ = found_step_of(call, run, step)
    found = process_in(call, row, step, process)
    all_ = hits(call.context.engine_of(row), found, words, offset, block)
    items: list[LogHit] = [
        {"offset": hit.offset, "line": hit.line} for hit in islice(all_, limit + 1)
    ]
    following = items[limit]["offset"] if len(items) > limit else None
    return {"items": items[:limit], "next": following}


def _decoded(data: bytes) -> tuple[str, int]:
    """The text, and how many bytes at its end are of a character that is not whole."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data)
    pending = len(decoder.getstate()[0])
    return (text, pending) if text else (data.decode("utf-8", "replace"), 0)


def follow(call: Call, run: str, step: str, process: str, since: str = "") -> LogFeed:
    """A log as it is written (server-sent events), from its beginning or behind an offset."""
    offset = read_number(since, "since")
    row, _ = found_step_of(call, run, step)
    found = process_in(call, row, step, process)
    attempt = found.partition("/")[0]

    def part(context: Context, offset: int) -> tuple[bytes, int, bool]:
        is_over = not looking.is_running(context, row, attempt)
        data, place = context.engine_of(row).log(found, offset)
        return data, place, is_over

    return LogFeed(part, offset)
