"""The portal's texts in every language: one catalogue (YAML) each, with its forms of numbers, dates and sizes.

t = language.of("fr")
t("cost.horizon", years=5), t.number(1234.5, ",.1f"), t.said("3 machines bought")

A text names its values as `str.format` does. Beside Python's own forms, dates know `date`, `minute`, `second` and
`month`, and sizes in bytes `size`. What the model says in English (reasons, verdicts) is not written twice: the other
catalogues translate it sentence by sentence, under `said`, where {n_x} stands for a number and {x} for anything.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from ruamel.yaml import YAML

from nereus.insight.holdings import readable

#: The first is the language of the model's own sentences.
CODES = ("en", "fr")
_MOMENTS = ("date", "minute", "second", "month")
_PLACE = re.compile(r"\{(\w+)\}")
_ISO = re.compile(r"\b(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d)?)?")
_NUMBER = re.compile(r"(?<![\w.,])-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w.]*\.\d)%?")
#: So many words make a sentence: with its numbers alone translated it would be in neither language.
_SENTENCE = 3
_WORD = re.compile(r"(?<![\w.-])[a-z]{2,}(?![\w-])")
_UNIT = re.compile(r"(?<=\d )(TB|GB|MB|kB|B|cores)\b")


class _Formatter(string.Formatter):
    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 - as the base class
        return self._language.number(value, format_spec)


@dataclass(frozen=True)
class Language:
    """One catalogue. `texts` by dotted key; `_patterns` are sentences of the model with their translations."""

    code: str
    texts: Mapping[str, str]
    _patterns: Sequence[tuple[re.Pattern[str], str]] = field(default=(), repr=False)
    _sentences: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __call__(self, key: str, **values: object) -> str:
        """The text of that key with its values in place. Raises KeyError for a text that nobody wrote."""
        text = self.texts[key]
        return _Formatter(self).vformat(text, (), values) if values else text

    def number(self, value: object, form: str = "") -> str:
        """A number, date or anything else in the form of this language. `form` as in f-strings."""
        match value:
            case datetime() | date() if form in _MOMENTS:
                return value.strftime(self.texts[f"formats.{form}"])
            case int() | float() if form == "size":
                return self._units(self._localised(readable(value)))
            case bool():
                return str(value)
            case int() | float():
                return self._localised(format(value, form))
        return format(value, form) if form not in _MOMENTS else str(value)

    def unit(self, name: str) -> str:
        """The unit as it is written in this language: TB is To in French."""
        return self.texts.get(f"units.{name}", name)

    def said(self, sentence: str) -> str:
        """A sentence of the model in this language; its own words where nobody translated it."""
        found = self._translated(sentence)
        return self._plain(sentence) if found is None else found

    def knows(self, sentence: str) -> bool:
        """Whether `said` has a translation of the sentence."""
        return not self._patterns or self._translated(sentence) is not None

    def _translated(self, sentence: str) -> str | None:
        exact = self._sentences.get(sentence)
        if exact is not None:
            return exact
        for pattern, text in self._patterns:
            if found := pattern.fullmatch(sentence):
                return text.format(**{name: self.said(value) for name, value in found.groupdict("").items()})
        return None

    def _plain(self, text: str) -> str:
        """Numbers, dates and units of a text in the forms of this language; a sentence stays as it is."""
        if not self._patterns or len(_WORD.findall(_UNIT.sub("", text))) >= _SENTENCE:
            return text

        def moment(found: re.Match[str]) -> str:
            try:
                at = datetime.fromisoformat(found[0])
            except ValueError:
                return found[0]
            return self.number(at, "second" if found[3] else "minute" if found[2] else "date")

        # Dates first: their own digits are left alone, as no thousands stand in them.
        return self._units(_NUMBER.sub(lambda found: self._localised(found[0]), _ISO.sub(moment, text)))

    def _localised(self, text: str) -> str:
        signs = {",": self.texts["formats.thousands"], ".": self.texts["formats.decimal"]}
        signs["%"] = self.texts["formats.percent"]
        return "".join(signs.get(sign, sign) for sign in text)

    def _units(self, text: str) -> str:
        return _UNIT.sub(lambda found: self.unit(found[0]), text)


@lru_cache
def of(code: str) -> Language:
    """The catalogue of one language. Raises KeyError for a language that has none."""
    if code not in CODES:
        raise KeyError(code)
    content = YAML(typ="safe", pure=True).load(files(__package__).joinpath(f"{code}.yaml").read_text("utf-8"))
    said = content.pop("said", None) or {}
    # The more literal text a pattern has, the surer it is.
    ordered = sorted(said.items(), key=lambda pair: -len(_PLACE.sub("", pair[0])))
    return Language(
        code,
        MappingProxyType(dict(_flat(content))),
        tuple((_pattern(text), meaning) for text, meaning in ordered if _PLACE.search(text)),
        {text: meaning for text, meaning in ordered if not _PLACE.search(text)},
    )


def chosen(asked: str | None, locale: str | None) -> str:
    """The language of an address, or else of a browser, as far as there is a catalogue of it."""
    for wish in (asked, locale):
        if wish and (short := wish.lower()[:2]) in CODES:
            return short
    return CODES[0]


def _flat(content: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", str(value)


def _pattern(text: str) -> re.Pattern[str]:
    parts = _PLACE.split(text)
    return re.compile("".join(_group(part) if number % 2 else re.escape(part) for number, part in enumerate(parts)))


def _group(name: str) -> str:
    """What stands for a value; a name that begins with ``n_`` lets numbers alone through."""
    return f"(?P<{name}>{r'-?[0-9][0-9.,]*' if name.startswith('n_') else '.+?'})"
