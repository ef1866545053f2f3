"""The first component that `millwork init` writes."""

from __future__ import annotations

FILES = {
    "component.yaml": """\
apiVersion: millwork/v1
kind: Component
name: my-first-component
version: 1.0.0
description: Greets somebody, and keeps the greeting.
command: python main.py $PAI_USER_ARGS --greeting $PAI_OUTPUT_GREETING
outputs:
  greeting: {type: folder, description: Holds greeting.txt}
parameters:
  name: {type: String, default: world, description: Who is greeted}
""",
    "main.py": """\
\"\"\"Greets somebody, and keeps the greeting.\"\"\"

import argparse
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--name", required=True)
parser.add_argument("--greeting", type=Path, required=True)
args = parser.parse_args()

text = f"Hello, {args.name}!"
print(text)
(args.greeting / "greeting.txt").write_text(text + "\\n")
""",
}
