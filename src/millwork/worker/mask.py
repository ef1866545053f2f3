"""A filter between a step that has secrets and its log: their values become `***`.

    python mask.py --secrets VARIABLE,VARIABLE -- COMMAND ARGS...

Runs the command with standard output and error in one pipe, and copies what comes out of it. The
values are in the environment, nowhere else. Signals go on to the command's process group, the
exit code is the command's, as a shell gives it. Memory stays bounded whatever is printed.

Masked are a value, each line of it that is longer than 3 characters, and its base64 (plain and
URL-safe, alone or within a longer text, also in lines of 64 or 76). Anything else that a step
makes of a secret is printed as it is.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from binascii import b2a_base64
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Iterable, Iterator, List, NoReturn, Optional, Set, Tuple

STARS = b"***"
_BLOCK = 1 << 16
_SHORTEST = 4  # of a line, and of a part of an encoding: fewer letters are found in any text
_WIDTHS = (64, 76)  # of the lines that openssl and base64 print
_FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)


class Mask:
    """Replaces secrets in a stream of bytes, wherever the stream is cut into pieces."""

    def __init__(self, secrets: Iterable[bytes]) -> None:
        found: Set[bytes] = set()
        for secret in secrets:
            found.update(forms(secret))
        self._forms = sorted(found - {b""})
        self._held = b""
        self._told = 0  # how many of the bytes held are part of a secret that was replaced

    def feed(self, data: bytes) -> bytes:
        """What can be printed now. The beginning of what may become a secret is held back."""
        text = self._held + data
        return self._replaced(text, len(text) - self._open_end(text))

    def close(self) -> bytes:
        """What was held back, as nothing follows."""
        return self._replaced(self._held, len(self._held))

    def _replaced(self, text: bytes, cut: int) -> bytes:
        """`text` up to `cut`, masked; the rest is held. A secret may lie across the cut."""
        parts: List[bytes] = []
        at = self._told
        for start, end in self._places(text):
            if start >= cut:
                break
            if start >= at:
                parts += (text[at:start], STARS)
            at = max(at, end)
        parts.append(text[at:cut])
        self._held, self._told = text[cut:], max(0, at - cut)
        return b"".join(parts)

    def _places(self, text: bytes) -> List[Tuple[int, int]]:
        found: List[Tuple[int, int]] = []
        for form in self._forms:
            at = text.find(form)
            while at >= 0:
                found.append((at, at + len(form)))
                at = text.find(form, at + 1)
        return sorted(found)

    def _open_end(self, text: bytes) -> int:
        """The length of the longest end of `text` with which a secret begins."""
        longest = 0
        for form in self._forms:
            at = text.find(form[0], max(0, len(text) - len(form) + 1))
            while 0 <= at < len(text) - longest:
                if form.startswith(text[at:]):
                    longest = len(text) - at
                at = text.find(form[0], at + 1)
        return longest


def forms(secret: bytes) -> Iterator[bytes]:
    """Everything that a secret is recognised by."""
    yield secret
    for line in secret.splitlines():
        if len(line) >= _SHORTEST:
            yield line
    for text in (secret, secret.rstrip(b"\r\n"), secret + b"\n"):
        for encoded in _base64(text):
            yield encoded.replace(b"+", b"-").replace(b"/", b"_")
            yield encoded


def _base64(text: bytes) -> Iterator[bytes]:
    """A text's encoding, its lines, and what is the same of it within any longer text."""
    whole = b2a_base64(text, newline=False)
    yield whole
    parts = [whole.rstrip(b"=")]
    for width in _WIDTHS:
        parts += (whole[at : at + width] for at in range(0, len(whole), width))
    for before in range(3):
        # Letters hold 6 bits each: those that share bits with a neighbour are left out.
        first, last = -(-8 * before // 6), 8 * (before + len(text)) // 6
        parts.append(b2a_base64(b"\0" * before + text, newline=False)[first:last])
    for part in parts:
        if len(part) >= _SHORTEST:
            yield part


class _Child:
    """The command, in a process group of its own, and what comes out of it."""

    def __init__(self, command: List[str]) -> None:
        self.output, writer = os.pipe()
        self.woken, waker = os.pipe()
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        heeded = [number for number in _FORWARDED if signal.getsignal(number) != signal.SIG_IGN]
        # A signal that comes meanwhile waits until either side knows what to do about it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, heeded)
        self._id = os.fork()
        if self._id == 0:
            for number in (*heeded, *_IGNORED_BY_PYTHON):
                signal.signal(number, signal.SIG_DFL)
            os.setpgid(0, 0)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            _become(command, writer)
        with suppress(OSError):  # both sides do it, so that it is done for both
            os.setpgid(self._id, self._id)
        for number in heeded:
            signal.signal(number, self._forward)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(writer)

    def _forward(self, number: int, _frame: object) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._id, number)

    def code(self) -> Optional[int]:
        """The exit code as a shell gives it; None while the command runs."""
        ended, status = os.waitpid(self._id, os.WNOHANG)
        if not ended:
            return None
        return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _become(command: List[str], output: int) -> NoReturn:
    """Replaces this process by the command; exits as a shell would where that cannot be."""
    os.dup2(output, 1)
    os.dup2(output, 2)
    try:
        os.execvp(command[0], command)  # noqa: S606 - this is its purpose
    except OSError as error:
        os.write(2, os.fsencode("{}: {}\n".format(command[0], error.strerror)))
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)


def run(command: List[str], mask: Mask) -> int:
    """Runs the command to its end, with its output masked; its exit code.

    What it left in the background is not waited for, though it may hold the pipe.
    """
    child = _Child(command)
    poll = select.poll()
    poll.register(child.output, select.POLLIN)
    poll.register(child.woken, select.POLLIN)
    code = child.code()
    while code is None:
        for descriptor, _ in poll.poll():
            if descriptor == child.woken:
                os.read(child.woken, _BLOCK)
                code = child.code()
                continue
            data = os.read(child.output, _BLOCK)
            if not data:
                poll.unregister(child.output)
            _write(mask.feed(data))
    for data in _left(child.output):
        _write(mask.feed(data))
    _write(mask.close())
    return code


def _left(pipe: int) -> Iterator[bytes]:
    """What is in a pipe now; what others go on writing into it is not waited for."""
    from array import array
    from fcntl import ioctl
    from termios import FIONREAD

    count = array("i", [0])
    ioctl(pipe, FIONREAD, count)
    left = count[0]
    while left > 0:
        data = os.read(pipe, min(left, _BLOCK))
        if not data:
            return
        left -= len(data)
        yield data


def _write(data: bytes) -> None:
    """Writes all of it. A log that cannot be written is no reason to fail the step."""
    view = memoryview(data)
    with suppress(OSError):
        while view:
            view = view[os.write(1, view) :]


def main(words: List[str]) -> NoReturn:
    """Runs what stands after `--`, with the variables after `--secrets` masked."""
    if len(words) < 4 or words[0] != "--secrets" or words[2] != "--":
        print("usage: mask.py --secrets VARIABLE,... -- COMMAND ARGS...", file=sys.stderr)
        sys.exit(2)
    values = [os.environb.get(name.encode(), b"") for name in words[1].split(",")]
    sys.exit(run(words[3:], Mask(values)))


if __name__ == "__main__":
    main(sys.argv[1:])
