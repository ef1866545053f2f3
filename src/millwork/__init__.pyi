"""The public names, for type checkers and editors; `__init__.py` imports them on first use."""

from millwork.base.errors import BadRequest as BadRequest
from millwork.base.errors import InvalidFile as InvalidFile
from millwork.base.errors import MillworkError as MillworkError
from millwork.base.errors import RunFailed as RunFailed
from millwork.base.errors import Unavailable as Unavailable
from millwork.formats.python.signature import InputPath as InputPath
from millwork.formats.python.signature import OutputPath as OutputPath
from millwork.sdk.client import Client as Client
from millwork.sdk.component import Component as Component
from millwork.sdk.component import builtin as builtin
from millwork.sdk.component import load as load
from millwork.sdk.functions import component as component
from millwork.sdk.pipelines import pipeline as pipeline
from millwork.sdk.running import Run as Run
from millwork.sdk.running import RunOptions as RunOptions
from millwork.sdk.wires import Input as Input
from millwork.sdk.wires import Node as Node
from millwork.sdk.wires import Outputs as Outputs
from millwork.sdk.wires import Wire as Wire
from millwork.sdk.wires import each as each

__version__: str
