"""pydantic's errors -> the messages a person reads: key path, value, expectation, fix; all of them in one block."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from nereus.config.kinds import WRONG, Kind, figure
from nereus.config.rules import PROBLEMS, Problem
from nereus.suggest import closest

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60
_SHORT.maxlist = _SHORT.maxdict = 4
_SHORT.maxlevel = 2


def show(value: object) -> str:
    """A value as the file says it, never longer than a line."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a section"
    if isinstance(value, list) and any(isinstance(each, list | Mapping) for each in value):
        return "a list"
    if isinstance(value, float) and math.isfinite(value) and abs(value) < 1e15:
        return figure(value)
    return _SHORT.repr(value)


def block(file: str, error: ValidationError, model: type[BaseModel], *, top: str = "a section of the platform") -> str:
    """Every fault of one file as one block, in the order of the keys' appearance in the model.

    `top` says what the keys of the file's first level are.
    """
    details = error.errors(include_url=False)
    return "\n".join(f"{file}: {text}" for detail in details for text in _texts(detail, model, top))


def _texts(detail: ErrorDetails, model: type[BaseModel], top: str) -> Iterator[str]:
    loc, value = detail["loc"], detail["input"]
    path = dotted(loc)
    context: Mapping[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "problems":
            problems: list[Problem] = context[PROBLEMS]
            for problem in problems:
                where = f"{path}.{problem.path}" if path else problem.path
                yield f"{where} is {show(problem.value)}; expected {problem.expected}.\n  {problem.fix}"
        case kind if kind == WRONG:
            yield f"{path} is {show(value)}; expected {context['expected']}.\n  {context['fix']}"
        case "extra_forbidden":
            yield _unknown(loc, model, top)
        case "missing":
            yield _missing(loc, model)
        case "model_type" | "dict_type" | "mapping_type" | "model_attributes_type":
            section = _section(loc, model)
            keys = f" with keys {', '.join(section.model_fields)}" if section else " of names and values"
            required = _required(section) if section else ""
            rest = f"; {required} is required" if required else ", or remove it to take the defaults"
            yield (
                f"{path} is {show(value)}; expected a section{keys}.\n"
                f"  Indent the keys beneath `{loc[-1] if loc else path}:`{rest}."
            )
        case "invalid_key" | "string_type":
            key = loc[-1] if detail["type"] == "invalid_key" else value
            yield f"the key {show(key)} is not text; expected a name.\n  Correct or remove it."
        case "tuple_type" | "list_type":
            yield f"{path} is {show(value)}; expected a list.\n  Write each item on its own line after `- `."
        case "date_type" | "date_parsing" | "date_from_datetime_inexact" | "date_from_datetime_parsing":
            yield f"{path} is {show(value)}; expected a date.\n  Write it as year-month-day, for example 2026-11-22."
        case _:
            yield f"{path} is {show(value)}; {detail['msg'][:1].lower()}{detail['msg'][1:]}.\n  Correct or remove it."


def _missing(loc: tuple[str | int, ...], model: type[BaseModel]) -> str:
    kind, section, parent = _kind(loc, model), _section(loc, model), dotted(loc[:-1])
    if kind is None:
        keys = f" with the key {_required(section)}" if section and _required(section) else ""
        return (
            f"{dotted(loc)} is missing; expected a section{keys}.\n  Add `{loc[-1]}:` and indent its keys beneath it."
        )
    example = kind.example if isinstance(kind.example, str) else show(kind.example)
    where = f" to {parent}" if parent else ""
    return f"{dotted(loc)} is missing; expected {kind.expected}.\n  Add for example `{loc[-1]}: {example}`{where}."


def _required(section: type[BaseModel]) -> str:
    return ", ".join(name for name, field in section.model_fields.items() if field.is_required())


def _unknown(loc: tuple[str | int, ...], model: type[BaseModel], top: str) -> str:
    key, parent = str(loc[-1]), dotted(loc[:-1])
    known = list(section.model_fields) if (section := _section(loc[:-1], model)) else []
    where = f"a key of {parent}" if parent else top
    meant = closest(key, known)
    if meant is None and (elsewhere := _elsewhere(key, model)):
        fix = f"Did you mean {elsewhere}?"
    else:
        fix = f"Did you mean {meant}?" if meant else "Remove it, or correct its name."
    return f"{dotted(loc)} is not {where}; expected one of {', '.join(known)}.\n  {fix}"


def _elsewhere(key: str, model: type[BaseModel], prefix: str = "") -> str | None:
    """The full path of a key of that very name in another section."""
    for name, field in model.model_fields.items():
        if prefix and name == key:
            return prefix + name
        inner = _model_of(field.annotation)
        if inner and (found := _elsewhere(key, inner, f"{prefix}{name}.")):
            return found
    return None


def dotted(loc: tuple[str | int, ...]) -> str:
    """("usecases", 1, "name") as usecases[1].name."""
    text = ""
    for part in loc:
        if part == "[key]":
            continue
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _model_of(annotation: object) -> type[BaseModel] | None:
    """The model inside `X`, `X | None`, `tuple[X, ...]` or `Mapping[str, X]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model_of(each))), None)


def _section(loc: tuple[str | int, ...], model: type[BaseModel]) -> type[BaseModel] | None:
    """The model that validates what is at `loc`; steps of lists and mappings are passed over."""
    current: type[BaseModel] | None = model
    for part in loc:
        field = current.model_fields.get(str(part)) if current else None
        if field is not None:
            current = _model_of(field.annotation)
    return current


def _kind(loc: tuple[str | int, ...], model: type[BaseModel]) -> Kind | None:
    section = _section(loc[:-1], model)
    field = section.model_fields.get(str(loc[-1])) if section else None
    return next((each for each in field.metadata if isinstance(each, Kind)), None) if field else None
