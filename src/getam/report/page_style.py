"""This module holds the style sheet of the report, light or dark as the reader's system asks."""

LINES = (
    *("#4269d0", "#ff725c", "#3ca951", "#efb118", "#a463f2", "#6cc5b0", "#ff8ab7", "#9c6b4e"),
    *("#8c939d", "#c2185b", "#1b7f8c", "#a8b820"),
)
"""Twelve colours that are easy to tell apart on light and dark pages, the first eight best."""

PAGE = """
:root { color-scheme: light dark; --paper: #f6f7f9; --card: #ffffff; --ink: #1f2328;
  --faint: #636c76; --rule: #e1e4e8; --accent: #4269d0; --track: #edf0f4; }
@media (prefers-color-scheme: dark) { :root { --paper: #0f1217; --card: #181c23; --ink: #e6e9ee;
  --faint: #98a2ae; --rule: #2b313a; --accent: #7d9bf0; --track: #242a33; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 24px; letter-spacing: -0.01em; }
h2 { font-size: 18px; margin: 0 0 16px; }
h3 { font-size: 14px; font-weight: 600; margin: 0 0 8px; color: var(--faint); }
section { background: var(--card); border: 1px solid var(--rule); border-radius: 12px;
  padding: 24px; margin-bottom: 20px; }
.tiles { display: flex; flex-wrap: wrap; gap: 16px 48px; align-items: flex-end; }
.tile b { display: block; font-size: 22px; line-height: 1.2; font-weight: 600;
  font-variant-numeric: tabular-nums; }
.tile.big b { font-size: 56px; line-height: 1; letter-spacing: -0.02em; color: var(--accent); }
.tile span { color: var(--faint); font-size: 14px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 6px 12px; border-bottom: 1px solid var(--rule);
  white-space: nowrap; }
th { color: var(--faint); font-size: 13px; font-weight: 600; }
tr > :first-child { text-align: left; padding-left: 0; }
tbody tr:last-child > * { border-bottom: 0; }
tr.mean > * { font-weight: 600; color: var(--ink); font-size: 16px; }
td.bar { width: 45%; padding-right: 0; }
.track { height: 10px; border-radius: 5px; background: var(--track); overflow: hidden; }
.track i { display: block; height: 100%; border-radius: 5px; background: var(--accent); }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(420px, 100%), 1fr));
  gap: 28px; }
.chart { width: 100%; height: auto; display: block; }
.chart text { font-size: 11px; fill: var(--faint); }
.chart .grid { stroke: var(--rule); stroke-width: 1; }
.chart polyline { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; color: var(--faint);
  padding-left: 56px; }
.legend i { display: inline-block; width: 14px; height: 3px; border-radius: 2px;
  margin-right: 6px; vertical-align: middle; }
figure { margin: 0 0 24px; }
figure:last-child { margin-bottom: 0; }
figure img { max-width: 100%; height: auto; border-radius: 8px; border: 1px solid var(--rule);
  display: block; }
figcaption { color: var(--faint); font-size: 14px; margin-top: 8px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; margin: 0 0 20px;
  font-size: 14px; }
dl:last-child { margin-bottom: 0; }
dt { color: var(--faint); }
dd { margin: 0; font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono",
  monospace; font-size: 13px; overflow-wrap: anywhere; white-space: pre-wrap; }
@media print { section { break-inside: avoid; } body { background: none; } }
"""


def style_sheet() -> str:
    """Return the whole style sheet, including the colours of the chart lines."""
    return PAGE + line_colours()


def line_colours() -> str:
    """Return the style of the chart lines alone."""
    return "".join(
        f".chart .line{number} {{ stroke: {colour}; }} .chart .dot{number} {{ fill: {colour}; }} "
        f".key{number} {{ background: {colour}; }}\n"
        for number, colour in enumerate(LINES)
    )
