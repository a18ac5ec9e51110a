"""Which files claim which campaign name."""


class Claims:
    """Campaign names and the files that claim them, with what was before since the last `settle`."""

    def __init__(self) -> None:
        self._files_of: dict[str, frozenset[str]] = {}
        self._before: dict[str, frozenset[str]] = {}

    def of(self, name: str | None) -> frozenset[str]:
        """The files that claim a name."""
        return self._files_of.get(name, frozenset()) if name is not None else frozenset()

    def move(self, file: str, old: str | None, new: str | None) -> None:
        """A file gives up one name and takes another; None is no name."""
        if old is not None:
            self._set(old, self.of(old) - {file})
        if new is not None:
            self._set(new, self.of(new) | {file})

    def disputed(self) -> set[str]:
        """The files whose name has other claimants than at the last `settle`."""
        changed = (name for name, before in self._before.items() if before != self.of(name))
        return {file for name in changed for file in self.of(name)}

    def settle(self) -> None:
        """From here on, what is now is what was before."""
        self._before.clear()

    def _set(self, name: str, files: frozenset[str]) -> None:
        self._before.setdefault(name, self.of(name))
        if files:
            self._files_of[name] = files
        else:
            self._files_of.pop(name, None)
