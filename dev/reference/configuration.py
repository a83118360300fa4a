"""The page of parameters and variables, from the template and both kinds of settings."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from datamesh.settings import Settings
from dev import settings
from dev.reference.markdown import as_code, render_table
from dev.template.intrinsics import load_template, read_map

TEMPLATE = Path(__file__).parents[2] / "template.yaml"

INTRODUCTION = """\
# Configuration

A stack has parameters, and `make run` reads environment variables. Most parameters have a
variable of their own. A bad value stops the start, or the deployment, with a message that names
it. Set the parameters of a stack in `parameter_overrides` of `samconfig.toml`, then deploy
([how](../operations.md#raise-limits))."""

LOCAL_VARIABLES = {
    "HOST": (
        "127.0.0.1",
        "Address to listen on. `0.0.0.0` opens API and data to your network.",
    ),
    "PORT": ("3000", "Port to listen on. 0 takes any free port."),
    "DATA_DIR": ("data", "Folder that holds the bucket."),
    "API_KEY": (
        "",
        "Key that writes need. Without it each start generates and prints one. It has at least"
        " 16 characters unless HOST is an address of this machine alone.",
    ),
    "LOG": ("0", "1 shows requests and log lines in the terminal, not only in `DATA_DIR/log`."),
    "EXAMPLES": ("1", "0 leaves a new bucket empty, without the example mesh."),
}
"""Variable -> default and meaning: what `make run` reads besides parameters of the stack."""


def render_configuration() -> str:
    """Return the page: parameters of the stack, of a local run, and of a function."""
    lines = INTRODUCTION.splitlines()
    lines += ["", "## Parameters of the stack"]
    lines += render_table(
        ("parameter", "`make run`", "default", "accepts", "meaning"), _iterate_parameter_rows()
    )
    lines += ["", "## Variables of a local run"]
    lines += render_table(
        ("variable", "default", "meaning"),
        (
            (as_code(name), as_code(default), meaning)
            for name, (default, meaning) in LOCAL_VARIABLES.items()
        ),
    )
    lines += ["", "## Environment of a function", ""]
    lines += ["The stack sets these. They matter to whoever runs a handler in another way."]
    lines += render_table(("variable", "default", "accepts"), _iterate_environment_rows())
    return "\n".join(lines) + "\n"


def _iterate_parameter_rows() -> Iterator[tuple[str, ...]]:
    for name, value in read_map(load_template(TEMPLATE)["Parameters"], "Parameters").items():
        parameter = read_map(value, name)
        variable, _ = settings.PARAMETERS.get(name, ("", None))
        yield (
            as_code(name),
            as_code(variable),
            _describe_defaults(name, parameter["Default"]),
            _describe_accepted(parameter),
            str(parameter["Description"]),
        )


def _describe_defaults(name: str, default: object) -> str:
    if local := settings.LOCAL_PARAMETERS.get(name):
        return f"{as_code(default)}; `make run`: {as_code(local)}"
    return as_code(default)


def _describe_accepted(parameter: Mapping[str, Any]) -> str:
    if values := parameter.get("AllowedValues"):
        return ", ".join(map(str, values))
    if "MinValue" in parameter:
        return f"{parameter['MinValue']:,} to {parameter['MaxValue']:,}"
    return str(parameter.get("ConstraintDescription", ""))


def _iterate_environment_rows() -> Iterator[tuple[str, ...]]:
    described = Settings.model_json_schema()["properties"]
    for name, field in Settings.model_fields.items():
        variable = name.upper()
        default = "required" if field.is_required() else as_code(_as_text(field.default))
        yield as_code(variable), default, _describe_bounds(described[variable])


def _describe_bounds(schema: Mapping[str, Any]) -> str:
    if values := schema.get("enum"):
        return ", ".join(values)
    match schema.get("minimum"), schema.get("maximum"):
        case None, None:
            return ""
        case low, None:
            return f"at least {low:,}"
        case low, high:
            return f"{low:,} to {high:,}"


def _as_text(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(map(str, value))
        case None:
            return ""
    return str(value)
