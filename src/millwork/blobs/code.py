"""The private copy of a component's code, and which commit it came from."""

from __future__ import annotations

import os
import re
import stat
from hashlib import sha256
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest, MillworkError, Unavailable
from millwork.base.records import dataclass
from millwork.base.sizes import format_size
from millwork.blobs.folders import (
    copy_file,
    folder_beside,
    hash_file,
    link_inside,
    put_in_place,
    sync_folder,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from subprocess import CompletedProcess

MAX_FILES = 200_000
MAX_SIZE = 2 * 1024**3
_IGNORE_FILES = (".millworkignore", ".amlignore", ".gitignore")
_NEVER = frozenset({".git", "__pycache__"})
_MARKS = frozenset({"pyvenv.cfg", "millwork.db"})  # of a virtual environment, a Millwork home


@dataclass(frozen=True)
class Entry:
    """One file of the code: its path with `/`, bytes, sha256, and whether it may be executed.

    A link has `link`, its text, and no sha256.
    """

    path: str
    size: int
    sha256: str
    executable: bool = False
    link: str = ""


@dataclass(frozen=True)
class Tree:
    """The code as it was read: `digest` over paths, x bits and contents; `size` in bytes.

    Modification times and empty folders are no part of it.
    """

    digest: str
    files: tuple[Entry, ...]
    size: int

    @classmethod
    def of(cls, entries: list[Entry]) -> Tree:
        """The tree of these entries, in whatever order they come."""
        files = tuple(sorted(entries, key=lambda entry: entry.path))
        digest = sha256()
        for file in files:
            kind = "link" if file.link else "program" if file.executable else "file"
            digest.update(os.fsencode(f"{file.path}\0{kind}\0{file.sha256 or file.link}\n"))
        return cls(digest.hexdigest(), files, sum(file.size for file in files))


def scan(folder: str, store: str = "") -> Tree:
    """Read and hash what of `folder` belongs to the code.

    The first of .millworkignore, .amlignore and .gitignore at its root applies, by Git's rules;
    Git's own folders, virtual environments, Millwork homes and byte code never belong. `store` is
    left out too, and remembers translated ignore rules. BadRequest for links that lead outside,
    for devices and sockets, for what cannot be read, and for more than MAX_FILES files or
    MAX_SIZE bytes: whoever runs a command in a home folder did not mean all of it.
    """
    root = os.path.realpath(folder)
    if not os.path.isdir(root):
        raise BadRequest(f"the code folder {folder} does not exist")
    entries: list[Entry] = []
    size = 0
    try:
        for path, found in _walk(root, _ignored(root, store), os.path.realpath(store)):
            size += found.stat(follow_symlinks=False).st_size
            if len(entries) >= MAX_FILES or size > MAX_SIZE:
                raise BadRequest(
                    f"{folder} holds more than {MAX_FILES:,} files or {format_size(MAX_SIZE)}: name"
                    " a smaller folder as the code, or list what is no code (data, results) in a"
                    " .millworkignore there"
                )
            entries.append(_entry(root, path, found))
    except OSError as error:
        raise BadRequest(f"cannot read the code: {error.filename}: {error.strerror}") from error
    return Tree.of(entries)


def _walk(
    root: str, ignored: Callable[[str], bool], store: str
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    pending = [""]
    while pending:
        prefix = pending.pop()
        with os.scandir(os.path.join(root, prefix)) as found:
            entries = list(found)
        if prefix and any(entry.name in _MARKS for entry in entries):
            continue
        for entry in entries:
            path = prefix + entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if entry.name in _NEVER or entry.path == store:
                continue
            if ignored(path + "/" if is_folder else path):
                continue
            if is_folder:
                pending.append(path + "/")
            else:
                yield path, entry


def _entry(root: str, path: str, found: os.DirEntry[str]) -> Entry:
    if found.is_symlink():
        text = os.readlink(found.path)
        inside = link_inside(root, path, text)
        if inside is None:
            raise BadRequest(
                f"{found.path} is a link to {text}, outside the code folder: copy the file there,"
                " or list the link in a .millworkignore"
            )
        return Entry(path, 0, "", link=inside)
    if not stat.S_ISREG(found.stat(follow_symlinks=False).st_mode):
        raise BadRequest(f"{found.path} is neither a file, a folder nor a link: no code")
    digest, info = hash_file(found.path)
    return Entry(path, info.st_size, digest, bool(info.st_mode & 0o100))


def _ignored(root: str, store: str) -> Callable[[str], bool]:
    """Whether a path is ignored; a folder's ends with `/`, and its parents are asked first."""
    for name in _IGNORE_FILES:
        try:
            with open(os.path.join(root, name), "rb") as file:
                text = file.read()
        except FileNotFoundError:
            continue
        rules = [(include, re.compile(pattern)) for include, pattern in _rules(text, store)]
        rules.reverse()
        return lambda path: next((yes for yes, rule in rules if rule.match(path)), False)
    return lambda _path: False


def _rules(text: bytes, store: str) -> list[tuple[bool, str]]:
    """The lines of an ignore file as regular expressions: True leaves out, False takes back.

    Importing pathspec costs more than all of a small run (80 ms of 150): the translation of a
    text is remembered in `store`.
    """
    import json

    memo = os.path.join(store, f".ignore-{sha256(text).hexdigest()}") if store else ""
    if memo and os.path.exists(memo):
        with open(memo, encoding="utf-8") as file:
            return [(bool(include), pattern) for include, pattern in json.load(file)]
    rules = _translate(text.decode("utf-8", "surrogateescape").splitlines())
    if memo:
        os.makedirs(store, exist_ok=True)
        spare = f"{memo}.{os.getpid()}.{os.urandom(4).hex()}"
        with open(spare, "w", encoding="utf-8") as file:
            json.dump(rules, file)
        os.replace(spare, memo)
    return rules


def _translate(lines: list[str]) -> list[tuple[bool, str]]:
    from pathspec import GitIgnoreSpec

    rules = []
    for line in lines:
        try:
            patterns = GitIgnoreSpec.from_lines([line]).patterns
        except ValueError:
            continue  # as in Git, an invalid pattern matches nothing
        rules += [
            (rule.include, str(rule.regex.pattern))
            for rule in patterns
            if rule.include is not None and rule.regex is not None
        ]
    return rules


def snapshot(folder: str, store: str) -> Tree:
    """Keep the code of `folder` as read-only files in `<store>/<digest>/`, once.

    The tree that comes back is the one that was kept, byte for byte, even while files change.
    Safe to call at the same time from many processes. Errors as `scan`, and NoSpace.
    """
    tree = scan(folder, store)
    if is_kept(os.path.join(store, tree.digest)):
        return tree
    root = os.path.realpath(folder)
    os.makedirs(store, exist_ok=True)
    with folder_beside(os.path.join(store, tree.digest)) as temporary:
        kept = Tree.of([_keep(root, temporary, entry) for entry in tree.files])
        for current, _, _ in os.walk(temporary, topdown=False):
            sync_folder(current)
        put_in_place(temporary, os.path.join(store, kept.digest))
        sync_folder(store)
    return kept


def is_kept(folder: str) -> bool:
    """Whether it is there; it is marked as in use, so that no collection takes it meanwhile."""
    try:
        os.utime(folder)
    except FileNotFoundError:
        return False
    return True


def gather(folder: str, includes: Sequence[str], store: str) -> Tree:
    """As `snapshot`, of a folder with further files and folders put into it under their names.

    `folder` may be a single file, or empty for none. An include that ends with `.zip` may stand
    for the folder of that name, which is then packed (AzureML's additional_includes).
    """
    if not includes and os.path.isdir(folder):
        return snapshot(folder, store)
    os.makedirs(store, exist_ok=True)
    with folder_beside(os.path.join(store, "gathered")) as temporary:
        if os.path.isdir(folder):
            _copy_scanned(folder, temporary, store)
        for path in includes if os.path.isdir(folder) else filter(None, (folder, *includes)):
            _include(path, temporary, store)
        return snapshot(temporary, store)


def _include(path: str, target: str, store: str) -> None:
    path = os.path.normpath(path)
    name = os.path.join(target, os.path.basename(path))
    if os.path.isdir(path):
        _copy_scanned(path, name, store)
    elif os.path.isfile(path):
        copy_file(path, name, os.stat(path).st_mode & 0o777)
    elif path.endswith(".zip") and os.path.isdir(path[:-4]):
        _pack(path[:-4], name, store)
    else:
        raise BadRequest(f"additional_includes: there is no {path}")


def _pack(folder: str, target: str, store: str) -> None:
    """Zips a folder's code; without times, so that equal code is packed as equal bytes."""
    from zipfile import ZipFile, ZipInfo

    with ZipFile(target, "w") as archive:
        for entry in scan(folder, store).files:
            with open(os.path.join(folder, entry.path), "rb") as file:
                archive.writestr(ZipInfo(entry.path), file.read())


def _copy_scanned(folder: str, target: str, store: str) -> None:
    root = os.path.realpath(folder)
    os.makedirs(target, exist_ok=True)
    for entry in scan(folder, store).files:
        _keep(root, target, entry)


def _keep(root: str, target: str, entry: Entry) -> Entry:
    place = os.path.join(target, entry.path)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    if entry.link:
        os.symlink(entry.link, place)
        return entry
    source = os.path.join(root, entry.path)
    try:
        copy_file(source, place, 0o555 if entry.executable else 0o444, sync=True)
    except FileNotFoundError:
        raise BadRequest(f"{source} vanished while it was copied: start again") from None
    digest, info = hash_file(place)
    return Entry(entry.path, info.st_size, digest, entry.executable)


def copy(digest: str, store: str, target: str) -> None:
    """Fill the existing empty folder `target` with a writable copy of kept code."""
    source = os.path.join(store, digest)
    if not os.path.isdir(source):
        raise MillworkError(f"the kept copy of the code is gone: {source}")
    pending = [(source, target)]
    while pending:
        origin, place = pending.pop()
        with os.scandir(origin) as found:
            for entry in found:
                new = os.path.join(place, entry.name)
                if entry.is_symlink():
                    os.symlink(os.readlink(entry.path), new)
                elif entry.is_dir():
                    os.mkdir(new)
                    pending.append((entry.path, new))
                else:
                    executable = entry.stat().st_mode & 0o111
                    copy_file(entry.path, new, 0o777 if executable else 0o666)


def put(folder: str, target: str) -> None:
    """Put a writable copy of the code in `folder` at `target`, whole or not at all.

    The same code may be there already. BadRequest if anything else is, or where nothing can be
    written.
    """
    tree = scan(folder)
    target = os.path.abspath(target)
    if os.path.isdir(target) and scan(target).digest == tree.digest:
        return
    try:
        with folder_beside(target) as temporary:
            for entry in tree.files:
                _write_copy(os.path.join(folder, entry.path), temporary, entry)
            if not put_in_place(temporary, target):
                raise BadRequest(f"{target} is there already, and is other code")
    except OSError as error:
        raise BadRequest(f"cannot write {target}: {error.strerror}") from error


def _write_copy(source: str, target: str, entry: Entry) -> None:
    place = os.path.join(target, entry.path)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    if entry.link:
        os.symlink(entry.link, place)
    else:
        copy_file(source, place, 0o777 if entry.executable else 0o666)


@dataclass(frozen=True)
class GitState:
    """Where code came from: `commit` in full, `dirty` if files differ from it or are untracked.

    `url` is the origin's without credentials, empty when there is none.
    """

    commit: str
    dirty: bool
    url: str


def git_state(folder: str) -> GitState | None:
    """The commit that `folder` is at; None outside a repository, without commits or without Git.

    Only changes below `folder` make it dirty. No process is started where no .git is found.
    """
    current = os.path.realpath(folder)
    while not os.path.lexists(os.path.join(current, ".git")):
        parent = os.path.dirname(current)
        if parent == current:
            return None
        current = parent
    try:
        status = _git(
            "-C", folder, "-c", "core.fsmonitor=false",
            "status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--", ".",
        )  # fmt: skip
        origin = _git("-C", folder, "config", "--get", "remote.origin.url")
    except Unavailable:
        return None
    commit = re.search(r"^# branch\.oid ([0-9a-f]{40,64})$", status.stdout, re.MULTILINE)
    if status.returncode or not commit:
        return None
    dirty = any(line and not line.startswith("#") for line in status.stdout.splitlines())
    return GitState(commit[1], dirty, without_credentials(origin.stdout.strip()))


def checkout(
    url: str, ref: str | None, path: str | None, cache: str, config: Mapping[str, str] | None = None
) -> tuple[str, GitState]:
    """Fetch code from Git: the folder to take it from, and the commit.

    `ref` is a branch, a tag or a full commit, by default the remote's HEAD; `path` a folder in
    the repository. A commit is fetched once into `<cache>/<commit>/`, without history, and a
    full commit that is there needs no network. https, http, ssh, file and local folders; nothing
    else. `config` are settings of Git for this one. BadRequest for what cannot be found or is
    not allowed, Unavailable when the remote cannot be reached, both with Git's own last line.
    """
    _check_source(url, ref)
    commit = _resolve(url, ref, config or {})
    kept = os.path.join(os.path.abspath(cache), commit)
    if not is_kept(kept):
        _fetch(url, commit, kept, config or {})
    folder = os.path.realpath(os.path.join(kept, path or "."))
    if not within(folder, os.path.realpath(kept)):
        raise BadRequest(f"the path {path} leaves the repository")
    if not os.path.isdir(folder):
        raise BadRequest(f"{without_credentials(url)} has no folder {path} at {commit[:12]}")
    return folder, GitState(commit, dirty=False, url=without_credentials(url))


def without_credentials(url: str) -> str:
    """A Git URL without user and password; the user of an ssh URL stays."""
    return re.sub(
        r"^([A-Za-z][A-Za-z0-9+.-]*://)([^/]*)@",
        lambda found: found[1] + (found[2].split(":")[0] + "@" if "ssh" in found[1] else ""),
        url,
    )


def _check_source(url: str, ref: str | None) -> None:
    scheme = re.match(r"([A-Za-z0-9+.-]+)(://|::)", url)
    if scheme and (scheme[2] == "::" or scheme[1] not in ("https", "http", "ssh", "file")):
        raise BadRequest(f"a Git URL starts with https, ssh or file, not {scheme[0]}")
    if url.startswith("-") or not url.isprintable() or not url:
        raise BadRequest(f"not a Git URL: {url!r}")
    if ref is not None and re.search(r"^-|^$|[\s~^:?*\[\\\x00-\x1f\x7f]|\.\.|@\{", ref):
        raise BadRequest(f"not a branch, tag or commit: {ref!r}")


def _resolve(url: str, ref: str | None, config: Mapping[str, str]) -> str:
    if ref and re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", ref):
        return ref
    # A tag with a message is an object of its own; `^{}` is the commit behind it.
    names = [f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}", f"refs/heads/{ref}"] if ref else ["HEAD"]
    listing = _git("ls-remote", "--", url, *names, config=config)
    if listing.returncode:
        raise _failure(listing, url)
    rows = [line.split("\t", 1) for line in listing.stdout.splitlines()]
    commits = {row[1]: row[0] for row in rows if len(row) == 2}
    for name in names:
        if name in commits:
            return commits[name]
    raise BadRequest(
        f"{without_credentials(url)} has no branch or tag {ref} (a commit needs all its digits)"
        if ref
        else f"{without_credentials(url)} has no commit"
    )


def _fetch(url: str, commit: str, kept: str, config: Mapping[str, str]) -> None:
    os.makedirs(os.path.dirname(kept), exist_ok=True)
    with folder_beside(kept) as temporary:
        place = ("-C", temporary)
        _git(*place, "init", "--quiet")
        fetch = (*place, "fetch", "--quiet", "--no-tags")
        # Not every server gives out a bare commit: then everything is fetched.
        answer = _git(*fetch, "--depth=1", "--", url, commit, config=config)
        if answer.returncode:
            answer = _git(*fetch, "--", url, "+refs/*:refs/all/*", config=config)
        if answer.returncode:
            raise _failure(answer, url)
        answer = _git(*place, "-c", "advice.detachedHead=false", "checkout", "--quiet", commit)
        if answer.returncode:
            raise BadRequest(f"{without_credentials(url)} has no commit {commit}")
        from shutil import rmtree

        rmtree(os.path.join(temporary, ".git"))
        put_in_place(temporary, kept)


def _failure(answer: CompletedProcess[str], url: str) -> MillworkError:
    lines = [line for line in answer.stderr.splitlines() if line.startswith(("fatal:", "error:"))]
    reason = lines[0] if lines else (answer.stderr.strip().splitlines() or ["git failed"])[-1]
    message = (
        f"cannot fetch {without_credentials(url)}: {reason.replace(url, without_credentials(url))}"
    )
    missing = re.search(r"not found|does not exist|not appear to be a git|not allowed", reason)
    return BadRequest(message) if missing else Unavailable(message)


def _git(*arguments: str, config: Mapping[str, str] | None = None) -> CompletedProcess[str]:
    """Run Git without a prompt, hooks or foreign transports; Unavailable where there is no Git."""
    import subprocess

    # A hook that starts us exports the repository it runs in, which is not the one meant here.
    foreign = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")
    env = {name: value for name, value in os.environ.items() if name not in foreign}
    env |= {
        "GIT_ALLOW_PROTOCOL": "https:http:ssh:file",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    for number, (name, value) in enumerate((config or {}).items()):
        env |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    env |= {"GIT_CONFIG_COUNT": str(len(config))} if config else {}
    env.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
    safe = ("protocol.ext.allow=never", "core.hooksPath=/dev/null", "http.lowSpeedLimit=1",
            "http.lowSpeedTime=60")  # fmt: skip
    try:
        return subprocess.run(
            ["git", *(word for setting in safe for word in ("-c", setting)), *arguments],
            env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False,
            encoding="utf-8", errors="surrogateescape",
        )  # fmt: skip
    except FileNotFoundError:
        raise Unavailable("git is not installed") from None
