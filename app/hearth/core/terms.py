"""The words of a question that carry its meaning, in a form that can be compared."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from typing import Any

_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"['’]s\b|s['’](?=\s|$)", re.IGNORECASE)
# Function words, and the words with which one asks a question of a paper.
_STOP_WORDS = """
    a about above after again all also am an and any are aren as at be been before being below
    between both but by can cannot could couldn did didn do document documents does doesn doing
    don down during each ever few for from further get give given go got had hadn has hasn have
    haven having he her here hers herself him himself his how i if in into is isn it its itself
    just know let letter letters like ll look may me mean means mention mentioned mentions might
    mine more most much must my myself need no nor not note notes now of off on once one only or
    other our ours ourselves out over own please re really remember remind s said same say says
    see shall she should shouldn show so some such t tell than that the their theirs them
    themselves then there these they this those through to too under until up us ve very want was
    wasn we were weren what when where which while who whom whose why will with won would wouldn
    write written wrote yes you your yours yourself yourselves
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


def words(text: str) -> list[str]:
    """The words of `text` in order: folded to lower case, without accents and possessives."""
    folded = unicodedata.normalize("NFKD", _POSSESSIVE.sub(" ", text).casefold())
    bare = "".join(mark for mark in folded if not unicodedata.combining(mark))
    return _WORD.findall(bare)


def content_words(text: str) -> list[str]:
    """The distinct words of `text` that are not mere grammar, in order."""
    kept = (word for word in words(text) if word not in STOP_WORDS)
    return list(dict.fromkeys(word for word in kept if len(word) > 1 or word.isdigit()))


def stems(text: str) -> frozenset[str]:
    """The Porter stems of the content words of `text`."""
    return stemmed(content_words(text))


def stemmed(terms: Iterable[str]) -> frozenset[str]:
    """The Porter stems of words already folded."""
    return frozenset(_stem(term) for term in terms)


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    return str(_porter().stemWord(word))


@lru_cache(maxsize=1)
def _porter() -> Any:
    # The package itself would load the rules of thirty languages, 8 MB in every pod: this one's
    # module is loaded alone, under a bare package of the same place.
    name = "snowballstemmer"
    if name not in sys.modules:
        found = find_spec(name)
        assert found is not None
        sys.modules[name] = module_from_spec(ModuleSpec(name, None, is_package=True))
        sys.modules[name].__path__ = list(found.submodule_search_locations or ())
    return import_module(f"{name}.porter_stemmer").PorterStemmer()
