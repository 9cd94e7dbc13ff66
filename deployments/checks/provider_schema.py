"""The schema of the AWS provider's resources that the Terraform files use, as JSON.

It is read from the bindings of CDK for Terraform, which are generated from the provider's own
schema and published on PyPI. Usage: provider_schema.py WHEEL TERRAFORM_FOLDER > schema.json
"""

import ast
import json
import re
import sys
from pathlib import Path
from zipfile import ZipFile

Schema = dict[str, object]

_META = {
    "connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioners",
}  # fmt: skip
_SCALARS = {"builtins.str": "string", "builtins.bool": "bool", "jsii.Number": "number"}
# What the bindings' Python names have to differ in.
_RENAMED = {"protocol_": "protocol", "id_": "id"}
# The bindings know no ephemeral resources; these are from the provider's documentation.
_EPHEMERAL = {
    "aws_secretsmanager_random_password": (
        {"password_length": "number", "exclude_punctuation": "bool"},
        {"random_password": "string"},
    ),
    "aws_secretsmanager_secret_version": (
        {"secret_id": "string", "version_id": "string", "version_stage": "string"},
        {"secret_string": "string", "secret_binary": "string", "arn": "string"},
    ),
}


class Bindings:
    """One module of the bindings: its classes, by name."""

    def __init__(self, source: str) -> None:
        self.classes = {
            node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)
        }

    def arguments(self, name: str) -> dict[str, tuple[str, bool]]:
        """Of a class that is given: argument -> (annotation, whether it is required)."""
        init = next(
            node
            for node in self.classes[name].body
            if isinstance(node, ast.FunctionDef) and node.name == "__init__"
        )
        pairs = zip(init.args.kwonlyargs, init.args.kw_defaults, strict=True)
        return {
            _RENAMED.get(arg.arg, arg.arg): (ast.unparse(arg.annotation or arg), default is None)
            for arg, default in pairs
            if arg.arg not in _META
        }

    def properties(self, name: str) -> dict[str, str]:
        """Of a class that is read: property -> annotation."""
        return {
            node.name: ast.unparse(node.returns)
            for node in self.classes[name].body
            if isinstance(node, ast.FunctionDef)
            and node.returns is not None
            and any(
                ast.unparse(mark).startswith("builtins.property") for mark in node.decorator_list
            )
        }

    def block(self, name: str, config: str) -> Schema:
        """Attributes and blocks of `config`; what is computed is on the class that reads it."""
        arguments = self.arguments(config)
        attributes: Schema = {}
        blocks: Schema = {}
        for argument, (annotation, required) in arguments.items():
            inner = self._class_in(annotation)
            if inner is None:
                attributes[argument] = {
                    "type": _type(annotation), "required": required, "optional": not required,
                    "computed": not required, "write_only": argument.endswith("_wo"),
                }  # fmt: skip
                if argument.endswith("_wo"):
                    attributes[argument] |= {"computed": False}  # type: ignore[operator]
            else:
                reader = f"{inner}OutputReference"
                blocks[argument] = {
                    "single": "Sequence" not in annotation,
                    "block": self.block(reader, inner),
                }
        if name in self.classes:
            for read, annotation in self.properties(name).items():
                if read not in arguments and self._is_value(read, annotation):
                    attributes[read] = {"type": self._computed_type(annotation), "computed": True}
        return {"attributes": attributes, "blocks": blocks}

    def _class_in(self, annotation: str) -> str | None:
        found = re.findall(r"\b([A-Z]\w+)\b", annotation)
        return next((name for name in found if name in self.classes), None)

    def _is_value(self, name: str, annotation: str) -> bool:
        skipped = name in {"TF_RESOURCE_TYPE", "tfResourceType", "internal_value"}
        return not (skipped or name.endswith("_input") or annotation.startswith("typing.Optional"))

    def _computed_type(self, annotation: str) -> object:
        name = annotation.strip("'\"")
        if name in self.classes:
            reader = (
                name.removesuffix("List") + "OutputReference" if name.endswith("List") else name
            )
            inner = {
                read: self._computed_type(kind)
                for read, kind in self.properties(reader).items()
                if self._is_value(read, kind)
            }
            return ["list", ["object", inner]]
        return _type(annotation)


def _type(annotation: str) -> object:
    scalar = next((kind for name, kind in _SCALARS.items() if name in annotation), "string")
    if "Mapping[" in annotation or "Map" in annotation:
        value = annotation.split(",", 1)[1] if "," in annotation else annotation
        return ["map", next((kind for name, kind in _SCALARS.items() if name in value), "string")]
    if "Sequence[" in annotation or "List[" in annotation:
        return ["list", scalar]
    if "bool" in annotation:
        return "bool"
    return scalar


def _read(wheel: ZipFile, module: str) -> Schema:
    bindings = Bindings(wheel.read(f"cdktf_cdktf_provider_aws/{module}/__init__.py").decode())
    of_base = {
        ast.unparse(base).rpartition(".")[2]: name
        for name, node in bindings.classes.items()
        for base in node.bases
    }
    reader = of_base.get("TerraformResource") or of_base["TerraformDataSource"]
    return bindings.block(reader, of_base["TerraformMetaArguments"])


def schema(wheel_file: Path, terraform: Path) -> Schema:
    """Of every resource and data source below `terraform`; KeyError where there is none such."""
    text = "\n".join(file.read_text() for file in terraform.rglob("*.tf"))
    resources = sorted(set(re.findall(r'^resource "(aws_\w+)"', text, re.MULTILINE)))
    data = sorted(set(re.findall(r'^data "(aws_\w+)"', text, re.MULTILINE)))
    with ZipFile(wheel_file) as wheel:
        return {
            "provider": {
                "attributes": {
                    "region": {"type": "string", "optional": True},
                    "allowed_account_ids": {"type": ["list", "string"], "optional": True},
                },
                "blocks": {
                    "default_tags": {
                        "single": True,
                        "block": {
                            "attributes": {"tags": {"type": ["map", "string"], "optional": True}}
                        },
                    }
                },
            },
            "resources": {kind: _read(wheel, kind.removeprefix("aws_")) for kind in resources},
            "data": {kind: _read(wheel, f"data_{kind}") for kind in data},
            "ephemeral": {
                kind: {
                    "attributes": {
                        **{name: {"type": of, "optional": True} for name, of in given.items()},
                        **{name: {"type": of, "computed": True} for name, of in read.items()},
                    }
                }
                for kind, (given, read) in _EPHEMERAL.items()
            },
        }


if __name__ == "__main__":
    json.dump(schema(Path(sys.argv[1]), Path(sys.argv[2])), sys.stdout, indent=1)
