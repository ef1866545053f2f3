"""The command tree: every word that `millwork` understands."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import TYPE_CHECKING

from millwork import __version__

if TYPE_CHECKING:
    from argparse import Namespace, _SubParsersAction
    from collections.abc import Sequence

# Kept here too, so that --help imports nothing; a test compares them with the spec's.
DIALECTS = (
    "millwork", "pai", "azureml-old", "azureml-v2", "json", "pai-designer", "dataworks", "python",
)  # fmt: skip
JOB_TYPES = ("Job", "TFJob", "PyTorchJob", "XGBoostJob", "MPIJob", "ElasticBatchJob")
SHARD_ACTIONS = ("next", "renew", "done", "fail", "map")
ENGINES = ("local", "container")
STATUSES = ("queued", "running", "succeeded", "failed", "cancelled")

# The nouns whose commands `cli.nouns` makes of their verbs, and the verbs of `runs` of that kind.
NOUNS = (
    "alerts", "artifacts", "attempts", "audit", "backfills", "bundles", "catalogue", "codes",
    "components", "connections", "conversions", "datasets", "drafts", "events", "files", "images",
    "instances", "logs", "members", "models", "palette", "people", "pipelines", "plans",
    "schedules", "server", "sessions", "steps", "tokens", "workspaces",
)  # fmt: skip
RUN_VERBS = ("change", "create", "delete", "events", "follow", "lineage", "result", "source")

_REPLICAS = "replicas of a component or COMMAND: N, or `chief=1,worker=2,ps=1`"
_NOUNS_TEXT = """\
nouns, of a server or of this home; `millwork NOUN --help` shows the verbs of one:
  alerts, artifacts, attempts, audit, backfills, bundles, catalogue, codes, components,
  connections, conversions, datasets, drafts, events, files, images, instances, logs, members,
  models, palette, people, pipelines, plans, schedules, server, sessions, steps, tokens, workspaces
"""
_DESCRIPTION = """\
Run components, and pipelines of them, on this machine.

  millwork init hello                        a first component, to be changed
  millwork run hello/component.yaml          run it
  millwork run pipeline.yaml -p rounds=100   run a pipeline
  millwork run -- python train.py            run a command, no file needed
  millwork runs list                         what was run
  millwork catalogue list                    the components that are built in
  millwork run template:penguins             run a template: millwork templates list
"""


class StrictParser(ArgumentParser):
    """A parser whose subcommands refuse an unknown word themselves, with their own usage."""

    # typeshed states it as overloads, which say the same for each kind of namespace.
    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Namespace | None = None
    ) -> tuple[Namespace, list[str]]:
        """What was said; it is all known."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown


def build_parser() -> ArgumentParser:
    """The whole command tree; the docs' list of commands is checked against it."""
    parser: ArgumentParser = StrictParser(
        prog="millwork", description=_DESCRIPTION, epilog=_NOUNS_TEXT,
        formatter_class=RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"millwork {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    _add_run(verbs)
    _add_runs(verbs)
    _add_files(verbs)
    _add_secrets(verbs)
    _add_data(verbs)
    _add_templates(verbs)
    _add_schedule(verbs)
    shard = verbs.add_parser(
        "shard",
        help="lease shards, for the program of a batch's step",
        usage="millwork shard {next,renew,done,fail,map} [words]",
    )
    shard.add_argument("action", choices=SHARD_ACTIONS, help="what is wanted; its words follow")
    _add_server(verbs)
    gc = verbs.add_parser("gc", help="remove what no run, result, dataset or model names")
    gc.add_argument(
        "--older-than", type=float, metavar="DAYS",
        help="remove runs and instances that ended so long ago, too (default: the settings say)",
    )  # fmt: skip
    gc.add_argument("--local", action="store_true", help="free local copies of what S3 has")
    gc.add_argument("--dry-run", action="store_true", help="remove nothing; show what would go")
    gc.add_argument("--json", action="store_true", help="print JSON")
    doctor = verbs.add_parser("doctor", help="what works on this machine, and what does not")
    doctor.add_argument(
        "what", nargs="?", choices=("artifacts", "storage"),
        help="read and check every kept result; or try what a job may do at a place",
    )  # fmt: skip
    doctor.add_argument("place", nargs="?", metavar="NAME|URI", help="of storage: which")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _add_server(verbs: _SubParsersAction[ArgumentParser]) -> None:
    up = verbs.add_parser("up", help="start the server, until Ctrl-C")
    up.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where it listens")
    up.add_argument("--port", type=int, default=8899, metavar="N", help="0: any that is free")
    up.add_argument(
        "--host-name", action="append", default=[], metavar="NAME",
        help="a name that people reach it by; https://NAME: behind a proxy that speaks TLS",
    )  # fmt: skip
    up.add_argument("--database", metavar="URL", help="postgresql://..., for a team")
    up.add_argument("--certificate", metavar="FILE", help="for https, with --key")
    up.add_argument("--key", metavar="FILE", help="the certificate's private key")
    up.add_argument(
        "--shared-trust", action="store_true", help="all its people trust each other: see docs"
    )
    up.add_argument("--log-format", choices=("text", "json"), default="text", help="of its log")
    verbs.add_parser("login", help="print a link that logs a browser in to the server here")


def _add_run(verbs: _SubParsersAction[ArgumentParser]) -> None:
    run = verbs.add_parser(
        "run",
        help="run a component, a pipeline or a command",
        usage="millwork run FILE|NAME[@VERSION] [options]  |  millwork run [options] -- COMMAND...",
    )
    run.add_argument(
        "file", nargs="?", metavar="FILE",
        help="a component or pipeline file, `builtin:NAME`, `template:NAME`; with a server also "
        "what is registered: NAME[@VERSION]",
    )  # fmt: skip
    add_arguments(run)
    run.add_argument("--parallel", type=int, metavar="N", help="steps at once (default: cores)")
    run.add_argument("-o", "--output", metavar="DIR", help="copy the run's outputs there")
    run.add_argument(
        "-O", dest="outputs", action="append", default=[], metavar="NAME=URI",
        help="bring an output there as well: s3://bucket/models/{run}",
    )  # fmt: skip
    run.add_argument("--name", default="", help="a name for the run")
    run.add_argument("--tag", action="append", default=[], metavar="K=V", help="a tag for the run")
    run.add_argument("--note", default="", help="a note for the run")
    run.add_argument(
        "--force", action="append", nargs="?", const="", default=[], metavar="NODE",
        help="do it again, or this node, whatever earlier results there are; write it after FILE",
    )  # fmt: skip
    run.add_argument(
        "--incremental", action="store_true", help="batches work on files that are new or changed"
    )
    _add_timing(run)
    run.add_argument("--from", dest="first", metavar="NODE", help="NODE and what follows it")
    run.add_argument("--to", dest="last", metavar="NODE", help="NODE and what it needs")
    run.add_argument("--only", metavar="NODE", help="NODE alone")
    run.add_argument("--job", default="Job", choices=JOB_TYPES, help="job type of a COMMAND")
    run.add_argument("--replicas", metavar="N", help=_REPLICAS)
    run.add_argument("--instances", dest="replicas", metavar="N", help="the same as --replicas")
    run.add_argument("--code", metavar="DIR", help="a COMMAND's code (default: this folder)")
    run.add_argument("--engine", choices=ENGINES, help="where steps run (default: the settings')")
    run.add_argument("--image", metavar="IMAGE", help="image of a component or COMMAND")
    run.add_argument("--require-image", action="store_true", help="refuse to run without images")
    run.add_argument("--detach", action="store_true", help="with a server: do not wait for its end")
    run.add_argument("--priority", type=int, metavar="N", help="with a server: 1 to 9")
    run.add_argument("--private", action="store_true", help="with a server: for you and its admins")
    run.add_argument("--workspace", metavar="NAME", help="of a server (default: `default`)")
    run.add_argument("--json", action="store_true", help="end with one JSON object on one line")


def _add_timing(run: ArgumentParser) -> None:
    """The options that say when a run is."""
    run.add_argument(
        "--bizdate", metavar="DATE",
        help="business date of scheduling parameters (default: the day before --cyctime)",
    )  # fmt: skip
    run.add_argument(
        "--cyctime", metavar="TIME",
        help="their scheduled time (default: now; of a --bizdate: the midnight that ends it)",
    )  # fmt: skip
    run.add_argument("--tz", metavar="ZONE", help="zone of --cyctime (default: this machine's)")


def add_arguments(parser: ArgumentParser) -> None:
    """The options that give a run its inputs and parameters."""
    parser.add_argument(
        "-i", "--input", action="append", default=[], metavar="NAME=PATH", help="an input's data"
    )
    parser.add_argument(
        "-p", "--parameter", action="append", default=[], metavar="NAME=VALUE", help="a parameter"
    )


def _add_runs(verbs: _SubParsersAction[ArgumentParser]) -> None:
    runs = verbs.add_parser(
        "runs", help="look at runs, and end them", epilog=f"further: {', '.join(RUN_VERBS)}"
    )
    actions = runs.add_subparsers(dest="action", metavar="ACTION", required=True)
    helps = {
        "list": "the runs, newest first",
        "show": "one run: its steps, metrics and outputs",
        "logs": "what a step printed",
        "outputs": "where a run's outputs lie",
        "why": "why a step was, or was not, done again",
        "cancel": "end a run",
        "resume": "finish a run that was interrupted, failed or cancelled",
        "trial": "one trial of a sweep; only a sweep's driver asks for it",
    }
    which = "a run's id, its beginning, or `last`"
    for name, text in helps.items():
        action = actions.add_parser(name, help=text)
        if name == "trial":
            _add_trial(action)
            continue
        action.add_argument("--workspace", metavar="NAME", help="of a server")
        action.add_argument("--json", action="store_true", help="print JSON")
        if name == "list":
            action.add_argument("--limit", type=int, default=20, metavar="N", help="how many")
            action.add_argument(
                "--trials", action="store_true", help="the runs that sweeps have begun, too"
            )
            action.add_argument("--status", default="", choices=STATUSES, help="only such")
            action.add_argument("--name", default="", metavar="NAME", help="only of that name")
            action.add_argument("--creator", default="", metavar="PERSON", help="only theirs")
            action.add_argument("--tag", default="", metavar="K=V", help="only with that tag")
        elif name == "resume":
            action.add_argument("run", metavar="ID", nargs="?", help=which)
            action.add_argument("--all", action="store_true", help="every interrupted run")
            action.add_argument("--watch", action="store_true", help="with --all: for ever")
            action.add_argument("-o", "--output", metavar="DIR", help="copy its outputs there")
        else:
            what = {"logs": "ID[/STEP[/REPLICA]]", "why": "ID/STEP"}.get(name, "ID")
            action.add_argument("run", metavar=what, help=which)
        if name in ("logs", "show"):
            until = {"logs": "until the step ends", "show": "until the run is over"}[name]
            action.add_argument("-f", "--follow", action="store_true", help=until)


def _add_trial(trial: ArgumentParser) -> None:
    trial.add_argument("run", metavar="ID/STEP", help="a sweep")
    trial.add_argument("--number", type=int, metavar="N", help="1, 2, ...; none: show all")
    trial.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a value that is tried"
    )
    trial.add_argument("--metric", default="", metavar="NAME", help="what is watched")
    add_arguments(trial)


def _add_files(verbs: _SubParsersAction[ArgumentParser]) -> None:
    validate = verbs.add_parser("validate", help="check files; nothing is run")
    about = "components, pipelines or schedules"
    validate.add_argument("files", nargs="+", metavar="FILE", help=about)
    validate.add_argument(
        "--no-code", action="store_true", help="do not ask whether code folders are there"
    )
    validate.add_argument("--json", action="store_true", help="print a JSON list of faults")
    plan = verbs.add_parser("plan", help="show what would run; nothing is started")
    plan.add_argument("file", metavar="FILE", help="a component or pipeline file")
    add_arguments(plan)
    _add_timing(plan)
    plan.add_argument("--replicas", metavar="N", help=_REPLICAS)
    plan.add_argument("--json", action="store_true", help="print JSON")
    convert = verbs.add_parser("convert", help="write a component or pipeline in another dialect")
    convert.add_argument(
        "file", metavar="FILE",
        help="a component or pipeline file of any dialect, or builtin:NAME",
    )  # fmt: skip
    convert.add_argument(
        "--to",
        choices=DIALECTS,
        default="",
        help="the dialect (default of a built-in, and of what cannot run as it is: `millwork`)",
    )
    convert.add_argument("-o", "--output", metavar="FILE", help="write there, not to the terminal")
    convert.add_argument(
        "--schedule", metavar="FILE", default="", help="the pipeline's schedule, for `dataworks`"
    )
    verbs.add_parser("schema", help="print the JSON Schema of component and pipeline files")
    init = verbs.add_parser("init", help="make a folder with a first component")
    init.add_argument("folder", metavar="DIR", help="a folder that is not there yet")


def _add_secrets(verbs: _SubParsersAction[ArgumentParser]) -> None:
    secrets = verbs.add_parser("secrets", help="values that only a step's environment gets")
    actions = secrets.add_subparsers(dest="action", metavar="ACTION", required=True)
    helps = {
        "set": "keep a value, read from standard input or typed unseen",
        "list": "names, and where they come from",
        "remove": "forget a value",
    }
    for name, text in helps.items():
        action = actions.add_parser(name, help=text)
        action.add_argument("--workspace", metavar="NAME", help="of a server")
        if name == "list":
            action.add_argument("--json", action="store_true", help="print JSON")
        else:
            action.add_argument("name", metavar="NAME", help="the secret's name")


def _add_data(verbs: _SubParsersAction[ArgumentParser]) -> None:
    data = verbs.add_parser("data", help="list, fetch and bring data by URI")
    actions = data.add_subparsers(dest="action", metavar="ACTION", required=True)
    uri = "s3://BUCKET/KEY, oss:, nas:, http:, table:, odps:, dataset:NAME@VERSION"
    listed = actions.add_parser("ls", help="what lies at a URI")
    listed.add_argument("uri", metavar="URI", help=uri)
    listed.add_argument("--limit", type=int, default=1000, metavar="N", help="at most so many")
    got = actions.add_parser("get", help="fetch a file or a folder, verified")
    got.add_argument("uri", metavar="URI", help=uri)
    got.add_argument("target", nargs="?", metavar="PATH", help="a new file or an empty folder")
    put = actions.add_parser("put", help="bring a file or a folder there, whole or not at all")
    put.add_argument("source", metavar="PATH", help="a file or a folder")
    put.add_argument("uri", metavar="URI", help=uri)
    for action in (listed, got, put):
        action.add_argument("--json", action="store_true", help="print JSON")


def _add_templates(verbs: _SubParsersAction[ArgumentParser]) -> None:
    templates = verbs.add_parser("templates", help="pipelines on real data, to run and to change")
    actions = templates.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="the templates, and what each shows")
    shown = actions.add_parser("show", help="one template: what it is for, and its nodes")
    copied = actions.add_parser("copy", help="write its file, pipeline.yaml, to change it")
    for action in (shown, copied):
        action.add_argument("name", metavar="NAME", help="a template")
    copied.add_argument("folder", nargs="?", metavar="FOLDER", help="where to (default: NAME)")
    for action in (listed, shown):
        action.add_argument("--json", action="store_true", help="print JSON")


def _add_schedule(verbs: _SubParsersAction[ArgumentParser]) -> None:
    schedule = verbs.add_parser("schedule", help="when a schedule's file is due, and its values")
    actions = schedule.add_subparsers(dest="action", metavar="ACTION", required=True)
    value = actions.add_parser("eval", help="print the value of an expression at a time")
    value.add_argument("expression", metavar="EXPR", help="such as part_${yyyymmdd-1}_$[hh24]")
    value.add_argument("--cyctime", metavar="TIME", help="2024-02-29T06:00 (default: now)")
    value.add_argument("--bizdate", metavar="DATE", help="(default: the day before)")
    value.add_argument("--tz", default="UTC", metavar="ZONE", help="(default: UTC)")
    value.add_argument("--fold", type=int, choices=(0, 1), default=0,
                       help="1: the second time that a clock shows that in autumn")  # fmt: skip
    ahead = actions.add_parser("preview", help="print when a schedule is due next, and values")
    ahead.add_argument("expressions", nargs="*", metavar="FILE or EXPR",
                       help="a schedule's file; expressions to be shown in each cycle")  # fmt: skip
    ahead.add_argument("--every", help="how often (default: day)",
                       choices=("minute", "hour", "day", "week", "month", "year"))  # fmt: skip
    ahead.add_argument("--at", metavar="TIMES", help="02:30,14:30 (default: 00:00)")
    ahead.add_argument("--on", metavar="DAYS",
                       help="monday,friday of a week; 1,15,last of a month; 02-29")  # fmt: skip
    ahead.add_argument("--step", type=int, metavar="N", help="every N hours or minutes")
    ahead.add_argument("--cron", metavar="CRON", help="instead: '00 30 02 * * ?' or '30 2 * * *'")
    ahead.add_argument("--clock", choices=("once", "dataworks"),
                       help="what a changed clock does to it (default: once)")  # fmt: skip
    ahead.add_argument("--first", metavar="DATE", help="from that day on (default: today)")
    ahead.add_argument("-n", type=int, default=10, metavar="N", help="how many (default: 10)")
    ahead.add_argument("--tz", metavar="ZONE", help="(default: UTC)")
    for action in (value, ahead):
        action.add_argument("--json", action="store_true", help="print JSON")
