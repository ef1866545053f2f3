"""Millwork: components defined once, run anywhere.

The names here are the Python authoring of `millwork.sdk`; each is imported when it is first used,
so that importing Millwork costs nothing.
"""

__version__ = "0.1.0"

_HOMES = {
    "BadRequest": "millwork.base.errors",
    "Client": "millwork.sdk.client",
    "Component": "millwork.sdk.component",
    "Input": "millwork.sdk.wires",
    "InputPath": "millwork.formats.python.signature",
    "InvalidFile": "millwork.base.errors",
    "MillworkError": "millwork.base.errors",
    "Node": "millwork.sdk.wires",
    "OutputPath": "millwork.formats.python.signature",
    "Outputs": "millwork.sdk.wires",
    "Run": "millwork.sdk.running",
    "RunFailed": "millwork.base.errors",
    "RunOptions": "millwork.sdk.running",
    "Unavailable": "millwork.base.errors",
    "Wire": "millwork.sdk.wires",
    "builtin": "millwork.sdk.component",
    "component": "millwork.sdk.functions",
    "each": "millwork.sdk.wires",
    "load": "millwork.sdk.component",
    "pipeline": "millwork.sdk.pipelines",
}


def __getattr__(name: str) -> object:
    """Imports a public name from its home (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'millwork' has no attribute '{name}'")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
