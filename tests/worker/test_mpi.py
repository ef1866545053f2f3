"""The stand-in for ssh between an MPI launcher and its workers, by itself."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from millwork.worker import mpi
from tests.conftest import gone, until
from tests.worker.gang import PYTHON, SCRIPT, Gang, chain

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.77.0.2"
QUICKLY = ("-o", "ConnectTimeout=0.2")
quick = pytest.mark.quick


# --- words ------------------------------------------------------------------------------------


@quick
@pytest.mark.parametrize(
    ("words", "host", "command"),
    [
        (["h", "a"], "h", "a"),
        (["-x", "h", "a b", "c"], "h", "a b c"),  # Open MPI, MPICH
        (["-q", "-x", "h", "/p/proxy", "--id", "1"], "h", "/p/proxy --id 1"),  # Intel MPI
        (["-o", "ConnectionAttempts=10", "-p", "22", "-l", "me", "h", "a"], "h", "a"),
        (["-oPort=22", "-4nTq", "h", "a"], "h", "a"),
        (["me@h", "-n", "-x", "a", "-x"], "h", "a -x"),
        (["h", "--", "a"], "h", "a"),
    ],
)
def test_words_are_read_as_ssh_reads_them(words: list[str], host: str, command: str) -> None:
    assert mpi.parse(words) == (host, command, mpi.PATIENCE)


@quick
@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        (["-o", "ConnectTimeout=3"], 3),
        (["-oconnecttimeout 0.5"], 0.5),
        (["-o", "ConnectTimeout=soon"], mpi.PATIENCE),
    ],
)
def test_the_time_to_wait_is_an_option_of_ssh(options: list[str], seconds: float) -> None:
    assert mpi.parse([*options, "h", "a"])[2] == seconds


@quick
@pytest.mark.parametrize("words", [[], ["h"], ["-x"], ["-5", "h", "a"], ["../h", "a"], [".h", "a"]])
def test_words_without_a_host_or_a_command_are_refused(words: list[str]) -> None:
    with pytest.raises(mpi.Refused):
        mpi.parse(words)


@quick
def test_a_request_is_read_as_it_was_written() -> None:
    variables = {b"A": b"1=2\n\xff", b"EMPTY": b""}
    packed = mpi.pack(b"/folder\xfe", b"printf '%s' \"$A\"", variables)
    assert mpi.unpack(packed[4:]) == (b"/folder\xfe", b"printf '%s' \"$A\"", variables)
    for broken in (b"", b"one", b"/\0true\0variable"):
        with pytest.raises(mpi.Refused):
            mpi.unpack(broken)


# --- a worker and its clients -------------------------------------------------------------------


@pytest.fixture
def gang(tmp_path: Path) -> Iterator[Gang]:
    """A folder for workers whose path is too long for a socket's, and which needs quotes."""
    folder = tmp_path / ("it's a folder " * 8) / "sockets"
    folder.mkdir(parents=True)
    folder.chmod(0o700)
    started = Gang(folder, {})
    yield started
    started.end()


@pytest.fixture
def worker(gang: Gang) -> subprocess.Popen[str]:
    """The worker at HOST."""
    return gang.serve(HOST)


def test_output_errors_and_the_code_are_the_commands(
    gang: Gang, worker: subprocess.Popen[str]
) -> None:
    done = gang.rsh("-x", HOST, "echo out;", "echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "err\n")


@pytest.mark.parametrize(("command", "code"), [("true", 0), ("exit 255", 255), ("nowhere", 127)])
def test_exit_codes(gang: Gang, worker: subprocess.Popen[str], command: str, code: int) -> None:
    assert gang.rsh(HOST, command).returncode == code


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_death_by_a_signal_is_told_as_a_shell_does(
    gang: Gang, worker: subprocess.Popen[str], number: signal.Signals
) -> None:
    assert gang.rsh(HOST, f"ulimit -c 0; kill -{number} $$").returncode == 128 + number


def test_a_megabyte_comes_through(gang: Gang, worker: subprocess.Popen[str]) -> None:
    done = gang.rsh(HOST, "head -c 1000000 /dev/zero | tr '\\0' x; echo end >&2")
    assert (len(done.stdout), done.stderr) == (1_000_000, "end\n")


def test_words_are_joined_by_blanks_for_a_shell(gang: Gang, worker: subprocess.Popen[str]) -> None:
    done = gang.rsh(HOST, "printf", "'<%s>'", "a  b", "'c  d'", '"$V"', "$V", "\\$V;", "echo é",
                    env={"V": "1  2"})  # fmt: skip
    assert done.stdout == "<a><b><c  d><1  2><1><2><$V>é\n"


def test_variables_and_folder_are_the_clients(
    gang: Gang, worker: subprocess.Popen[str], tmp_path: Path
) -> None:
    env = {"A": "x\ny", "B": "", "LONG": "y" * 100_000}
    done = gang.rsh(HOST, 'printf "%s|%s|%s|" "$A" "$B" ${#LONG}; pwd; cat', env=env, cwd=tmp_path)
    assert done.stdout == f"x\ny||100000|{tmp_path}\n"


def test_the_worker_has_a_host_name_and_the_test_keeps_its_own(
    gang: Gang, worker: subprocess.Popen[str]
) -> None:
    own = socket.gethostname()
    assert gang.rsh(HOST, "uname -n").stdout == f"{HOST}\n"
    assert socket.gethostname() == own != HOST


def test_a_host_name_for_a_launcher() -> None:
    done = subprocess.run([*PYTHON, "host", "127.77.0.1", "sh", "-c", "uname -n; exit 3"],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert (done.returncode, done.stdout) == (3, "127.77.0.1\n")
    done = subprocess.run([*PYTHON, "host", "127.77.0.1", "/nowhere"],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert (done.returncode, done.stderr) == (127, "/nowhere: No such file or directory\n")


def test_commands_are_the_workers_children_and_run_side_by_side(
    gang: Gang, worker: subprocess.Popen[str], tmp_path: Path
) -> None:
    command = "echo $$; while [ ! -e '{}' ]; do sleep 0.02; done".format(tmp_path / "go")
    first = subprocess.Popen(gang.words(HOST, command), stdout=subprocess.PIPE)
    assert first.stdout is not None
    assert worker.pid in chain(int(first.stdout.readline()))
    assert gang.rsh(HOST, f"touch '{tmp_path}/go'").returncode == 0
    assert first.wait(10) == 0


def _asleep(gang: Gang, tmp_path: Path, command: str) -> tuple[subprocess.Popen[bytes], list[int]]:
    """A client whose command writes process ids, one a line, and then sleeps."""
    file = tmp_path / "pids"
    client = subprocess.Popen(gang.words(HOST, f"exec 3> '{file}'; {command}"))
    until(lambda: file.exists() and file.read_text().endswith("end\n"))
    return client, [int(line) for line in file.read_text().split()[:-1]]


TREE = "echo $$ >&3; setsid sleep 99 & echo $! >&3; echo end >&3; trap '' TERM; sleep 99; sleep 99"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_when_the_client_goes_so_does_all_that_it_started(
    gang: Gang, worker: subprocess.Popen[str], tmp_path: Path, number: signal.Signals
) -> None:
    client, pids = _asleep(gang, tmp_path, TREE)
    client.send_signal(number)
    client.wait(10)
    until(lambda: all(gone(pid) for pid in pids) and not gang.below(), mpi.GRACE + 3)
    assert gang.rsh(HOST, "echo on").stdout == "on\n"


def test_sigterm_ends_the_worker_and_its_commands(
    gang: Gang, worker: subprocess.Popen[str], tmp_path: Path
) -> None:
    client, pids = _asleep(gang, tmp_path, TREE)
    began = time.monotonic()
    worker.terminate()
    assert worker.wait(10) == 0
    assert time.monotonic() - began < mpi.GRACE + 2
    assert all(gone(pid) for pid in pids)
    assert client.wait(10) == 255
    assert os.listdir(gang.folder) == []


def test_when_the_worker_is_killed_its_commands_end(
    gang: Gang, worker: subprocess.Popen[str], tmp_path: Path
) -> None:
    client, pids = _asleep(gang, tmp_path, TREE)
    worker.kill()
    assert client.wait(10) == 255
    until(lambda: all(gone(pid) for pid in pids), mpi.GRACE + 3)


def test_what_a_failed_command_leaves_is_ended_and_what_a_daemon_does_goes_on(
    gang: Gang, worker: subprocess.Popen[str], tmp_path: Path
) -> None:
    client, pids = _asleep(gang, tmp_path, "setsid sleep 99 & echo $! >&3; echo end >&3; exit 3")
    assert client.wait(10) == 3
    assert gone(pids[0])
    (tmp_path / "pids").unlink()
    client, pids = _asleep(gang, tmp_path, "setsid sleep 99 & echo $! >&3; echo end >&3; exit 0")
    assert client.wait(10) == 0
    assert worker.pid in chain(pids[0])
    worker.terminate()
    assert worker.wait(10) == 0
    assert gone(pids[0])


def test_a_worker_that_is_not_there(gang: Gang) -> None:
    done = gang.rsh(*QUICKLY, HOST, "true")
    expected = f"millwork: worker {HOST} did not answer within 0.2 s\n"
    assert (done.returncode, done.stdout, done.stderr) == (255, "", expected)


def test_a_worker_that_comes_later_is_waited_for(gang: Gang) -> None:
    client = subprocess.Popen(gang.words(HOST, "echo hello"), stdout=subprocess.PIPE)
    time.sleep(0.3)
    gang.serve(HOST)
    assert client.communicate(timeout=10)[0] == b"hello\n"


def test_a_socket_that_was_left_is_replaced_and_one_in_use_is_not(
    gang: Gang, worker: subprocess.Popen[str]
) -> None:
    second = subprocess.run([*PYTHON, "serve", f"{gang.folder}/{HOST}.sock"],
                            capture_output=True, text=True, check=False)  # fmt: skip
    assert (second.returncode, "another worker listens there" in second.stderr) == (1, True)
    worker.kill()
    worker.wait()
    assert os.listdir(gang.folder) == [f"{HOST}.sock"]
    gang.serve(HOST)
    until(lambda: gang.rsh(*QUICKLY, HOST, "true").returncode == 0)


def test_a_folder_that_is_gone_for_the_worker_is_said(
    gang: Gang, worker: subprocess.Popen[str], tmp_path: Path
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    asked = mpi.pack(os.fsencode(folder), b"true", {})
    folder.rmdir()
    reply = _ask(gang, asked, [1, 2])
    assert reply == os.fsencode(f"{folder}: No such file or directory\n")


@pytest.mark.parametrize(
    ("request_", "descriptors"),
    [
        (b"", []),
        (b"\0", [1, 2]),
        (b"\xff\xff\xff\xff", [1, 2]),
        (b"\0\0\0\x02a", [1, 2]),
        (b"\0\0\0\1a", [1, 2]),
        (b"\0\0\0\6/\0true", []),
        (b"\0\0\0\6/\0true", [1, 2, 2]),
    ],
)
def test_nonsense_harms_nobody(
    gang: Gang, worker: subprocess.Popen[str], request_: bytes, descriptors: list[int]
) -> None:
    with suppress(ConnectionError):  # what was sent is not read to its end
        assert b"request" in _ask(gang, request_, descriptors)
    assert gang.rsh(HOST, "echo on").stdout == "on\n"
    assert worker.poll() is None


def _ask(gang: Gang, request: bytes, descriptors: list[int]) -> bytes:
    """What the worker replies to these bytes."""
    folder = os.open(gang.folder, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(f"/proc/self/fd/{folder}/{HOST}.sock")
        os.close(folder)
        if request and descriptors:
            socket.send_fds(client, [request[:4]], descriptors)
            client.sendall(request[4:])
        elif request:
            client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        return client.makefile("rb").read()


# --- who may ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o750, 0o701])
def test_a_folder_that_others_can_enter_is_refused(gang: Gang, mode: int) -> None:
    gang.folder.chmod(mode)
    done = gang.rsh(HOST, "true")
    assert (done.returncode, "its mode must be 0700" in done.stderr) == (255, True)
    served = subprocess.run([*PYTHON, "serve", f"{gang.folder}/{HOST}.sock"],
                            capture_output=True, text=True, check=False)  # fmt: skip
    assert (served.returncode, "its mode must be 0700" in served.stderr) == (1, True)
    assert os.listdir(gang.folder) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make what another user owns")
def test_a_folder_and_a_socket_of_another_user_are_refused(
    gang: Gang, worker: subprocess.Popen[str]
) -> None:
    os.chown(gang.folder / f"{HOST}.sock", 65534, 65534)
    done = gang.rsh(HOST, "true")
    assert (done.returncode, "the socket belongs to another user" in done.stderr) == (255, True)
    os.chown(gang.folder, 65534, 65534)
    done = gang.rsh(HOST, "true")
    assert (done.returncode, "the folder belongs to another user" in done.stderr) == (255, True)


@quick
def test_another_user_at_the_socket_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        mpi._check_peer(ours)
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        with pytest.raises(mpi.Refused, match="another user"):
            mpi._check_peer(ours)


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as a user already")
def test_a_user_without_rights_has_it_all() -> None:
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    script = shutil.copy(SCRIPT, folder / "mpi.py")
    os.chown(folder, 65534, 65534)
    words = ["/usr/bin/python3", "-I", "-S", script]
    try:
        worker = subprocess.Popen([*words, "serve", f"{folder}/{HOST}.sock"], user=65534, cwd="/",
                                  group=65534, extra_groups=[])  # fmt: skip
        done = subprocess.run([*words, "rsh", str(folder), HOST, "id -u; uname -n"], user=65534,
                              group=65534, extra_groups=[], capture_output=True, text=True,
                              check=False, cwd="/")  # fmt: skip
        worker.terminate()
        assert worker.wait(10) == 0
        assert done.stdout == f"65534\n{HOST}\n"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        shutil.rmtree(folder)


@quick
def test_what_it_is_called_with(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["serve"], ["rsh"], ["host", "h"], ["else", "a", "b"]):
        assert mpi.main(words) == 2
        assert capsys.readouterr().err.startswith("usage: mpi.py serve")
    assert mpi.main(["serve", "/nowhere/h.sock"]) == 1
    assert mpi.main(["serve", "/nowhere/h"]) == 1
    assert mpi.main(["rsh", "/nowhere", "h", "true"]) == 255
