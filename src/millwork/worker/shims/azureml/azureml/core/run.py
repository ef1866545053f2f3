"""`Run`: the context of the step that is running."""

import json
import os
import shutil


class NotHere(RuntimeError):
    """Something was asked for that only an AzureML workspace has."""

    def __init__(self, name):
        super().__init__(
            "{} needs an AzureML workspace, and this step does not run in one; "
            "give data as inputs, and models as outputs of the component".format(name)
        )


class Run:
    """The step that is running: logs metrics and keeps files."""

    def __init__(self, run_id=None):
        self.id = run_id or os.environ.get("AZUREML_RUN_ID", "local")
        self.experiment = _Experiment(os.environ.get("AZUREML_EXPERIMENT_NAME", ""))
        self.tags = {}
        self.properties = {}

    @classmethod
    def get_context(cls, allow_offline=True):
        """The running step; `allow_offline` is as in AzureML and makes no difference."""
        del allow_offline
        return cls()

    @property
    def parent(self):
        """The run that the step belongs to."""
        return Run(os.environ.get("AZUREML_ROOT_RUN_ID"))

    @property
    def number(self):
        """AzureML counts runs; here there is one."""
        return 1

    def log(self, name, value, description="", step=None):
        """Logs a number, the last value of which is the step's metric; other values are ignored."""
        del description
        try:
            line = json.dumps({"name": str(name), "value": float(value), "step": step})
        except (TypeError, ValueError):
            return
        place = os.environ.get("MILLWORK_METRICS")
        if place:
            with open(place, "a", encoding="utf-8") as file:
                file.write(line + "\n")

    def log_list(self, name, value, description=""):
        """Logs each number of a list in turn."""
        for step, item in enumerate(value):
            self.log(name, item, description, step)

    def log_row(self, name, description=None, **values):
        """Logs each value of a row as `name.column`."""
        for column, value in values.items():
            self.log("{}.{}".format(name, column), value, description)

    def log_table(self, name, value, description=""):
        """Logs each column of a table as a list."""
        for column, values in value.items():
            self.log_list("{}.{}".format(name, column), values, description)

    def log_image(self, name, path=None, plot=None, description=""):
        """Keeps a picture, from a file or from matplotlib, below `./outputs`."""
        del description
        if plot is not None:
            os.makedirs("outputs", exist_ok=True)
            plot.savefig(os.path.join("outputs", "{}.png".format(name)))
        elif path is not None:
            self.upload_file(os.path.basename(path), path)

    def upload_file(self, name, path_or_stream, **_):
        """Copies a file below `./outputs`, which the step leaves as its output `artifacts`."""
        target = name if name.startswith("outputs/") else os.path.join("outputs", name)
        if os.path.abspath(str(path_or_stream)) == os.path.abspath(target):
            return
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(str(path_or_stream), target)

    def upload_folder(self, name, path, **_):
        """Copies the files of a folder below `./outputs`."""
        for folder, _, files in os.walk(path):
            for file in files:
                source = os.path.join(folder, file)
                self.upload_file(os.path.join(name, os.path.relpath(source, path)), source)

    def tag(self, key, value=None):
        """Notes a tag for this object."""
        self.tags[key] = value

    def set_tags(self, tags):
        """Notes tags for this object."""
        self.tags.update(tags)

    def add_properties(self, properties):
        """Notes properties for this object."""
        self.properties.update(properties)

    def get_metrics(self):
        """The metrics logged so far."""
        place = os.environ.get("MILLWORK_METRICS", "")
        if not os.path.exists(place):
            return {}
        with open(place, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        return {row["name"]: row["value"] for row in rows}

    def get_details(self):
        """What is known of the step."""
        return {"runId": self.id, "status": "Running"}

    def flush(self, timeout_seconds=300):
        """Everything is written at once."""

    def complete(self):
        """The step's exit code says how it ended."""

    def fail(self, error_details=None, error_code=None):
        """The step's exit code says how it ended; the details go to its log."""
        print("run.fail: {} {}".format(error_code or "", error_details or ""), flush=True)

    def register_model(self, model_name, model_path=None, **_):
        """There is no registry here; the files are kept as the output `artifacts` if they are in
        `./outputs`."""
        print("model {} stays in {}".format(model_name, model_path), flush=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotHere("Run.{}".format(name))


class _Experiment:
    """The experiment's name, and no workspace."""

    def __init__(self, name):
        self.name = name

    @property
    def workspace(self):
        """There is none."""
        raise NotHere("run.experiment.workspace")
