"""Every verb of the server: what it is called, where it is found, and what it needs.

A verb `noun.action` is carried out by the function of that action in `actions/nouns/NOUN.py`; the
API makes a route of it, the client a method, and the permission matrix a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

WORKSPACE = "/workspaces/{workspace}"

# `~` stands for the path of a workspace.
_TABLE = """
server.health         GET    /health                                                   anyone
server.ready          GET    /ready                                                    anyone
server.about          GET    /about                                                    person
server.metrics        GET    /metrics                                                  admin
sessions.login        POST   /login                                                    anyone
sessions.logout       POST   /logout                                                   person
sessions.me           GET    /me                                                       person
sessions.password     PUT    /me/password                                              person
sessions.list         GET    /me/sessions                                              person
sessions.end          DELETE /me/sessions/{session}                                    person
tokens.list           GET    /me/tokens                                                person
tokens.create         POST   /me/tokens                                                person
tokens.revoke         DELETE /me/tokens/{token}                                        person
people.list           GET    /people                                                   admin
people.create         POST   /people                                                   admin
people.change         PATCH  /people/{person}                                          admin
people.delete         DELETE /people/{person}                                          admin
audit.all             GET    /audit                                                    admin
catalogue.list        GET    /catalogue                                                person
catalogue.show        GET    /catalogue/{name}                                         person
templates.list        GET    /templates                                                person
templates.show        GET    /templates/{name}                                         person
conversions.create    POST   /conversions                                              person
workspaces.list       GET    /workspaces                                               person
workspaces.create     POST   /workspaces                                               admin
workspaces.show       GET    ~                                                         workspace:read
workspaces.change     PATCH  ~                                                         workspace:write
workspaces.delete     DELETE ~                                                         workspace:delete
workspaces.usage      GET    ~/usage                                                   workspace:read
members.list          GET    ~/members                                                 member:read
members.set           PUT    ~/members/{person}                                        member:write
members.remove        DELETE ~/members/{person}                                        member:delete
audit.list            GET    ~/audit                                                   audit:read
events.follow         GET    ~/events                                                  run:read
files.missing         POST   ~/files/missing                                           run:write
files.put             PUT    ~/files/{sha256}                                          run:write
bundles.create        POST   ~/bundles                                                 run:write
runs.list             GET    ~/runs                                                    run:read
runs.create           POST   ~/runs                                                    run:write
runs.show             GET    ~/runs/{run}                                              run:read
runs.result           GET    ~/runs/{run}/result                                       run:read
runs.source           GET    ~/runs/{run}/source                                       run:read
runs.change           PATCH  ~/runs/{run}                                              run:operate
runs.cancel           POST   ~/runs/{run}/cancel                                       run:operate
runs.resume           POST   ~/runs/{run}/resume                                       run:operate
runs.delete           DELETE ~/runs/{run}                                              run:delete
runs.events           GET    ~/runs/{run}/events                                       run:read
runs.follow           GET    ~/runs/{run}/events/follow                                run:read
runs.lineage          GET    ~/runs/{run}/lineage                                      run:read
steps.list            GET    ~/runs/{run}/steps                                        run:read
steps.show            GET    ~/runs/{run}/steps/{step}                                 run:read
steps.why             GET    ~/runs/{run}/steps/{step}/why                             run:read
steps.usage           GET    ~/runs/{run}/steps/{step}/usage                           run:read
steps.metrics         GET    ~/runs/{run}/steps/{step}/metrics                         run:read
steps.command         GET    ~/runs/{run}/steps/{step}/command                         run:read
attempts.list         GET    ~/runs/{run}/steps/{step}/attempts                        run:read
logs.list             GET    ~/runs/{run}/steps/{step}/logs                            run:read
logs.read             GET    ~/runs/{run}/steps/{step}/logs/{process}                  run:read
logs.search           GET    ~/runs/{run}/steps/{step}/logs/{process}/search           run:read
logs.follow           GET    ~/runs/{run}/steps/{step}/logs/{process}/follow           run:read
artifacts.list        GET    ~/runs/{run}/artifacts                                    run:read
artifacts.show        GET    ~/runs/{run}/artifacts/{step}/{port}                      run:read
artifacts.preview     GET    ~/runs/{run}/artifacts/{step}/{port}/preview              run:read
artifacts.download    GET    ~/runs/{run}/artifacts/{step}/{port}/file                 run:read
palette.list          GET    ~/palette                                                 component:read
palette.show          GET    ~/palette/{reference}                                     component:read
components.list       GET    ~/components                                              component:read
components.create     POST   ~/components                                              component:write
components.check      POST   ~/components/check                                        component:read
components.show       GET    ~/components/{name}                                       component:read
components.change     PATCH  ~/components/{name}                                       component:write
components.delete     DELETE ~/components/{name}                                       component:delete
components.versions   GET    ~/components/{name}/versions                              component:read
components.version    GET    ~/components/{name}/versions/{version}                    component:read
components.deprecate  POST   ~/components/{name}/versions/{version}/deprecate          component:write
components.diff       GET    ~/components/{name}/diff                                  component:read
pipelines.list        GET    ~/pipelines                                               pipeline:read
pipelines.create      POST   ~/pipelines                                               pipeline:write
pipelines.show        GET    ~/pipelines/{name}                                        pipeline:read
pipelines.change      PATCH  ~/pipelines/{name}                                        pipeline:write
pipelines.delete      DELETE ~/pipelines/{name}                                        pipeline:delete
pipelines.versions    GET    ~/pipelines/{name}/versions                               pipeline:read
pipelines.version     GET    ~/pipelines/{name}/versions/{version}                     pipeline:read
pipelines.deprecate   POST   ~/pipelines/{name}/versions/{version}/deprecate           pipeline:write
pipelines.diff        GET    ~/pipelines/{name}/diff                                   pipeline:read
datasets.list         GET    ~/datasets                                                dataset:read
datasets.create       POST   ~/datasets                                                dataset:write
datasets.show         GET    ~/datasets/{name}                                         dataset:read
datasets.change       PATCH  ~/datasets/{name}                                         dataset:write
datasets.delete       DELETE ~/datasets/{name}                                         dataset:delete
datasets.versions     GET    ~/datasets/{name}/versions                                dataset:read
datasets.version      GET    ~/datasets/{name}/versions/{version}                      dataset:read
datasets.deprecate    POST   ~/datasets/{name}/versions/{version}/deprecate            dataset:write
datasets.diff         GET    ~/datasets/{name}/diff                                    dataset:read
models.list           GET    ~/models                                                  model:read
models.create         POST   ~/models                                                  model:write
models.show           GET    ~/models/{name}                                           model:read
models.change         PATCH  ~/models/{name}                                           model:write
models.delete         DELETE ~/models/{name}                                           model:delete
models.versions       GET    ~/models/{name}/versions                                  model:read
models.version        GET    ~/models/{name}/versions/{version}                        model:read
models.deprecate      POST   ~/models/{name}/versions/{version}/deprecate              model:write
models.diff           GET    ~/models/{name}/diff                                      model:read
images.list           GET    ~/images                                                  image:read
images.create         POST   ~/images                                                  image:write
images.show           GET    ~/images/{name}                                           image:read
images.change         PATCH  ~/images/{name}                                           image:write
images.delete         DELETE ~/images/{name}                                           image:delete
images.versions       GET    ~/images/{name}/versions                                  image:read
images.version        GET    ~/images/{name}/versions/{version}                        image:read
images.deprecate      POST   ~/images/{name}/versions/{version}/deprecate              image:write
images.diff           GET    ~/images/{name}/diff                                      image:read
codes.list            GET    ~/codes                                                   code:read
codes.create          POST   ~/codes                                                   code:write
codes.show            GET    ~/codes/{name}                                            code:read
codes.change          PATCH  ~/codes/{name}                                            code:write
codes.delete          DELETE ~/codes/{name}                                            code:delete
codes.versions        GET    ~/codes/{name}/versions                                   code:read
codes.version         GET    ~/codes/{name}/versions/{version}                         code:read
codes.deprecate       POST   ~/codes/{name}/versions/{version}/deprecate               code:write
codes.diff            GET    ~/codes/{name}/diff                                       code:read
codes.take            POST   ~/codes/{name}/versions/{version}/take                    code:write
models.approve        POST   ~/models/{name}/versions/{version}/approve                model:approve
models.lineage        GET    ~/models/{name}/versions/{version}/lineage                model:read
datasets.lineage      GET    ~/datasets/{name}/versions/{version}/lineage              dataset:read
drafts.list           GET    ~/drafts                                                  pipeline:read
drafts.show           GET    ~/drafts/{name}                                           pipeline:read
drafts.save           PUT    ~/drafts/{name}                                           pipeline:write
drafts.publish        POST   ~/drafts/{name}/publish                                   pipeline:write
drafts.delete         DELETE ~/drafts/{name}                                           pipeline:delete
schedules.list        GET    ~/schedules                                               schedule:read
schedules.create      POST   ~/schedules                                               schedule:write
schedules.preview     POST   ~/schedules/preview                                       schedule:read
schedules.show        GET    ~/schedules/{name}                                        schedule:read
schedules.change      PATCH  ~/schedules/{name}                                        schedule:write
schedules.delete      DELETE ~/schedules/{name}                                        schedule:delete
schedules.versions    GET    ~/schedules/{name}/versions                               schedule:read
schedules.version     GET    ~/schedules/{name}/versions/{version}                     schedule:read
schedules.deprecate   POST   ~/schedules/{name}/versions/{version}/deprecate           schedule:write
schedules.diff        GET    ~/schedules/{name}/diff                                   schedule:read
schedules.deploy      POST   ~/schedules/{name}/deploy                                 schedule:write
schedules.withdraw    POST   ~/schedules/{name}/withdraw                               schedule:write
schedules.switch      POST   ~/schedules/{name}/switch                                 schedule:operate
schedules.test        POST   ~/schedules/{name}/test                                   schedule:operate
schedules.trigger     POST   ~/schedules/{name}/trigger                                schedule:operate
instances.list        GET    ~/instances                                              schedule:read
instances.grid        GET    ~/instances/grid                                         schedule:read
instances.operate     POST   ~/instances/operate                                      schedule:operate
instances.show        GET    ~/instances/{instance}                                   schedule:read
instances.graph       GET    ~/instances/{instance}/graph                             schedule:read
instances.events      GET    ~/instances/{instance}/events                            schedule:read
backfills.list        GET    ~/backfills                                              schedule:read
backfills.create      POST   ~/backfills                                              schedule:operate
backfills.preview     POST   ~/backfills/preview                                      schedule:read
backfills.show        GET    ~/backfills/{backfill}                                   schedule:read
backfills.change      PATCH  ~/backfills/{backfill}                                   schedule:operate
alerts.list           GET    ~/alerts                                                  schedule:read
plans.create          POST   ~/plans                                                   pipeline:read
connections.list      GET    ~/connections                                             connection:read
connections.show      GET    ~/connections/{name}                                      connection:read
connections.set       PUT    ~/connections/{name}                                      connection:write
connections.delete    DELETE ~/connections/{name}                                      connection:delete
connections.check     POST   ~/connections/{name}/check                                connection:write
secrets.list          GET    ~/secrets                                                 secret:read
secrets.set           PUT    ~/secrets/{name}                                          secret:write
secrets.remove        DELETE ~/secrets/{name}                                          secret:delete
data.list             GET    ~/data                                                    connection:read
"""


@dataclass(frozen=True)
class Verb:
    """One verb.

    `noun` and `action` are what `access.roles` is asked for. Of verbs outside a workspace `needs`
    is `anyone` (nobody need be logged in), `person` (somebody is) or `admin` (of the server).
    """

    name: str
    method: str
    path: str
    needs: str

    @property
    def in_workspace(self) -> bool:
        """Whether it is a verb of one workspace."""
        return self.path.startswith(WORKSPACE)

    @property
    def noun(self) -> str:
        """What it is about."""
        return self.needs.partition(":")[0]

    @property
    def action(self) -> str:
        """What it does to that; empty outside a workspace."""
        return self.needs.partition(":")[2]

    @property
    def writes(self) -> bool:
        """Whether it may change anything; what is only read may come in a body, too."""
        return self.method != "GET" and self.action != "read"


def _read(table: str) -> dict[str, Verb]:
    verbs = {}
    for line in table.strip().splitlines():
        name, method, path, needs = line.split()
        verbs[name] = Verb(name, method, path.replace("~", WORKSPACE), needs)
    return verbs


VERBS: Mapping[str, Verb] = _read(_TABLE)
