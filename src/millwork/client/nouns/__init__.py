"""All nouns of the server.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.client.nouns.alerts import AlertsVerbs
from millwork.client.nouns.artifacts import ArtifactsVerbs
from millwork.client.nouns.attempts import AttemptsVerbs
from millwork.client.nouns.audit import AuditVerbs
from millwork.client.nouns.backfills import BackfillsVerbs
from millwork.client.nouns.bundles import BundlesVerbs
from millwork.client.nouns.catalogue import CatalogueVerbs
from millwork.client.nouns.codes import CodesVerbs
from millwork.client.nouns.components import ComponentsVerbs
from millwork.client.nouns.connections import ConnectionsVerbs
from millwork.client.nouns.conversions import ConversionsVerbs
from millwork.client.nouns.data import DataVerbs
from millwork.client.nouns.datasets import DatasetsVerbs
from millwork.client.nouns.drafts import DraftsVerbs
from millwork.client.nouns.events import EventsVerbs
from millwork.client.nouns.files import FilesVerbs
from millwork.client.nouns.images import ImagesVerbs
from millwork.client.nouns.instances import InstancesVerbs
from millwork.client.nouns.logs import LogsVerbs
from millwork.client.nouns.members import MembersVerbs
from millwork.client.nouns.models import ModelsVerbs
from millwork.client.nouns.palette import PaletteVerbs
from millwork.client.nouns.people import PeopleVerbs
from millwork.client.nouns.pipelines import PipelinesVerbs
from millwork.client.nouns.plans import PlansVerbs
from millwork.client.nouns.runs import RunsVerbs
from millwork.client.nouns.schedules import SchedulesVerbs
from millwork.client.nouns.secrets import SecretsVerbs
from millwork.client.nouns.server import ServerVerbs
from millwork.client.nouns.sessions import SessionsVerbs
from millwork.client.nouns.steps import StepsVerbs
from millwork.client.nouns.templates import TemplatesVerbs
from millwork.client.nouns.tokens import TokensVerbs
from millwork.client.nouns.workspaces import WorkspacesVerbs

if TYPE_CHECKING:
    from millwork.client.noun import Asking


class Nouns:
    """An attribute a noun, with a method for each of its verbs."""

    def __init__(self, door: Asking) -> None:
        self.server = ServerVerbs(door)
        self.sessions = SessionsVerbs(door)
        self.tokens = TokensVerbs(door)
        self.people = PeopleVerbs(door)
        self.audit = AuditVerbs(door)
        self.catalogue = CatalogueVerbs(door)
        self.templates = TemplatesVerbs(door)
        self.conversions = ConversionsVerbs(door)
        self.workspaces = WorkspacesVerbs(door)
        self.members = MembersVerbs(door)
        self.events = EventsVerbs(door)
        self.files = FilesVerbs(door)
        self.bundles = BundlesVerbs(door)
        self.runs = RunsVerbs(door)
        self.steps = StepsVerbs(door)
        self.attempts = AttemptsVerbs(door)
        self.logs = LogsVerbs(door)
        self.artifacts = ArtifactsVerbs(door)
        self.palette = PaletteVerbs(door)
        self.components = ComponentsVerbs(door)
        self.pipelines = PipelinesVerbs(door)
        self.datasets = DatasetsVerbs(door)
        self.models = ModelsVerbs(door)
        self.images = ImagesVerbs(door)
        self.codes = CodesVerbs(door)
        self.drafts = DraftsVerbs(door)
        self.schedules = SchedulesVerbs(door)
        self.instances = InstancesVerbs(door)
        self.backfills = BackfillsVerbs(door)
        self.alerts = AlertsVerbs(door)
        self.plans = PlansVerbs(door)
        self.connections = ConnectionsVerbs(door)
        self.secrets = SecretsVerbs(door)
        self.data = DataVerbs(door)
