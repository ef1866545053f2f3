"""The filter of logs: what it masks, wherever the stream is cut, and how it carries a command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millwork.worker import mask
from millwork.worker.mask import STARS, Mask

SECRET = b"canary-7f3a/9+tail"
PEM = b"-----BEGIN KEY-----\nMIIEvQIBADANBg\nxy\nkqhkiG9w0BAQEFAASC\n-----END KEY-----\n"
quick = pytest.mark.quick


def masked(text: bytes, *secrets: bytes, piece: int = 1 << 16) -> bytes:
    mask = Mask(secrets or (SECRET,))
    parts = [mask.feed(text[at : at + piece]) for at in range(0, len(text), piece)]
    return b"".join(parts) + mask.close()


# --- what is masked ---------------------------------------------------------------------------


@quick
@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"key=%s\n" % SECRET, b"key=***\n"),
        (SECRET, STARS),
        (SECRET * 2, STARS * 2),
        (b"nothing\n" + SECRET[:-1] + b"\n", b"nothing\n" + SECRET[:-1] + b"\n"),
        (SECRET[:9] + SECRET, SECRET[:9] + STARS),
        (b64encode(SECRET) + b"\n", b"***\n"),
        (b64encode(SECRET + b"\n") + b"\n", b"***\n"),
        (urlsafe_b64encode(SECRET) + b"\n", b"***\n"),
        (b"\0\xff\xfe" + SECRET + b"\x80\n\0", b"\0\xff\xfe***\x80\n\0"),
        (b"", b""),
    ],
)
def test_a_value_and_its_encodings_are_masked_however_the_stream_is_cut(
    text: bytes, shown: bytes, piece: int
) -> None:
    assert masked(text, piece=piece) == shown


@quick
@pytest.mark.parametrize("before", [b"", b"u", b"us", b"user:"])
@pytest.mark.parametrize("after", [b"", b"@", b"@h", b"@host"])
def test_base64_of_a_longer_text_shows_no_byte_of_a_secret(before: bytes, after: bytes) -> None:
    shown = masked(b64encode(before + SECRET + after))
    assert STARS in shown
    left, right = shown.split(STARS)
    # What is left are the neighbours' letters and, at most, one that is shared on either side.
    assert len(left) <= -(-8 * len(before) // 6)
    assert len(right.rstrip(b"=")) <= -(-8 * len(after) // 6) + 1


@quick
@pytest.mark.parametrize("width", [64, 76])
def test_base64_in_lines_is_masked(width: int) -> None:
    secret = bytes(range(33, 120)) * 2
    encoded = b64encode(secret)
    lines = [encoded[at : at + width] for at in range(0, len(encoded), width)]
    assert masked(b"\n".join(lines), secret) == b"\n".join([STARS] * len(lines))


@quick
def test_lines_of_a_value_are_masked_but_for_the_shortest() -> None:
    assert masked(b"a\n> MIIEvQIBADANBg <\nxy\n", PEM) == b"a\n> *** <\nxy\n"
    assert masked(b"a\n" + PEM + b"b\n", PEM) == b"a\n***b\n"


@quick
def test_secrets_that_overlap_are_masked_as_a_whole() -> None:
    for piece in (1, 2, 5, 100):
        assert masked(b"<abcdefgh>", b"abcdef", b"defgh", piece=piece) == b"<***>"
        assert masked(b"<abcd>", b"abcd", b"abcdefgh", b"ab", piece=piece) == b"<***>"


@quick
@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.text("ab\n", min_size=1, max_size=6).map(str.encode), min_size=1, max_size=3),
    st.text("ab\n ", max_size=60).map(str.encode),
    st.integers(1, 70),
)
def test_how_the_stream_is_cut_makes_no_difference(
    secrets: list[bytes], text: bytes, piece: int
) -> None:
    shown = masked(text, *secrets, piece=piece)
    assert shown == masked(text, *secrets)
    assert not any(secret in shown for secret in secrets)


@quick
def test_no_secret_and_an_empty_one_change_nothing() -> None:
    assert masked(b"as it is\n", b"") == b"as it is\n"


@quick
def test_what_cannot_become_a_secret_is_printed_at_once() -> None:
    mask = Mask([SECRET])
    assert mask.feed(b"50% ... ") == b"50% ... "
    assert mask.feed(b"at: " + SECRET[:5]) == b"at: "
    assert mask.feed(b"!\n") == SECRET[:5] + b"!\n"


# --- the command ------------------------------------------------------------------------------


def start(
    script: str, secret: bytes = SECRET, *, output: int = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-I", "-S", mask.__file__, "--secrets", "KEY,NONE", "--"]
    env = {**os.environb, b"KEY": secret}
    return subprocess.Popen(
        [*words, "sh", "-c", script], env=env, stdout=output, start_new_session=True
    )


def run(script: str, secret: bytes = SECRET) -> tuple[int, bytes]:
    process = start(script, secret)
    out, _ = process.communicate(timeout=30)
    return process.returncode, out


def test_both_streams_are_masked_in_their_order() -> None:
    script = 'echo "1 $KEY"; echo "2 $KEY" >&2; printf "3 %s" "$KEY"'
    assert run(script) == (0, b"1 ***\n2 ***\n3 ***")


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 7", 7), ("kill -KILL $$", 137), ("kill -TERM $$", 143), ("exec /no/such", 127)],
)
def test_the_exit_code_is_the_commands(script: str, code: int) -> None:
    assert run(script)[0] == code


@pytest.mark.parametrize(("file", "code"), [("/no/such/program", 127), ("/etc/passwd", 126)])
def test_a_command_that_cannot_be_run_ends_as_in_a_shell(file: str, code: int) -> None:
    words = [sys.executable, "-I", "-S", mask.__file__, "--secrets", "KEY", "--", file]
    done = subprocess.run(words, capture_output=True, check=False)
    assert done.returncode == code
    assert file.encode() in done.stdout


def test_wrong_words_are_refused() -> None:
    done = subprocess.run([sys.executable, mask.__file__, "true"], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, b"")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_reaches_the_group_and_the_command_has_its_time(number: int) -> None:
    name = signal.Signals(number).name.removeprefix("SIG")
    process = start(
        f"trap 'echo told; sleep 0.3; echo \"$KEY\"; exit 5' {name}\n"
        f"sh -c 'trap \"echo below; exit\" {name}; echo ready; sleep 9 & wait'"
    )
    assert process.stdout
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    out, _ = process.communicate(timeout=10)
    assert process.returncode == 5
    assert out.split() == [b"below", b"told", b"***"]


def test_a_signal_at_any_instant_of_the_start_ends_it() -> None:
    for step in range(12):
        process = start("exec sleep 9")
        time.sleep(step * 0.008)
        process.terminate()
        assert process.wait(5) in (143, -signal.SIGTERM)


def test_a_command_that_closes_its_output_is_waited_for() -> None:
    began = time.monotonic()
    assert run("echo a; exec >&- 2>&-; sleep 0.5; exit 4") == (4, b"a\n")
    assert time.monotonic() - began > 0.5


def test_what_holds_the_pipe_in_the_background_is_not_waited_for() -> None:
    began = time.monotonic()
    code, out = run('(sleep 20; echo late) & echo "$KEY"; exit 3')
    assert (code, out) == (3, b"***\n")
    assert time.monotonic() - began < 10


def test_a_flood_in_the_background_does_not_hold_the_end_up() -> None:
    code, out = run("yes & sleep 0.2; kill -STOP $!; exit 3", b"yes-no")
    assert code == 3
    assert set(out.split()) == {b"y"}


def peak_of(pid: int) -> int:
    """The most memory a process has had, in bytes."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmHWM:")[1].split()[0]) * 1024


@pytest.mark.parametrize(
    "source",
    ['yes "a line like many others, 0123456789"', "cat /dev/zero", 'yes "$KEY" | tr -d "\\n"'],
    ids=["lines", "no newline", "secrets"],
)
def test_a_flood_keeps_memory_bounded(source: str, tmp_path: Path) -> None:
    size = 20 * 1024 * 1024
    with open(tmp_path / "log", "wb") as log:
        process = start(f"{source} | head -c {size}; sleep 9", output=log.fileno())
    deadline = time.monotonic() + 30
    path = tmp_path / "log"
    is_masked = "KEY" in source
    whole = size // len(SECRET) * len(STARS) if is_masked else size
    while path.stat().st_size < whole and time.monotonic() < deadline:
        time.sleep(0.05)
    peak = peak_of(process.pid)
    process.terminate()
    process.wait(5)
    assert path.stat().st_size >= whole
    assert SECRET not in path.read_bytes()
    assert peak < 40 * 1024 * 1024


def test_a_log_that_cannot_be_written_does_not_fail_the_command() -> None:
    with open("/dev/full", "wb") as full:
        process = start("yes | head -c 1000000; exit 6", output=full.fileno())
    assert process.wait(10) == 6


def test_it_needs_nothing_but_an_old_python() -> None:
    import ast

    text = Path(mask.__file__).read_text(encoding="utf-8")
    ast.parse(text, feature_version=(3, 8))
    assert "import millwork" not in text
    assert "from millwork" not in text
