"""Which file is AzureML's, of which flavour and type: by type, $schema and placeholders."""

import pytest

from millwork.formats.azureml.kinds import flavour_of, is_azureml, is_pipeline, kind_of
from millwork.formats.pai import is_pai
from millwork.spec.document import parse

pytestmark = pytest.mark.quick

OLD_SCHEMA = "$schema: https://componentsdk.azureedge.net/jsonschema/{}.json\n"
NEW_SCHEMA = "$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("type: command\n", True),
        ("type: unheard_of\n", True),
        (NEW_SCHEMA + "name: x\n", True),
        ("jobs: {}\n", True),
        ("command: x\nenvironment: azureml:e:1\n", True),
        ("name: x\ncommand: python x.py {inputs.a}\n", True),
        ("name: x\ncommand: python x.py ${{inputs.a}}\n", True),
        ("name: x\ncommand: python x.py\n", False),
        ("name: x\n", False),
        ("apiVersion: millwork/v1\nkind: Component\ncommand: x {inputs.a}\n", False),
        ("apiVersion: millwork/v1\ntype: command\n", False),
        ("AlgorithmName: x\n", False),
        ("Command: x\nJobType: TFJob\n", False),
    ],
)
def test_a_file_is_recognised_by_its_fields(text: str, expected: bool) -> None:
    root = parse(text, "x.yaml")
    assert is_azureml(root) is expected
    assert not (expected and is_pai(root))


@pytest.mark.parametrize(
    ("text", "flavour", "kind"),
    [
        ("type: CommandComponent", "azureml-old", "CommandComponent"),
        ("type: CommandComponent@1-legacy", "azureml-old", "CommandComponent"),
        ("type: scope", "azureml-old", "scope"),
        ("type: SparkComponent", "azureml-old", "SparkComponent"),
        ("type: spark", "azureml-v2", "spark"),
        ("type: spark@1", "azureml-old", "SparkComponent"),
        (OLD_SCHEMA.format("SparkComponent") + "type: spark", "azureml-old", "SparkComponent"),
        ("type: spark\nargs: --x {inputs.x}", "azureml-old", "SparkComponent"),
        ("type: spark\nargs: --x ${{inputs.x}}", "azureml-v2", "spark"),
        ("type: Command", "azureml-v2", "command"),
        ("$schema: http://x/sdk-2-0/CommandComponent.json\ntype: command", "azureml-v2", "command"),
        ("$schema: http://x/sdk-2-0/CommandComponent.json", "azureml-v2", "command"),
        ("$schema: http://azureml/sdk-1-5/SweepComponent.json", "azureml-old", "SweepComponent"),
        (OLD_SCHEMA.format("HDInsightComponent"), "azureml-old", "HDInsightComponent"),
        (OLD_SCHEMA.format("Bogus"), "azureml-old", "CommandComponent"),
        (NEW_SCHEMA + "command: x {inputs.a}", "azureml-v2", "command"),
        ("command: x {inputs.a}", "azureml-old", "CommandComponent"),
        ("command: x ${{inputs.a}}", "azureml-v2", "command"),
        ("inputs: {a: {default: '{inputs.b}'}}\ncommand: x", "azureml-v2", "command"),
        ("name: x", "azureml-v2", "command"),
    ],
)
def test_the_flavour_and_the_type(text: str, flavour: str, kind: str) -> None:
    root = parse(text, "x.yaml")
    found = kind_of(root)
    assert found is not None
    assert (flavour_of(root), found.flavour, found.name) == (flavour, flavour, kind)


@pytest.mark.parametrize(
    ("text", "flavour"),
    [
        ("type: BogusComponent", "azureml-old"),
        ("type: bogus", "azureml-v2"),
        ("type: bogus\ncommand: x {inputs.a}", "azureml-old"),
        ("type: command@1-legacy", "azureml-v2"),
    ],
)
def test_a_type_that_there_is_not(text: str, flavour: str) -> None:
    root = parse(text, "x.yaml")
    assert kind_of(root) is None
    assert flavour_of(root) == flavour


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("type: pipeline", True),
        ("type: Pipeline\njobs: {}", True),
        ("type: PipelineComponent", True),
        ("jobs: {}", True),
        ("type: command\njobs: {}", False),
        ("type: command", False),
    ],
)
def test_a_pipeline_is_told_from_a_component(text: str, expected: bool) -> None:
    assert is_pipeline(parse(text, "x.yaml")) is expected
