"""A conda environment file read as a list for pip: what Millwork builds environments from.

The file has `dependencies`: conda packages by name and version, and the lines of a `pip` list.
Conda packages that pip has too are translated, those that only a conda installation needs are
left out, and all others are refused by name (issue 4, point 6; conda's match specification).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from millwork.base.errors import InvalidFile
from millwork.base.records import dataclass, field
from millwork.spec.document import Mapping, Scalar, Sequence, parse
from millwork.spec.fields import Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from millwork.spec import model
    from millwork.spec.document import Node

_SPEC = re.compile(r"(?:[^\s:\[\]]+::)?([A-Za-z0-9_][A-Za-z0-9._-]*)\s*(.*)")
_OPERATOR = re.compile(r"\s*(==|~=|!=|>=|<=|>|<|=)?\s*(\S+)\s*")
_VERSION = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.?post\d+)?(\.?dev\d+)?(\.?\*)?")
_WITH_BUILD = re.compile(r"={0,2}\s*([^\s=<>!~,|]+)(?:=|\s+)[^\s=<>!~,|]+")
_PIP_FILE = re.compile(r"(-r|-c|--requirements?|--constraints?|-f|--find-links)[ =]*(\S.*)")
_EDITABLE = re.compile(r"(-e|--editable)[ =]+")
_LOCAL = re.compile(
    r"\.{1,2}(?=$|[/\[\s;])|[^\s;#@]*/|[^\s;#@/]+\.(?:whl|zip|tar\.gz)(?=$|[\s;\[])"
)
_KNOWN = ("name", "channels", "dependencies", "prefix")
_HOST, _NEWEST = 11, 14  # Python 3.11 is the oldest that Millwork runs on

_SAME = """
accelerate adlfs aiohttp altair azure-identity beautifulsoup4 black bokeh boto boto3 build
catboost category_encoders certifi cffi charset-normalizer click cloudpickle colorama cryptography
cython dask dask-ml datasets debugpy deepspeed dill distributed evaluate fastai fastapi
fastparquet fire flask fsspec gensim geopandas gradio grpcio gunicorn h5py huggingface_hub
hydra-core hyperopt idna imageio imbalanced-learn importlib-metadata ipykernel ipython ipywidgets
jax jinja2 joblib jsonschema jupyter jupyterlab keras lightgbm lightning lime lxml markdown
matplotlib mlflow mlflow-skinny mypy networkx nltk notebook numba numexpr numpy onnx onnxruntime
openai openpyxl optuna packaging pandas pathlib2 patsy pillow plotly polars prophet protobuf
psutil py-cpuinfo py-spy pyarrow pycocotools pydantic pyjwt pymongo pyodbc pyopenssl pyparsing
pyspark pytest pytest-cov python-dateutil python-dotenv pytorch-lightning pytz pyyaml pyzmq ray
regex requests rich ruamel.yaml s3fs sacremoses safetensors scikit-image scikit-learn
scikit-learn-intelex scipy seaborn sentence-transformers sentencepiece seqeval setuptools-git shap
six skl2onnx spacy sqlalchemy statsmodels sympy tabulate tensorboard tensorflow tensorflow-hub
tensorflow-probability textblob threadpoolctl tiktoken timm tokenizers toolz torchaudio
torchmetrics torchtext torchvision tornado tqdm transformers treelite typing-extensions
typing_extensions umap-learn urllib3 uvicorn wandb watchdog werkzeug xarray xgboost xlrd
xlsxwriter yarl zstandard
"""
_RENAMED = {
    "dask-core": "dask", "docker-py": "docker", "faiss": "faiss-cpu", "faiss-cpu": "faiss-cpu",
    "keras-gpu": "keras", "matplotlib-base": "matplotlib", "msgpack-python": "msgpack",
    "psycopg2": "psycopg2-binary", "python-graphviz": "graphviz", "python-kubernetes": "kubernetes",
    "redis-py": "redis",
    "opencv": "opencv-python-headless", "py-opencv": "opencv-python-headless",
    "py-xgboost": "xgboost", "py-xgboost-cpu": "xgboost", "pyarrow-core": "pyarrow",
    "pytables": "tables", "python-blosc": "blosc", "pytorch": "torch", "pytorch-cpu": "torch",
    "pytorch-gpu": "torch", "tensorflow-base": "tensorflow", "tensorflow-cpu": "tensorflow",
    "tensorflow-gpu": "tensorflow", "xgboost-cpu": "xgboost",
}  # fmt: skip
# What a conda installation brings along for its own programs; pip's wheels have or need none.
_FOR_CONDA_ONLY = """
_libgcc_mutex _openmp_mutex bzip2 c-ares ca-certificates conda freetype icu jpeg krb5 lcms2
ld_impl_linux-64 lerc libblas libcblas libcurl libdeflate libedit libev libffi libgcc libgcc-ng
libgfortran libgfortran-ng libgfortran5 libgomp liblapack libnghttp2 libnsl libopenblas libpng
libprotobuf libsqlite libssh2 libstdcxx libstdcxx-ng libtiff libuuid libuv libwebp libwebp-base
libxcb libxcrypt libxml2 libxslt libzlib lz4-c ncurses nodefaults nomkl openblas openjpeg openssl
pip python_abi readline setuptools snappy sqlite tk tzdata wheel xz yaml zlib zstd
"""
_LEFT_OUT = """
blas cpuonly cuda cuda-nvcc cuda-runtime cuda-toolkit cuda-version cudatoolkit cudnn intel-openmp
libmamba mamba mkl mkl-service mkl_fft mkl_random nccl pytorch-cuda pytorch-mutex tbb
"""
_PIP_NAMES = {name.replace("_", "-"): name for name in _SAME.split()} | _RENAMED
_CONDA_ONLY_NAMES = frozenset(_FOR_CONDA_ONLY.split())
_LEFT_OUT_NAMES = frozenset(_LEFT_OUT.split())


@dataclass(frozen=True)
class Conda:
    """What a conda file asks for, for pip.

    `python` is the version wanted as `3.8`, empty where the host's will do. `requirements` are
    the lines of a requirements file, their paths absolute. `refused` says of each conda package
    that pip has no known counterpart for, and `warnings` of each thing left out, what and where.
    """

    python: str = ""
    requirements: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def read_conda_text(text: str, file: str) -> Conda:
    """What the conda file `file` with this text asks for; its relative paths start at its folder.

    Raises InvalidFile with every fault and its place.
    """
    return read_conda(parse(text, file), str(Path(file).absolute().parent), file)


def read_conda(node: Node, base: str, file: str = "", path: model.Path = ()) -> Conda:
    """What a conda document asks for; its relative paths start at `base`.

    `file` and `path` say where it stands, if within another file: `environment.conda`. Raises
    InvalidFile with every fault and its place.
    """
    reader = _Reader(base, Reading(file), path)
    reader.read(node)
    if reader.reading.faults:
        raise InvalidFile(reader.reading.faults)
    return Conda(
        reader.python, tuple(reader.requirements), tuple(reader.refused), tuple(reader.warnings)
    )


@dataclass(frozen=True)
class _Part:
    """One comparison of a version: `>=1.2`, `==1.2.*`."""

    operator: str
    number: str
    starred: bool = False

    def __str__(self) -> str:
        return f"{self.operator}{self.number}{'.*' if self.starred else ''}"


@dataclass
class _Reader:
    base: str
    reading: Reading
    path: model.Path
    python: str = ""
    requirements: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def read(self, node: Node) -> None:
        self.reading.places[self.path] = node.place
        if not isinstance(node, Mapping):
            self.reading.fault(self.path, "expected a conda environment: name, dependencies")
            return
        for name, (key, value) in node.entries.items():
            if name == "dependencies":
                self._each(value, (*self.path, name), self._dependency)
            elif name not in _KNOWN:
                near = self.reading.nearest(name, _KNOWN)
                self._tell(self.warnings, key, f"'{name}' is not used here{near}")

    def _each(self, node: Node, path: model.Path, read: Callable[[Node, model.Path], None]) -> None:
        self.reading.places[path] = node.place
        if isinstance(node, Sequence):
            for index, item in enumerate(node.items):
                self.reading.places[(*path, index)] = item.place
                read(item, (*path, index))
        elif not (isinstance(node, Scalar) and node.is_null):
            self.reading.fault(path, "expected a list of packages")

    def _dependency(self, node: Node, path: model.Path) -> None:
        if isinstance(node, Scalar) and node.text.strip():
            self._package(node, path)
        elif isinstance(node, Mapping) and node.entries.keys() == {"pip"}:
            self._each(node.entries["pip"][1], (*path, "pip"), self._pip_line)
        else:
            self.reading.fault(path, "expected a package, or pip: and a list of lines")

    def _pip_line(self, node: Node, path: model.Path) -> None:
        if isinstance(node, Scalar) and node.text.strip():
            self.requirements.append(absolute_line(node.text.strip(), self.base))
        else:
            self.reading.fault(path, "expected a line of a requirements file")

    def _package(self, node: Scalar, path: model.Path) -> None:
        text = node.text.strip()
        match = _SPEC.fullmatch(text)
        if match is None:
            self.reading.fault(path, f"'{text[:60]}' is no conda package")
            return
        name, versions = match[1].lower(), _versions(match[2].strip())
        pip_name = _PIP_NAMES.get(name.replace("_", "-"))
        if name == "python":
            self._take_python(node, versions)
        elif name in _LEFT_OUT_NAMES:
            message = f"conda package '{text[:60]}' is left out: pip's packages bring their own"
            self._tell(self.warnings, node, message)
        elif pip_name and versions is None:
            self._refuse(node, "its version cannot be said to pip")
        elif pip_name:
            self.requirements.append(pip_name + ",".join(map(str, versions or ())))
        elif name not in _CONDA_ONLY_NAMES:
            self._refuse(node, "no pip package is known for it")

    def _take_python(self, node: Scalar, versions: tuple[_Part, ...] | None) -> None:
        python = None if versions is None else _python(versions)
        if python is None:
            self._refuse(node, "no Python 3 is known for it")
        else:
            self.python = python

    def _refuse(self, node: Scalar, reason: str) -> None:
        self._tell(self.refused, node, f"conda package '{node.text.strip()[:60]}': {reason}")

    def _tell(self, told: list[str], node: Scalar, message: str) -> None:
        place = f"{self.reading.file}:{node.place.line}" if self.reading.file else ""
        told.append(f"{place or f'line {node.place.line}'}: {message}")


def absolute_line(line: str, base: str) -> str:
    """A line of a requirements file with the file, folder or package it names made absolute."""
    if (match := _PIP_FILE.fullmatch(line)) is not None:
        if "://" in match[2]:
            return line
        return f"{match[1]} {_absolute(match[2], base)}"
    editable = _EDITABLE.match(line)
    head, rest = (editable[0], line[editable.end() :]) if editable else ("", line)
    if line.startswith("-") and not editable:
        return line
    if "://" in rest or "@" in rest.split("/")[0] or not _LOCAL.match(rest):
        return line
    place = re.split(r"[\s;\[#]", rest, maxsplit=1)[0]
    return head + _absolute(place, base) + rest[len(place) :]


def _absolute(path: str, base: str) -> str:
    return os.path.normpath(path if path.startswith("/") else f"{base}/{path}")


def _versions(asked: str) -> tuple[_Part, ...] | None:
    """Conda's words on a version, taken apart for pip; empty for any, None if pip has no such.

    With a build behind it (`=1.2=py38_0`) a version is exact, and the build is dropped.
    """
    if exact := _WITH_BUILD.fullmatch(asked):
        asked = f"=={exact[1]}"
    if asked.strip("= ") in ("", "*"):
        return ()
    parts = [_part(part) for part in asked.split(",")]
    known = tuple(part for part in parts if part)
    return known if len(known) == len(parts) else None


def _part(text: str) -> _Part | None:
    """`=1.2` is `==1.2.*`; a star after any other sign than that and `!=` says nothing more."""
    match = _OPERATOR.fullmatch(text)
    if match is None or not _VERSION.fullmatch(match[2]):
        return None
    operator, number = match[1] or "==", re.sub(r"\.?\*$", "", match[2])
    starred = operator == "=" or number != match[2]
    if operator == "~=" and "." not in number:
        return _Part("==", number, starred=True)
    operator = "==" if operator == "=" else operator
    return _Part(operator, number, starred and operator in ("==", "!="))


def _python(parts: tuple[_Part, ...]) -> str | None:
    """The Python to look for, as `3.8`: the host's (empty) if any is allowed, None if none is.

    A patch number is not looked at, as few machines have the very one.
    """
    allowed = [minor for minor in range(_NEWEST + 1) if all(_allows(part, minor) for part in parts)]
    if not allowed:
        return None
    if allowed[-1] == _NEWEST and _HOST in allowed:
        return ""
    return f"3.{max((minor for minor in allowed if minor <= _HOST), default=allowed[0])}"


def _allows(part: _Part, minor: int) -> bool:
    numbers = [int(number) for number in re.findall(r"\d+", part.number)[:3]]
    wanted, here = tuple(numbers[:2]), (3, minor)[: len(numbers)]
    match part.operator:
        case "==":
            return here == wanted
        case "!=":
            return here != wanted or not (part.starred or len(numbers) < 3)
        case "~=":
            return here == wanted if len(numbers) > 2 else here >= wanted and wanted[0] == 3
        case "<":
            return here < wanted or (here == wanted and len(numbers) > 2)
        case "<=":
            return here <= wanted
    return here >= wanted  # within 3.8, patches are also above 3.8
