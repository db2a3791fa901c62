"""This module finds which optional parts (extras) of the package are installed."""

import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires, version

from getam.doctor.fact import Fact

FOR_WORK_ON_GETAM = ("all", "dev", "docs", "bench", "examples")
"""These extras serve the work on getam and its examples: no command needs them."""

_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def extras() -> Fact:
    """Return the extras that serve users, each with its packages that are missing."""
    missing = {
        extra: [name for name in names if not is_installed(name)]
        for extra, names in packages_of_extras(requires("getam") or ()).items()
        if extra not in FOR_WORK_ON_GETAM
    }
    shown = (
        f"{extra}: {'missing ' + ', '.join(names) if names else 'installed'}"
        for extra, names in missing.items()
    )
    absent = [extra for extra, names in missing.items() if names]
    command = f'pip install "getam[{",".join(absent)}]"'
    meaning = (
        f"Commands that need the missing ones stop with a message until you run {command}."
        if absent
        else ""
    )
    return Fact("extras", "; ".join(shown) or "none", meaning)


def packages_of_extras(requirements: Iterable[str]) -> dict[str, list[str]]:
    """Return the packages of every extra, from the requirements in a package's metadata.

    Examples
    --------
    >>> packages_of_extras(['torch>=2.6', 'gradio>=5; extra == "web"'])
    {'web': ['gradio']}
    """
    found: dict[str, list[str]] = {}
    for requirement in requirements:
        extra, name = _EXTRA.search(requirement), _NAME.match(requirement)
        if extra and name:
            found.setdefault(extra[1], []).append(name[0])
    return found


def is_installed(package: str) -> bool:
    """Return whether a package is installed, by the name that pip knows it by."""
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True
