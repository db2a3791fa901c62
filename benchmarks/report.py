"""Write the tables of docs/benchmarks.md from latest.json: python benchmarks/report.py [--check].

``benchmarks/run.py`` writes ``benchmarks/results/latest.json``; nothing is measured here.
"""

import sys
from typing import Any

from rows import read_rows
from timing import ROOT, Row

PAGE = ROOT / "docs" / "benchmarks.md"
RESULTS = ROOT / "benchmarks" / "results" / "latest.json"


def table(rows: list[Row]) -> str:
    """Markdown; a column per key in the order in which keys appear."""
    columns = list(dict.fromkeys(key for line in rows for key in line))
    lines = [columns, ["---"] * len(columns)]
    lines += [[str(line.get(column, "")) for column in columns] for line in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def targets(rows: list[Row]) -> str:
    """The rows that have a target."""
    return table(
        [
            {
                "what": line["name"],
                "ratio": f"{line['ratio']:.3g}",
                "target": f"{'≥' if line.get('at_least') else '≤'} {line['target']:g}",
                "met": "yes" if line["met"] else "**no**",
                "measured": absolute(line),
            }
            for line in rows
        ]
    )


def absolute(line: Row) -> str:
    """Seconds or megabytes of ours and the other side."""
    known = [(key, line[key]) for key in line if key.endswith(("seconds", "megabytes"))]
    units = {"seconds": "s", "megabytes": "MB"}
    return " : ".join(f"{value:.3g} {units[key.split('_')[-1]]}" for key, value in known)


def written(page: str, name: str, text: str) -> str:
    """The page with the part between its two marks replaced.

    Raises
    ------
    ValueError
        If the page has no such marks.
    """
    begin, end = f"<!-- {name}: written by benchmarks/report.py -->", f"<!-- end of {name} -->"
    if begin not in page or end not in page:
        raise ValueError(f"{PAGE.name} has no marks of {name}: put back {begin} and {end}")
    return page.split(begin)[0] + f"{begin}\n\n{text}\n\n{end}" + page.split(end)[1]


def conditions(results: dict[str, Any]) -> str:
    """Write what every subject was measured on, a line each."""
    shown = ((subject, kept["conditions"]) for subject, kept in results.items())
    return table([{"subject": subject, **known} for subject, known in shown])


def filled(page: str) -> str:
    """The page with every marked part made anew from the kept results."""
    results = read_rows(RESULTS)
    parts = {"conditions": conditions(results)}
    for subject, kept in results.items():
        parts |= {f"{subject} rows": targets(kept["rows"])} if kept["rows"] else {}
        parts |= {name: table(lines) for name, lines in kept["tables"].items()}
    for name, text in parts.items():
        page = written(page, name, text)
    return page


def main() -> None:
    """Fill every marked part, or say that the page differs."""
    page = PAGE.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        same = filled(page) == page
        raise SystemExit(0 if same else f"run python benchmarks/report.py: {PAGE.name} differs")
    PAGE.write_text(filled(page), encoding="utf-8")


if __name__ == "__main__":
    main()
