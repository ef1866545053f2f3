"""Each one-change probe of azureml-spec 1 is told as the table says, beside the oracle's word."""

import pytest

from millwork.base.errors import InvalidFile
from millwork.formats.azureml.leniencies import LENIENCIES
from tests.formats.azureml.probes import (
    FILES,
    FOLDERS,
    OLD,
    OLD_PROBES,
    V2,
    V2_PROBES,
    Probe,
    changed,
)
from tests.formats.azureml.reading import files_of, read

pytestmark = pytest.mark.quick

PROBES = [(OLD, probe) for probe in OLD_PROBES] + [(V2, probe) for probe in V2_PROBES]
IDS = [f"{'old' if base is OLD else 'v2'}: {probe.name}" for base, probe in PROBES]
# The oracle does not look at the old flavour's placeholders; a typo there would run nothing.
STRICTER = {"undeclared placeholder"}


def verdict(text: str) -> tuple[str, str]:
    """What is said of a component, and where the first fault of that kind stands."""
    try:
        component, reading = read(text, files_of(FILES, FOLDERS))
    except InvalidFile as error:
        faults = [fault for fault in error.faults if fault.severity == "error"]
        assert all(fault.line and fault.column for fault in faults)
        return "error", faults[0].path
    assert {fault.severity for fault in reading.faults} <= {"warning"}
    paths = [fault.path for fault in reading.faults]
    if component.refusals:
        file, line, path, _ = component.refusals[0].split(":", 3)
        assert file == "component.yaml"
        assert int(line) > 0
        return "refused", path.strip()
    return ("warning", paths[0]) if paths else ("fine", "")


@pytest.mark.parametrize(("base", "probe"), PROBES, ids=IDS)
def test_a_probe_is_told_as_the_table_says(base: str, probe: Probe) -> None:
    assert verdict(changed(base, probe.change)) == (probe.ours, probe.at)


@pytest.mark.parametrize(("base", "probe"), PROBES, ids=IDS)
def test_the_table_holds_the_rule_on_the_oracle(base: str, probe: Probe) -> None:
    accepted = probe.oracle == "valid"
    if probe.lenient:
        assert not accepted
        assert probe.ours != "error"
        assert probe.lenient in {leniency.name for leniency in LENIENCIES}
    elif probe.name in STRICTER and base is OLD:
        assert accepted
        assert probe.ours == "error"
    else:
        assert accepted == (probe.ours != "error")


def test_there_are_about_fifty_probes_a_flavour() -> None:
    assert len(OLD_PROBES) >= 50
    assert len(V2_PROBES) >= 50
    for probes in (OLD_PROBES, V2_PROBES):
        names = [probe.name for probe in probes]
        assert len(set(names)) == len(names)
