"""What scripts of AzureML ask of `azureml.core`, without a workspace.

Metrics go to the file that `MILLWORK_METRICS` names; files go to `./outputs`, which becomes the
step's output `artifacts`. What needs a workspace raises NotHere.
"""

from .run import NotHere, Run

__all__ = ["Dataset", "Datastore", "Environment", "Experiment", "Model", "NotHere", "Run"]
__all__ += ["ScriptRunConfig", "Workspace"]


class _Absent(type):
    """A class of which nothing can be used."""

    def __getattr__(cls, name):
        raise NotHere("azureml.core.{}.{}".format(cls.__name__, name))

    def __call__(cls, *_, **__):
        raise NotHere("azureml.core.{}".format(cls.__name__))


Dataset = _Absent("Dataset", (), {})
Datastore = _Absent("Datastore", (), {})
Environment = _Absent("Environment", (), {})
Experiment = _Absent("Experiment", (), {})
Model = _Absent("Model", (), {})
ScriptRunConfig = _Absent("ScriptRunConfig", (), {})
Workspace = _Absent("Workspace", (), {})
