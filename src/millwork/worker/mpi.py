"""Where an MPI launcher logs in to its workers by ssh, and here nobody runs an sshd.

    python mpi.py serve SOCKET
    python mpi.py rsh FOLDER [ssh's options] HOST COMMAND...
    python mpi.py host HOST COMMAND...

`serve` is a worker's program in place of `sshd -De`: it runs the commands that arrive at the Unix
socket HOST.sock, until SIGTERM, and then ends with 0. Its host name is HOST. `rsh` is what `mpirun`
calls in place of ssh: it has the worker at FOLDER/HOST.sock run the command by `sh -c`, the words
joined as ssh joins them, with its own variables and working folder, and exits with the command's
code; 128 + N when signal N killed it, 255 when the worker could not be reached. Of ssh's options
`-o ConnectTimeout=SECONDS` is heeded, 10 if it is not said; all others are ignored, and there is no
standard input. `host` becomes the command, with HOST as its host name: so `mpirun` knows which line
of the hostfile it is itself, where the launcher works too.

The command writes straight into the descriptors of `rsh`, which go to the worker with the request.
When `rsh` goes away, when the command fails or when the worker ends, then so does everything that
the command has started, also what left its process group, as `mpirun`'s daemons and ranks do.
What a command that ended with 0 leaves behind goes on until the worker ends, as with ssh.

The socket's folder must be the user's own and closed to others (mode 0700).
"""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subprocess import Popen
    from typing import Dict, List, NoReturn, Optional, Set, Tuple

UNREACHED = 255
PATIENCE = 10.0  # seconds for which `rsh` waits for the worker's socket
GRACE = 1.0  # seconds between SIGTERM and SIGKILL; the engine's own are three
_TICK = 0.02
_ENDING = ".sock"
_MOST = 1 << 25  # bytes of a request; the kernel allows a command some MiB
_PEER = struct.Struct("3i")  # pid, uid and gid: unix(7), SO_PEERCRED
_SIZE = struct.Struct("!I")
_PR_SET_CHILD_SUBREAPER = 36
_CLONE_NEWUTS, _CLONE_NEWUSER = 0x04000000, 0x10000000
_USAGE = "usage: mpi.py serve SOCKET | rsh FOLDER [options] HOST COMMAND... | host HOST COMMAND..."
# getopt's text of OpenSSH 10, ssh.c
_SSH_OPTIONS = "1246ab:c:e:fgi:kl:m:no:p:qstvxyAB:CD:E:F:GI:J:KL:MNO:P:Q:R:S:TVw:W:XY"


class Refused(Exception):
    """Why something was not done, in one line."""


# --- the folder of the sockets ------------------------------------------------------------------


def enter(folder: str) -> None:
    """Makes a folder the working one, as the path of a socket may have 107 bytes only.

    Raises Refused unless it is the user's own and closed to others.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise Refused("{}: {}".format(folder, error.strerror)) from None
    try:
        found = os.fstat(descriptor)
        if found.st_uid != os.geteuid():
            raise Refused("{}: the folder belongs to another user".format(folder))
        if found.st_mode & 0o077:
            raise Refused("{}: others can enter the folder; its mode must be 0700".format(folder))
        os.fchdir(descriptor)
    finally:
        os.close(descriptor)


def _check_peer(connection: socket.socket) -> None:
    """Raises Refused when a program of another user is at the other end."""
    found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    if _PEER.unpack(found)[1] != os.geteuid():
        raise Refused("another user is at the socket")


# --- the name of the host -----------------------------------------------------------------------


def rename(host: str) -> None:
    """Gives this process, and what it starts, a host name of its own (UTS namespace).

    Open MPI calls a node what its daemon's gethostname says, and hangs when two are called alike.
    Raises Refused where the kernel does not allow it.
    """
    if socket.gethostname() == host:
        return
    try:
        _leave_host_name()
        socket.sethostname(host)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Refused("{}: no host name of its own: {}".format(host, reason)) from None


def _leave_host_name() -> None:
    """Enters a UTS namespace; without the right to, in a user namespace, where the user stays."""
    from ctypes import CDLL, get_errno

    user, group = os.geteuid(), os.getegid()
    unshare = CDLL(None, use_errno=True).unshare
    if unshare(_CLONE_NEWUTS) == 0:
        return
    if unshare(_CLONE_NEWUTS | _CLONE_NEWUSER) != 0:
        raise OSError(get_errno(), os.strerror(get_errno()))
    maps = {"setgroups": "deny", "uid_map": "{0} {0} 1", "gid_map": "{0} {0} 1"}
    for name, text in maps.items():
        with open("/proc/self/{}".format(name), "w", encoding="ascii") as file:
            file.write(text.format(group if name == "gid_map" else user))


# --- what is sent -------------------------------------------------------------------------------


def pack(folder: bytes, command: bytes, variables: Dict[bytes, bytes]) -> bytes:
    """A request: where to run what with which variables. None of them can hold a zero byte."""
    pairs = [name + b"=" + value for name, value in variables.items()]
    body = b"\0".join([folder, command, *pairs])
    return _SIZE.pack(len(body)) + body


def unpack(body: bytes) -> Tuple[bytes, bytes, Dict[bytes, bytes]]:
    """What `pack` packed, without its size. Raises Refused for anything else."""
    parts = body.split(b"\0")
    if len(parts) < 2 or not all(b"=" in pair for pair in parts[2:]):
        raise Refused("a request that is none")
    pairs = [pair.partition(b"=") for pair in parts[2:]]
    return parts[0], parts[1], {name: value for name, _, value in pairs}


def _receive(connection: socket.socket) -> Tuple[bytes, List[int]]:
    """The request's body and the descriptors that came with it. Raises Refused if it is broken."""
    room = socket.CMSG_SPACE(8 * 4)
    data, extra, flags, _ = connection.recvmsg(_SIZE.size, room, socket.MSG_CMSG_CLOEXEC)
    descriptors: List[int] = []
    for level, kind, content in extra:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors += struct.unpack("{}i".format(len(content) // 4), content)
    size = _SIZE.unpack(data)[0] if len(data) == _SIZE.size else _MOST + 1
    if len(descriptors) != 2 or size > _MOST or flags & socket.MSG_CTRUNC:
        raise Refused("a request that is none")
    body = bytearray()
    while len(body) < size:
        part = connection.recv(min(size - len(body), 1 << 16))
        if not part:
            raise Refused("a request that breaks off")
        body += part
    return bytes(body), descriptors


# --- processes ----------------------------------------------------------------------------------


def _adopt_orphans() -> None:
    """Makes this process the parent of what its descendants leave behind (prctl(2))."""
    from ctypes import CDLL

    with suppress(OSError, AttributeError):
        CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _descendants() -> List[int]:
    """All that this process has started, and what those have, the dead left out."""
    children: Dict[int, List[int]] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with suppress(OSError):
            with open("/proc/{}/stat".format(name), "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
            if fields[0] not in (b"Z", b"X"):
                children.setdefault(int(fields[1]), []).append(int(name))
    found: List[int] = []
    waiting = [os.getpid()]
    while waiting:
        own = children.get(waiting.pop(), [])
        found += own
        waiting += own
    return found


def _end_all() -> None:
    """Ends all descendants: SIGTERM, after `GRACE` seconds SIGKILL until none is left."""
    asked: Set[int] = set()
    deadline = time.monotonic() + GRACE
    while True:
        _reap()
        found = _descendants()
        if not found:
            return
        is_over = time.monotonic() > deadline
        for each in found:
            if is_over or each not in asked:
                with suppress(OSError):
                    os.kill(each, signal.SIGKILL if is_over else signal.SIGTERM)
        asked.update(found)
        time.sleep(_TICK)  # grandchildren that go give no event


def _reap() -> Dict[int, int]:
    """The wait statuses of the children that have ended."""
    ended: Dict[int, int] = {}
    with suppress(ChildProcessError):
        while True:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                break
            ended[child] = status
    return ended


class _Signals:
    """Tells of signals by a descriptor that can be polled, a byte each."""

    def __init__(self, *numbers: int) -> None:
        self.heard, waker = os.pipe()
        os.set_blocking(self.heard, False)
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, lambda _number, _frame: None)

    def read(self) -> bytes:
        """The numbers of the signals that came."""
        with suppress(BlockingIOError):
            return os.read(self.heard, 1 << 12)
        return b""


# --- the worker ---------------------------------------------------------------------------------


def serve(path: str) -> int:
    """Runs what comes to the socket until SIGTERM or SIGINT; the exit code.

    Raises Refused where it may not or cannot listen.
    """
    folder, name = os.path.split(path)
    host = _host_of(name, path)
    enter(folder or ".")
    rename(host)
    listener = _listen(name, path)
    _adopt_orphans()
    signals = _Signals(signal.SIGCHLD, signal.SIGTERM, signal.SIGINT)
    life, held = os.pipe()  # broken when this process is gone, however it ended
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    poll.register(signals.heard, select.POLLIN)
    while True:
        ready = {descriptor for descriptor, _ in poll.poll()}
        if set(signals.read()) & {signal.SIGTERM, signal.SIGINT}:
            break
        _reap()
        if listener.fileno() in ready:
            _admit(listener, life, held)
    with suppress(OSError):
        os.unlink(name)
    _end_all()
    return 0


def _host_of(name: str, path: str) -> str:
    host, ending = os.path.splitext(name)
    if ending != _ENDING or not host:
        raise Refused("{}: the socket must be called HOST{}".format(path, _ENDING))
    return host


def _listen(name: str, path: str) -> socket.socket:
    """Listens at a name in the working folder; a socket that nobody answers at is replaced."""
    if _connect(name) is not None:
        raise Refused("{}: another worker listens there".format(path))
    with suppress(FileNotFoundError):
        os.unlink(name)
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(name)
    except OSError as error:
        raise Refused("{}: {}".format(path, error.strerror or error)) from None
    listener.listen(128)
    return listener


def _admit(listener: socket.socket, life: int, held: int) -> None:
    """Gives the next client a process of its own; tells it why where that cannot be."""
    with suppress(OSError):
        connection, _ = listener.accept()
        try:
            is_child = os.fork() == 0
        except OSError as error:
            connection.sendall(os.fsencode("fork: {}\n".format(error.strerror)))
            is_child = False
        if is_child:
            listener.close()
            os.close(held)
            _attend(connection, life)
        connection.close()


def _attend(connection: socket.socket, life: int) -> NoReturn:
    """Runs one client's command to its end, in a process of its own; never returns."""
    code = 0
    try:
        _check_peer(connection)
        signals = _Signals(signal.SIGCHLD)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        _adopt_orphans()
        body, descriptors = _receive(connection)
        command = _start(body, descriptors)
        status = _watch(command.pid, signals, connection, life)
        if status != 0:
            _end_all()
        if status is not None:
            connection.sendall(b"%d\n" % _code(status))
    except Refused as refused:
        with suppress(OSError):
            connection.sendall(os.fsencode(str(refused)) + b"\n")
    except OSError:  # the client is gone
        _end_all()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    os._exit(code)


def _start(body: bytes, descriptors: List[int]) -> Popen[bytes]:
    """Starts a request's command in a session of its own.

    What it returns must be kept: it would wait for the command when it is thrown away.
    """
    import subprocess

    folder, text, variables = unpack(body)
    output, errors = descriptors
    try:
        started = subprocess.Popen(
            [b"/bin/sh", b"-c", text], env=variables, cwd=folder, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
        )  # fmt: skip
    except OSError as error:
        raise Refused("{}: {}".format(os.fsdecode(folder), error.strerror)) from None
    os.close(output)
    os.close(errors)
    return started


def _watch(command: int, signals: _Signals, connection: socket.socket, life: int) -> Optional[int]:
    """The command's wait status; None when the client or the worker went away before."""
    poll = select.poll()
    for watched in (signals.heard, connection.fileno(), life):
        poll.register(watched, select.POLLIN)
    while True:
        ready = {descriptor for descriptor, _ in poll.poll()}
        signals.read()
        ended = _reap()
        if command in ended:
            return ended[command]
        if ready - {signals.heard}:
            return None


def _code(status: int) -> int:
    """A wait status as a shell gives it."""
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


# --- the launcher's side ------------------------------------------------------------------------


def parse(words: List[str]) -> Tuple[str, str, float]:
    """The host, the command and the seconds to wait, of the words that ssh is called with.

    ssh takes options before and after the host, and the user with it. Raises Refused.
    """
    from getopt import GetoptError, getopt

    try:
        before, rest = getopt(words, _SSH_OPTIONS)
        after, command = getopt(rest[1:], _SSH_OPTIONS)
    except GetoptError as error:
        raise Refused(str(error)) from None
    if not command:
        raise Refused("usage: mpi.py rsh FOLDER [options] HOST COMMAND...")
    host = rest[0].rpartition("@")[2]
    if not host or "/" in host or host.startswith("."):
        raise Refused("'{}' is no host".format(host))
    wait = PATIENCE
    for option, value in before + after:
        name, _, seconds = value.strip().replace("=", " ").partition(" ")
        if option == "-o" and name.lower() == "connecttimeout":
            with suppress(ValueError):
                wait = float(seconds)
    return host, " ".join(command), wait


def rsh(folder: str, words: List[str]) -> int:
    """Has a worker run a command; the exit code. Raises Refused if it cannot be reached."""
    host, command, wait = parse(words)
    parent = os.getppid()
    request = pack(os.getcwdb(), os.fsencode(command), dict(os.environb))
    enter(folder)
    connection = _reach(host, wait)
    try:
        rights = struct.pack("2i", 1, 2)
        header, body = request[: _SIZE.size], request[_SIZE.size :]
        connection.sendmsg([header], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        connection.sendall(body)
        reply = connection.makefile("rb").readline().decode("utf-8", "replace").strip()
    except OSError as error:
        raise Refused("worker {}: {}".format(host, error.strerror)) from None
    if os.getppid() != parent:  # `mpirun` has ended before its daemons: nobody is to be told
        return UNREACHED
    if not reply.isdigit():
        raise Refused("worker {}: {}".format(host, reply or "it ended before the command"))
    return int(reply)


def _reach(host: str, wait: float) -> socket.socket:
    """Connects to a host's worker, for which it waits so many seconds."""
    name = host + _ENDING
    deadline = time.monotonic() + wait
    while True:
        connection = _connect(name)
        if connection is not None:
            _check_peer(connection)
            return connection
        if time.monotonic() > deadline:
            raise Refused("worker {} did not answer within {:g} s".format(host, wait))
        time.sleep(_TICK)  # a socket that another process is to make gives no event


def _connect(name: str) -> Optional[socket.socket]:
    """A connection to the socket in the working folder; None while nobody listens at it.

    Raises Refused if it is another user's, or cannot be used.
    """
    connection = socket.socket(socket.AF_UNIX)
    try:
        if os.lstat(name).st_uid != os.geteuid():
            raise Refused("{}: the socket belongs to another user".format(name))
        connection.connect(name)
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    except OSError as error:
        connection.close()
        raise Refused("{}: {}".format(name, error.strerror or error)) from None
    return connection


def _become(command: List[str]) -> int:
    """Replaces this process by the command; the code of a shell where that cannot be."""
    try:
        os.execvp(command[0], command)  # noqa: S606 - this is its purpose
    except OSError as error:
        print("{}: {}".format(command[0], error.strerror), file=sys.stderr)
        return 127 if isinstance(error, FileNotFoundError) else 126


def main(words: List[str]) -> int:
    """Serves or asks, as the words say; the exit code."""
    verb = words[0] if words else ""
    try:
        if verb == "serve" and len(words) == 2:
            return serve(words[1])
        if verb == "host" and len(words) > 2:
            rename(words[1])
            return _become(words[2:])
        if verb == "rsh" and len(words) > 1:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            return rsh(words[1], words[2:])
    except Refused as refused:
        print("millwork: {}".format(refused), file=sys.stderr)
        return UNREACHED if verb == "rsh" else 1
    print(_USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
