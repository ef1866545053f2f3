"""Secrets in one file of the home that nobody else may read, or in the host's environment."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from millwork.base.errors import Unavailable
from millwork.base.names import WITHHELD, variable_suffix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILE = "secrets.json"
_OTHERS = 0o077


class HomeSecrets:
    """Implements `ports.Secrets` on `secrets.json` in `home` and on `MILLWORK_SECRET_*`.

    In the file the names of a workspace's secrets begin with the workspace's and a `/`, but for
    those of `default`, which alone has the host's variables too.
    """

    def __init__(self, home: str, environ: Mapping[str, str], workspace: str = "default") -> None:
        self._home = home
        self._variables = environ
        self._prefix = "" if workspace == "default" else f"{workspace}/"
        self._path = f"{home}/{FILE}"
        self._environ = {
            name.removeprefix(WITHHELD): value
            for name, value in environ.items()
            if name.startswith(WITHHELD) and name == name.upper() and value and not self._prefix
        }

    def of(self, workspace: str) -> HomeSecrets:
        """The secrets of another workspace of the home."""
        return HomeSecrets(self._home, self._variables, workspace)

    def value(self, name: str) -> str | None:
        """The secret's value; None if there is none of that name."""
        return self._environ.get(variable_suffix(name)) or self._read().get(self._prefix + name)

    def sources(self) -> dict[str, str]:
        """Where each secret comes from; of one that is not in the file, the variable's name."""
        kept = {name: variable_suffix(name) for name in self._own(self._read())}
        found = dict.fromkeys(self._environ.keys() - set(kept.values()), "environment")
        for name, suffix in kept.items():
            found[name] = "environment" if suffix in self._environ else "file"
        return dict(sorted(found.items()))

    def keep(self, name: str, value: str) -> None:
        """Keeps a value in the file, instead of an earlier one."""
        with self._changed() as secrets:
            secrets[self._prefix + name] = value

    def remove(self, name: str) -> bool:
        """Removes a value from the file; False if it was not there."""
        with self._changed() as secrets:
            return secrets.pop(self._prefix + name, None) is not None

    def forget(self) -> None:
        """Removes all that the file has of this workspace."""
        with self._changed() as secrets:
            for name in self._own(secrets):
                del secrets[self._prefix + name]

    def _own(self, secrets: Mapping[str, str]) -> list[str]:
        """The names of this workspace's."""
        own = [name for name in secrets if name.rpartition("/")[0] == self._prefix.rstrip("/")]
        return [name.removeprefix(self._prefix) for name in own]

    def _read(self) -> dict[str, str]:
        try:
            with open(self._path, encoding="utf-8") as file:
                mode = os.fstat(file.fileno()).st_mode & 0o777
                if mode & _OTHERS:
                    raise Unavailable(
                        f"{self._path} is open to other users (mode {mode:03o}): chmod 600 it, and "
                        "replace what it holds if others have been on this machine"
                    )
                secrets = json.load(file)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise Unavailable(f"cannot read {self._path}: {error.strerror}") from None
        except ValueError:
            # What is wrong with it is not told: the reason would quote it.
            raise Unavailable(f"{self._path} is not JSON") from None
        if not isinstance(secrets, dict) or not all(isinstance(v, str) for v in secrets.values()):
            raise Unavailable(f"{self._path} is not a JSON object of texts")
        return secrets

    @contextmanager
    def _changed(self) -> Iterator[dict[str, str]]:
        """The secrets, written when the block has changed them; one process at a time."""
        folder = os.open(self._home, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            before = self._read()
            secrets = dict(before)
            yield secrets
            if secrets != before:
                self._write(secrets)
                os.fsync(folder)
        except OSError as error:
            raise Unavailable(f"cannot write {self._path}: {error.strerror}") from None
        finally:
            os.close(folder)

    def _write(self, secrets: Mapping[str, str]) -> None:
        spare = f"{self._path}.new"
        with suppress(FileNotFoundError):  # of a process that was killed
            os.unlink(spare)
        descriptor = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(secrets, file, ensure_ascii=False, indent=1, sort_keys=True)
            file.write("\n")
            file.flush()
            os.fsync(descriptor)
        os.replace(spare, self._path)
