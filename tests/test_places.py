"""Places below the output folder: for every list of names there can be."""

import re
import unicodedata
from pathlib import Path, PureWindowsPath
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from getam.places import (
    LONGEST_CLASS,
    LONGEST_PART,
    class_parts,
    folded,
    place_below,
    places,
    without_suffix,
)

PARTS = st.one_of(
    st.sampled_from(
        [
            "..",
            ".",
            "",
            "a",
            "A",
            "b",
            "1",
            "1-2",
            "1.png",
            "x.PNG",
            "con",
            "NUL.txt",
            "é",
            "e\u0301",
        ]
    ),
    st.sampled_from(
        ["C:", "s3:", "a.", "b ", "ß", "SS", "İ", "i\u0307", "\ud800", "w" * 200, "?", "*"]
    ),
    st.text(max_size=6),
)
NAMES = st.builds(
    lambda start, parts, slash, end: start + slash.join(parts) + end,
    st.sampled_from(["", "", "/", "../", "s3://", "C:\\", "\\\\server\\"]),
    st.lists(PARTS, max_size=5),
    st.sampled_from(["/", "/", "\\"]),
    st.sampled_from(["", ".png", ".jpg", ".JPG", ".txt"]),
)
LISTS = st.lists(NAMES, max_size=12)
DEVICES = ("con", "prn", "aux", "nul")  # of Windows
GOOD = st.from_regex(r"[a-z]{1,3}(/[a-z]{1,3}){0,2}", fullmatch=True).filter(
    lambda name: not {*DEVICES} & {*name.split("/")}
)


def is_valid(part: str) -> bool:
    """Say whether Windows, macOS and Linux all take a name for a file; the slow, plain rules."""
    reserved = PureWindowsPath(part).is_reserved() or part.rstrip(" .") != part
    forbidden = any(c in '<>:"/\\|?*' or unicodedata.category(c) in ("Cc", "Cs") for c in part)
    short = 0 < len(part.encode()) <= 200
    return short and not reserved and not forbidden and unicodedata.is_normalized("NFC", part)


def same_when_case_is_ignored(a: str, b: str) -> bool:
    """Compare as file systems do, one way after the other."""
    forms = (str.lower, str.upper, str.casefold, lambda text: unicodedata.normalize("NFD", text))
    return any(form(a) == form(b) for form in forms)


def all_different(texts: list[str]) -> bool:
    return not any(
        same_when_case_is_ignored(a, b) for i, a in enumerate(texts) for b in texts[i + 1 :]
    )


@given(LISTS, st.none() | NAMES)
@example(["a", "A", "a-2"], None)
@example(["..jpg", "...", "../.."], None)
@example(["a.png/1.png", "a.png"], None)
@example(["ı.png", "I.png"], None)  # one upper case, two lower ones
def test_any_list_has_its_places_below_the_folder(names: list[str], root: str | None) -> None:
    made = places(names, root=root)
    assert len(made) == len(names)
    assert all(is_valid(part) for place in made for part in place.split("/"))
    assert all_different(made)
    assert made == places(names, root=root)


@given(LISTS, st.none() | NAMES, st.randoms())
@example(["1.jpg", "1.png", "x/../1.png"], None, Random(0))
def test_the_order_of_the_list_does_not_matter(names, root, random) -> None:
    names = list(dict.fromkeys(names))
    expected = dict(zip(names, places(names, root=root), strict=True))
    random.shuffle(names)
    assert dict(zip(names, places(names, root=root), strict=True)) == expected


@given(LISTS, st.none() | NAMES)
def test_places_are_good_names(names: list[str], root: str | None) -> None:
    made = places(names, root=root)
    assert places([f"{place}.jpg" for place in made], root="") == made
    for place in made:
        assert place_below(Path("out"), place, ".png") == Path("out") / f"{place}.png"


@given(st.lists(GOOD, unique_by=folded, min_size=1), LISTS)
def test_good_names_below_the_root_stay(good: list[str], others: list[str]) -> None:
    inside = [f"/photos/{i}/{other.replace('..', '')}" for i, other in enumerate(others)]
    names = [*(f"/photos/{name}.png" for name in good), *inside]
    assert places(names, root="/photos")[: len(good)] == good


@given(LISTS, st.sampled_from(["png", "jpg", "npz"]))
@example(["a.png/1.png", "a.png"], "png")
@example(["A.JPG /1.png", "a.png"], "jpg")
def test_no_file_is_the_folder_of_another(names: list[str], ending: str) -> None:
    files = {folded(f"{place}.{ending}") for place in places(names)}
    folders = {folded(place).rpartition("/")[0] for place in places(names)}
    assert not files & folders


@given(st.lists(st.text(max_size=80), max_size=12))
def test_any_classes_have_their_parts(names: list[str]) -> None:
    made = class_parts(names)
    assert all(is_valid(part) and "." not in part for part in made)
    assert all(len(part.encode()) <= LONGEST_CLASS for part in made)
    assert all_different(made)


GOOD_CLASS = st.from_regex(r"[a-zäß狗 '()+#-]{1,9}[a-z]", fullmatch=True).filter(
    lambda name: name not in DEVICES
)


@given(st.lists(GOOD_CLASS, unique_by=folded))
def test_good_classes_stay(names: list[str]) -> None:
    assert class_parts(names) == [unicodedata.normalize("NFC", name) for name in names]


@given(st.lists(NAMES, max_size=5), st.lists(st.text(max_size=5), max_size=5))
def test_overlays_of_photos_and_classes_never_meet(names: list[str], classes: list[str]) -> None:
    ids = places([*names, *(f"{name}.{label}.png" for name in names for label in classes)])
    files = [f"{place}.{part}.jpg" for place in ids for part in class_parts(classes)]
    assert all_different(files)


@pytest.mark.parametrize(
    ("names", "root", "expected"),
    [
        (["../photos/a/1.png", "../photos/b/1.png"], None, ["a/1", "b/1"]),
        (["/photos/cat/1.jpg"], "/photos", ["cat/1"]),
        (["/photos/cat/1.jpg"], None, ["1"]),
        (["/photos/cat/1.jpg", "/other/2.jpg"], "/photos", ["photos/cat/1", "other/2"]),
        (["s3://bucket/a/1.jpg", "s3://bucket/b/../b/2.jpg"], None, ["a/1", "b/2"]),
        (["C:\\photos\\a\\1.jpg", "C:\\photos\\2.JPG"], None, ["a/1", "2"]),
        (["a/1.png", "a/1.jpg", "a/1-2.png"], "", ["a/1-3", "a/1", "a/1-2"]),
        (["Ä.png", "A\u0308.jpg"], None, ["Ä", "Ä-2"]),
        (["it's a cat.v2.png", "what?.png"], None, ["it's a cat.v2", "what_"]),
        (["con.png", "aux.b/nul.png"], None, ["con_", "aux_.b/nul_"]),
        (["a. /b..png", "c"], None, ["a/b", "c"]),
        (["../../x.png", "y.png"], None, ["x", "y"]),
        (["a/1.png", "../../a/2.png"], None, ["a/1", "a/2"]),  # two folders, both named a
        (["/../a/1.png", "/a/2.png"], None, ["1", "2"]),  # nothing is above the root
        (["C:/../a/1.png", "C:\\a\\2.png"], None, ["1", "2"]),
        (["", "/", ".."], None, ["_", "_-3", "_-2"]),
        ([], None, []),
    ],
)
def test_known_places(names: list[str], root: str | None, expected: list[str]) -> None:
    assert places(names, root=root) == expected


def test_long_names_are_cut_and_stay_apart() -> None:
    first, second, third = places([f"{'ü' * 150}{end}.jpg" for end in ("a", "b", "B")])
    assert re.fullmatch(r"ü+-[0-9a-f]{8}", first)
    assert len({first, second, third}) == 3
    assert len(third.encode()) <= LONGEST_PART
    assert places(["x" * LONGEST_PART + ".png"]) == ["x" * LONGEST_PART]


def test_many_photos_of_one_name() -> None:
    made = places([f"{'a?'}{'.jpg' if i else '.png'}" for i in range(3000)])
    assert sorted(made, key=lambda name: (len(name), name))[:3] == ["a_", "a_-2", "a_-3"]
    assert len(set(made)) == 3000


def test_class_names() -> None:
    assert class_parts(["x/../../evil", "car/truck", "St. Bernard"]) == [
        "x_evil",
        "car_truck",
        "St_ Bernard",
    ]
    assert class_parts(["cat", "Cat", "", ".", "狗"]) == ["cat-2", "Cat", "_", "_-2", "狗"]


@pytest.mark.parametrize(
    "wrong", ["../a", "/a", "a//b", "", ".", "a/../b", "C:/a", "a\\b", "con", "a."]
)
def test_an_id_that_is_no_place_is_refused(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^the id .* cannot name a file below .*$"):
        place_below(tmp_path, wrong, ".png")


def test_endings() -> None:
    assert [without_suffix(name) for name in ("a.b.png", "a.b", ".png")] == ["a.b", "a.b", ".png"]
