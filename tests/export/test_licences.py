"""Licences: read from what parts state, with care, and held against what a recipe allows."""

from __future__ import annotations

import pytest

from drawn import ROOT
from proctor_models.config import OPEN_LICENCES, load_recipe
from proctor_models.errors import PackError
from proctor_models.export.licences import (
    RUNTIME_PACKAGES,
    Part,
    check_licences,
    is_allowed,
    own_parts,
    package_licence,
    read_licence,
)
from stages import recipe

# What the collections of our frames state, word for word.
STATED = (
    "CC0-1.0 (anny 0.6.2) and MIT (openpeople 0.1.2)",
    "CC BY 4.0 (Roboflow aihat/headphones-moskk)",
    "CC BY 4.0 (Roboflow airpods-7mme5)",
    "CC BY 4.0 (Roboflow detection-necem)",
    "CC BY 4.0 (Roboflow export)",
    "CC BY 4.0 (Roboflow); stock photos",
    "MIT (repo) + cut-outs of julianvazq/headphones-ecommerce (none stated)",
    "MIT (repo); Bing/Kaggle/RMFD photos",
    "MIT (repo); Kaggle face-mask-detection CC0",
    "MIT (repo); Places365 photos",
    "none stated",
    "none stated; merged Roboflow sets",
)


@pytest.mark.parametrize(
    ("stated", "expression", "words"),
    [
        ("MIT", "MIT", ()),
        ("mit", "MIT", ()),
        ("AGPL-3.0", "AGPL-3.0-only", ()),
        ("Apache 2.0", "Apache-2.0", ()),
        ("CC0-1.0 OR Apache-2.0", "CC0-1.0 OR Apache-2.0", ()),
        ("MIT; CC0-1.0 OR Apache-2.0", "MIT AND (CC0-1.0 OR Apache-2.0)", ()),
        ("MIT + MIT", "MIT", ()),
        ("CC0-1.0 (anny 0.6.2) and MIT (openpeople 0.1.2)", "CC0-1.0 AND MIT", ()),
        ("CC BY 4.0 (Roboflow); stock photos", "CC-BY-4.0", ("stock photos",)),
        ("MIT (repo); Kaggle face-mask-detection CC0", "MIT AND CC0-1.0", ()),
        ("MIT (repo) + cut-outs of someone (none stated)", "MIT", ("none stated",)),
        ("none stated; merged sets", "", ("none stated", "merged sets")),
        ("", "", ("none stated",)),
        ("not MIT", "", ("not MIT",)),
        ("CC BY-NC 4.0", "", ("CC BY-NC 4.0",)),
        ("MIT-like", "", ("MIT-like",)),
        ("free for research (MIT)", "", ("free for research (MIT)",)),
    ],
)
def test_read_licence__what_is_said_and_no_more(stated: str, expression: str, words: tuple[str, ...]) -> None:
    found = read_licence(stated)
    assert (found.stated, found.expression, found.words) == (stated, expression, words)


@pytest.mark.parametrize(
    ("stated", "allowed", "expected"),
    [
        ("MIT", ["mit"], True),
        ("MIT OR GPL-3.0-only", ["MIT"], True),
        ("MIT AND GPL-3.0-only", ["MIT"], False),
        ("MIT AND GPL-3.0-only", ["MIT", "GPL-3.0-only"], True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ["GPL-2.0-only"], False),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ["GPL-2.0-only WITH Classpath-exception-2.0"], True),
        ("MIT AND (Apache-2.0 OR GPL-3.0-only)", ["MIT", "Apache-2.0"], True),
        ("MIT; stock photos", ["MIT"], False),
        ("MIT; stock photos", ["MIT", "Stock Photos"], True),
        ("stock photos", ["stock photos"], True),
        ("none stated", ["MIT"], False),
        ("", ["MIT"], False),
        ("unknown", ["none stated"], True),
    ],
)
def test_is_allowed__every_statement_must_be(stated: str, allowed: list[str], expected: bool) -> None:
    assert is_allowed(read_licence(stated), allowed) is expected


def test_own_parts__are_open_licences() -> None:
    parts = own_parts(recipe())
    assert {f"package {name}" for name in RUNTIME_PACKAGES} <= {part.name for part in parts}
    check_licences(parts, recipe())


def test_package_licence__names_what_a_wheel_bundles() -> None:
    assert package_licence("opencv-python-headless").expression == "Apache-2.0 AND LGPL-2.1-or-later"


@pytest.mark.parametrize("name", ["evaluation", "evaluation-swapped", "release"])
def test_check_licences__recipes_of_real_frames_say_what_they_accept(name: str) -> None:
    parts = [Part(stated, read_licence(stated)) for stated in STATED]
    check_licences(parts, load_recipe(ROOT / "configs" / f"{name}.yaml"))


def test_check_licences__names_part_licence_and_remedy() -> None:
    parts = [Part("frames of a", read_licence("MIT")), Part("frames of b", read_licence("none stated"))]
    with pytest.raises(PackError, match=r"recipe 'demo' allows AGPL-3\.0-or-later, .*; got frames of b: 'none stated'"):
        check_licences(parts, recipe())
    check_licences(parts, recipe(allowed_licences=["MIT", "none stated"]))
    with pytest.raises(PackError, match="got frames of a: 'MIT'; leave the part out"):
        check_licences(parts[:1], recipe(allowed_licences=["CC0-1.0"]))


def test_open_licences__hold_no_words() -> None:
    assert [text for text in OPEN_LICENCES if read_licence(text).expression != text] == []
