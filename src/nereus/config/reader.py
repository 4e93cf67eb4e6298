"""platform.yaml's text -> plain mappings. Whatever is not one YAML mapping is refused with the line and the fix."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from nereus.errors import BadInput

#: A configuration is a page or two; anything larger is another file given by mistake.
LARGEST_BYTES = 1_000_000
#: Opened brackets beyond this are refused unread: the reader takes minutes for thousands.
DEEPEST = 200


def read(path: Path, *, what: str = "a platform") -> dict[object, object]:
    """The mapping that the YAML file at `path` holds. Raises BadInput for everything else."""
    content = _content(path)
    if len(content) > LARGEST_BYTES:
        raise BadInput(
            f"{path.name}: the file has more than {LARGEST_BYTES:,} bytes; expected a page or two.",
            fix="This is not a configuration: name the right file with --config.",
        )
    parsed = _parse(path.name, _decode(path.name, content))
    if parsed is None:
        raise BadInput(
            f"{path.name}: the file is empty; expected the declaration of {what}.",
            fix="The smallest platform is two lines: `data:` and, indented beneath it, `raw_tb: 1`.",
        )
    if not isinstance(parsed, dict):
        shape = "a list" if isinstance(parsed, list) else "a single value"
        raise BadInput(
            f"{path.name}: the file holds {shape}; expected sections such as `data:` with keys beneath them.",
            fix="Remove the leading `- `."
            if isinstance(parsed, list)
            else "Write `data:` and, indented beneath it, `raw_tb: 1`.",
        )
    return parsed


def _content(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            kind = "a folder" if path.is_dir() else "not a regular file"
            raise BadInput(f"{path} is {kind}; expected a YAML file.", fix="Name the file with --config PATH.")
        with path.open("rb") as file:
            return file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise BadInput(
            f"there is no file {path}",
            fix="Run this in the folder that holds platform.yaml, or name the file with --config PATH.",
        ) from None
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read: {error.strerror}.",
            fix="Give this user the right to read it, or name another file.",
        ) from None


def _decode(name: str, content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadInput(f"{name}: the file is UTF-16; expected UTF-8 text.", fix="Save it as UTF-8 in your editor.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadInput(
            f"{name}: line {line} holds the byte 0x{content[error.start]:02x}, which is not UTF-8 text.",
            fix="Save the file as UTF-8 in your editor; if it is not a text file, name the right one with --config.",
        ) from None
    for position, letter in enumerate(text):
        if ord(letter) < 32 and letter not in "\t\n\r":
            line = text.count("\n", 0, position) + 1
            raise BadInput(
                f"{name}: line {line} holds the control character 0x{ord(letter):02x}; expected a text file.",
                fix="Remove the character; if this is not a text file, name the right one with --config.",
            )
    return text


def _parse(name: str, text: str) -> object:
    yaml = YAML(typ="safe", pure=True)
    try:
        if text.count("[") - text.count("]") > DEEPEST or text.count("{") - text.count("}") > DEEPEST:
            raise RecursionError
        return yaml.load(text)
    except DuplicateKeyError as error:
        key, first = str(error.problem).split('"')[1], error.context_mark
        raise BadInput(
            f"{name}: line {_line(error)} repeats the key {key}; expected each key once in the section of line "
            f"{first.line + 1}.",
            fix="Remove one of the two, or join what is beneath them.",
        ) from None
    except MarkedYAMLError as error:
        raise BadInput(f"{name}: {_said(error, text)}", fix=_fix(error, text)) from None
    except RecursionError:
        raise BadInput(
            f"{name}: the file is nested too deeply; expected sections with keys, two or three levels.",
            fix="Look for brackets that are opened and never closed.",
        ) from None
    except (YAMLError, ValueError) as error:
        raise BadInput(
            f"{name}: the file holds an impossible date or number: {error}.", fix="Correct it, or put it in quotes."
        ) from None


def _line(error: MarkedYAMLError) -> int:
    return int(error.problem_mark.line) + 1


def _source(error: MarkedYAMLError, text: str) -> str:
    lines = text.splitlines()
    return lines[error.problem_mark.line] if error.problem_mark.line < len(lines) else ""


def _said(error: MarkedYAMLError, text: str) -> str:
    place = f"line {_line(error)}, column {error.problem_mark.column + 1}"
    if "another document" in str(error.problem):
        return f"line {_line(error)} starts a second document (`---`); expected one."
    if "\\t" in str(error.problem) or _source(error, text)[: error.problem_mark.column + 1].endswith("\t"):
        return f"{place} holds a tab; YAML is indented by spaces."
    return f"{place} is not valid YAML: {error.problem}."


def _fix(error: MarkedYAMLError, text: str) -> str:
    problem = str(error.problem)
    if "another document" in problem:
        return "Remove the line `---` and what belongs to another platform; each platform has its own file."
    if "\\t" in problem or _source(error, text)[: error.problem_mark.column + 1].endswith("\t"):
        return "Replace the tab by two spaces."
    if "mapping values are not allowed" in problem:
        return "Put the value in quotes if it holds `: `, or start a new line for the second key."
    if "constructor for the tag" in problem:
        return "Remove the `!` tag: only plain values are read."
    if "undefined alias" in problem:
        return "Put the value in quotes if it starts with `*`, or define the anchor (`&name`) before it is used."
    if "cannot start any token" in problem:
        return "Put the value in quotes."
    return "Look for a missing quote, bracket, colon or indentation on this line or the one above."
