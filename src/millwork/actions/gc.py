"""Garbage collection: what nothing names any more is removed, while runs go on.

Nothing younger than an hour is touched, and who names a thing is asked again before it goes. What
a run, a result to be used again, a dataset or a model names is never removed. Killed at any
moment, it leaves nothing that the next collection does not finish (docs/retention.md).
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from millwork.actions import deletion
from millwork.actions.kept import is_own
from millwork.actions.tally import HOUR, Tally, Wish
from millwork.blobs.removal import MARK, age_of, entries, hide, remove, size_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.actions.context import Context
    from millwork.views.retention import Collected

DAY = 24 * HOUR
_BACKUPS = 5
_AT_ONCE = 1000


def collect(context: Context, wish: Wish) -> Collected:
    """Removes what may go, and says what it was; what cannot be removed is told, too."""
    return Collection(context, wish).run()


class Collection(Tally):
    """One collection of a home."""

    def run(self) -> Collected:
        """All of it, in an order in which one removal may make the next possible."""
        self._runs()
        self._results()
        self._attempts()
        self._manifests()
        self._code()
        self._drafts(self.context.code_store)
        self._old_files()
        self._rows()
        if self.wish.rules.instances_days is not None:
            from millwork.actions.gc_instances import collect_instances

            collect_instances(self, self.wish.rules.instances_days)
        if self.context.artifacts():
            from millwork.actions.gc_kept import collect_kept

            collect_kept(self)
        size = sum(item["bytes"] for item in self.items)
        return {
            "is_dry": self.wish.is_dry, "items": self.items, "left": self.left, "bytes": size,
        }  # fmt: skip

    # --- runs, results and attempts -------------------------------------------------------

    def _runs(self) -> None:
        """The runs that the rules do not keep."""
        rules = self.wish.rules
        if rules.runs_days is None:
            return
        before = self.now - rules.runs_days * DAY
        old = self.retention.old(before, rules.keep_last)
        runs = [run for run, tags in old if not rules.keeps(tags)]
        for run in runs:
            row = self.context.store.run(run)
            if row is None:
                continue
            trials = deletion.trials_of(self.context, row)
            fault = deletion.need_of(self.context, row, trials)
            if fault:
                self.leave("run", run, fault)
                continue
            for each in (*trials, run):
                self._drop(each, runs)

    def _drop(self, run: str, others: list[str]) -> None:
        if not self.wish.is_dry:
            dropped = deletion.drop(self.context, run)
            if dropped:
                self.note("run", run, dropped["bytes"])
            return
        paths, gone = self.retention.paths(), {*others, run}
        attempts = self.retention.attempts(run)
        freed = (each for each in attempts if not self.retention.named(each, paths, gone))
        self.note("run", run, sum(size_of(self._folder(each)) for each in freed))

    def _results(self) -> None:
        """Results whose files are gone for good, or that are older than the rules want them."""
        days = self.wish.rules.results_days
        old = set()
        if days is not None:
            old = set(self.retention.old_results(self.now - days * DAY))
        for result in self.context.store.all_results():
            attempt = result.attempt
            outputs = result.outputs.items()
            is_gone = any(
                not os.path.isdir(output["path"])
                and not (self.context.artifacts() and is_own(attempt, port, output))
                for port, output in outputs
            )
            if not is_gone and attempt not in old:
                continue
            if not self.wish.is_dry:
                self.context.store.forget_result(attempt)
                with suppress(OSError):  # whoever has just found it may still take it
                    os.utime(self._folder(attempt))
            self.note("result", attempt, 0)

    def _attempts(self) -> None:
        """Folders of attempts that no row names, and what of the named ones is not their output."""
        root = f"{self.context.home}/attempts"
        names = list(entries(root))
        for name in (name for name in names if name.startswith(MARK)):
            self._remove("attempt", f"{root}/{name}", name)
        names = [name for name in names if not name.startswith(MARK) and self._is_old(root, name)]
        for start in range(0, len(names), _AT_ONCE):
            with self.retention.looking():
                paths = self.retention.paths()
                found = {
                    name: self.retention.named(name, paths)
                    for name in names[start : start + _AT_ONCE]
                }
            for name, named in found.items():
                if not named:
                    self._attempt(name)
                elif named == "outputs" and not deletion.is_trimmed(f"{root}/{name}"):
                    self._attempt(name, is_trim=True)

    def _attempt(self, name: str, *, is_trim: bool = False) -> None:
        folder, kind = self._folder(name), "logs" if is_trim else "attempt"
        if self.wish.is_dry:
            size = size_of(folder) - (size_of(f"{folder}/ml/output") if is_trim else 0)
        elif self._is_old(os.path.dirname(folder), name):
            size = deletion.free(self.context, name)
        else:
            return
        if os.path.isdir(folder) and not is_trim and not self.wish.is_dry:
            self.leave(kind, name, "it is named again, or cannot be removed")
        else:
            self.note(kind, name, size)

    def _manifests(self) -> None:
        """Manifests of attempts whose run is gone, and that nothing names."""
        paths = self.retention.paths()
        for attempt in self.retention.left():
            if os.path.isdir(self._folder(attempt)) or self.retention.named(attempt, paths):
                continue
            if self.wish.is_dry or self.retention.forget(attempt):
                self.note("manifest", attempt, 0)

    # --- code, and what is only old -------------------------------------------------------

    def _code(self) -> None:
        """Snapshots of code that nothing names: put out of sight, asked for again, removed.

        Whoever has just found one there has marked it as young (blobs.code).
        """
        store = self.context.code_store
        hidden = [name for name in entries(store) if name.startswith(MARK)]
        old = [name for name in entries(store) if name[0] != "." and self._is_old(store, name)]
        if not (hidden or old):
            return
        with self.retention.looking():
            codes = self.retention.codes()
        for name in old:
            if name in codes:
                continue
            if self.wish.is_dry:
                self.note("code", name, size_of(f"{store}/{name}"))
            elif self._is_old(store, name):
                with suppress(OSError):
                    hidden += self._hidden(store, name)
        if hidden and not self.wish.is_dry:
            codes = self.retention.codes()
            for name in hidden:
                self._finish(store, name, codes)

    def _hidden(self, store: str, name: str) -> list[str]:
        """The new name of a snapshot that is out of sight; none if it was marked just before."""
        path = hide(f"{store}/{name}")
        if self._is_old(store, os.path.basename(path)):
            return [os.path.basename(path)]
        os.rename(path, f"{store}/{name}")
        return []

    def _finish(self, store: str, hidden: str, codes: set[str]) -> None:
        digest = hidden.removeprefix(MARK)
        if digest in codes and not os.path.isdir(f"{store}/{digest}"):
            with suppress(OSError):
                os.rename(f"{store}/{hidden}", f"{store}/{digest}")
            return
        self._remove("code", f"{store}/{hidden}", digest)

    def _drafts(self, folder: str) -> None:
        """What was being made when its process was killed."""
        for name in entries(folder):
            path = f"{folder}/{name}"
            is_draft = name.startswith(".") and not name.startswith((MARK, ".ignore-"))
            if is_draft and os.path.isdir(path) and self._is_old(folder, name, DAY):
                self._remove("draft", path, name)

    def _old_files(self) -> None:
        """What can be made or sent again: uploads, checkouts, backups but the newest."""
        home = self.context.home
        for kind, path in self._uploads():
            self._remove(kind, path, os.path.basename(path))
        for name in entries(self.context.git_cache):
            if name.startswith(MARK) or self._is_old(self.context.git_cache, name, DAY):
                self._remove("checkout", f"{self.context.git_cache}/{name}", name)
        if not os.path.isdir(f"{home}/backups"):
            return
        from millwork.store.backups import listed

        for path in listed(f"{home}/millwork.db")[:-_BACKUPS]:
            self._remove("backup", path, os.path.basename(path))

    def _uploads(self) -> Iterator[tuple[str, str]]:
        root = f"{self.context.home}/uploads"
        for current, folders, names in os.walk(root):
            drafts = [each for each in folders if current == root and each.startswith("tmp")]
            for name in (*names, *drafts):
                if self._is_old(current, name, DAY):
                    yield "upload", f"{current}/{name}"
            folders[:] = [each for each in folders if each not in drafts]

    def _rows(self) -> None:
        """Answers and ways in that nobody may ask for any more."""
        dry = self.wish.is_dry
        if count := self.retention.tidy("answers", self.now - DAY, dry=dry):
            self.note("answers", "rows", 0, count)
        if count := self.retention.tidy("credentials", self.now, dry=dry):
            self.note("credentials", "rows", 0, count)

    # --- removing -------------------------------------------------------------------------

    def _remove(self, kind: str, path: str, name: str) -> None:
        size = size_of(path)
        if not self.wish.is_dry:
            try:
                is_folder = os.path.isdir(path) and not os.path.islink(path)
                remove(hide(path) if is_folder else path)
            except FileNotFoundError:
                return
            except OSError as error:
                self.leave(kind, name, error.strerror)
                return
        self.note(kind, name.removeprefix(MARK), size)

    def _is_old(self, folder: str, name: str, age: float = 0.0) -> bool:
        return age_of(f"{folder}/{name}", self.now) >= max(self.wish.young, age)

    def _folder(self, attempt: str) -> str:
        return f"{self.context.home}/attempts/{attempt}"
