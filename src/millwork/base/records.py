"""`dataclass` and `field` as the standard library has them, with frozen classes defined faster.

The standard decorator compiles six functions for a frozen class, about 0.6 ms; a command that
starts with sixty of them would pay more for that than for all else it does. Here only
`__init__` is compiled, and the others are shared. Type checkers see the standard decorator.
"""

from __future__ import annotations

import dataclasses
from dataclasses import field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, **options):
        """The standard decorator; a frozen class without further options is made here."""
        if cls is None:
            return lambda given: dataclass(given, frozen=frozen, **options)
        if not frozen or options:
            return dataclasses.dataclass(cls, frozen=frozen, **options)
        made = dataclasses.dataclass(cls, repr=False, eq=False)
        fields = dataclasses.fields(made)
        made.__names__ = frozenset(part.name for part in fields)
        made.__compared__ = tuple(part.name for part in fields if part.compare)
        made.__shown__ = tuple(part.name for part in fields if part.repr)
        for name in _SHARED:
            if name == "__hash__" or name not in cls.__dict__:
                setattr(made, name, getattr(_Frozen, name))
        return made

    class _Frozen:
        """The methods that all frozen classes share."""

        def __setattr__(self, name, value):
            # __init__ sets each field once; whoever sets one again, or another, is refused.
            kept = self.__dict__
            if name in kept or name not in self.__names__:
                raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
            kept[name] = value

        def __delattr__(self, name):
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

        def __eq__(self, other):
            if other.__class__ is not self.__class__:
                return NotImplemented
            return all(getattr(self, name) == getattr(other, name) for name in self.__compared__)

        def __hash__(self):
            return hash(tuple(getattr(self, name) for name in self.__compared__))

        def __repr__(self):
            shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__shown__)
            return f"{type(self).__qualname__}({shown})"

    _SHARED = ("__setattr__", "__delattr__", "__eq__", "__hash__", "__repr__")


__all__ = ["dataclass", "field"]
