"""PAIFlow's manifests of pipelines, `apiVersion: core/v1`, read."""

from millwork.formats.paiflow.model import Manifest
from millwork.formats.paiflow.reader import is_manifest, read_manifest

__all__ = ["Manifest", "is_manifest", "read_manifest"]
