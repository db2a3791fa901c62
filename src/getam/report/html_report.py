"""This module writes the report of a run as one HTML file, without scripts or other files."""

import base64
import io
import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from PIL import Image

from getam.evaluation import Scores, StageScores
from getam.files import whole_file
from getam.report.line_chart import Points, line_chart
from getam.report.page_style import style_sheet


def write_html(
    path: str | Path,
    *,
    title: str,
    scores: Scores | StageScores | None = None,
    pictures: Mapping[str, Image.Image | str | Path] | None = None,
    facts: Mapping[str, Mapping[str, object]] | None = None,
    curves: Mapping[str, Mapping[str, Points]] | None = None,
) -> None:
    """Write the report, whole or not at all.

    Parameters
    ----------
    path
        The HTML file. Its folder is made if it is missing.
    title
        Heading of the page.
    scores
        The scores for the headline and the table of classes. If they are `StageScores`, these show
        the last stage, and a table of all stages and curves over the thresholds follow.
    pictures
        Pictures, or paths of image files, by their captions. They are stored in the page.
    facts
        Names and values such as command, settings and versions, by heading.
    curves
        The lines of one chart by its heading: points (step, value) by the name of the line.

    Raises
    ------
    OSError
        If a picture cannot be read, or if the page cannot be written.
    """
    sections = [
        *_score_sections(scores),
        _section("Training", _charts(curves or {}, x_label="step")),
        _section("Pictures", "".join(_figure(c, p) for c, p in (pictures or {}).items())),
        _section("How it was made", "".join(_facts(h, f) for h, f in (facts or {}).items())),
    ]
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{style_sheet()}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{escape(title)}</h1>\n{''.join(sections)}</main>\n</body>\n</html>\n"
    )
    with whole_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _section(heading: str, content: str) -> str:
    """Return a card with a heading, or "" if the content is empty."""
    return f"<section>\n<h2>{escape(heading)}</h2>\n{content}\n</section>\n" if content else ""


def _score_sections(scores: Scores | StageScores | None) -> list[str]:
    if scores is None:
        return []
    if isinstance(scores, Scores):
        return [_headline(scores), _section("IoU per class", _class_table(scores))]
    thresholds = {
        "mIoU over the background threshold": {
            name: list(seed.curve.items()) for name, seed in scores.curves().items()
        }
    }
    return [
        _headline(scores.final()),
        _section("IoU per class", _class_table(scores.final())),
        _section("Stages", _stage_table(scores)),
        _section("Activation maps", _charts(thresholds, x_label="threshold")),
    ]


def _headline(scores: Scores) -> str:
    tiles = {
        "pixel accuracy": _ratio(scores.accuracy),
        "images": f"{scores.images:,}",
        "pixels": f"{scores.pixels:,}",
        "pixels ignored": _percent(scores.ignored_share),
    }
    if scores.seconds is not None:
        tiles["time"] = _duration(scores.seconds)
    small = "".join(
        f'<div class="tile"><b>{value}</b><span>{name}</span></div>'
        for name, value in tiles.items()
    )
    big = f'<div class="tile big"><b>{_ratio(scores.miou)}</b><span>mIoU</span></div>'
    return f'<section class="tiles">{big}{small}</section>\n'


def _class_table(scores: Scores) -> str:
    rows = [
        f"<tr><td>{escape(name)}</td><td>{_ratio(iou)}</td>{_bar(iou)}"
        f"<td>{_ratio(scores.precision[name])}</td>"
        f"<td>{_ratio(scores.recall[name])}</td></tr>"
        for name, iou in scores.iou.items()
    ]
    mean = (
        f'<tr class="mean"><td>mean</td><td>{_ratio(scores.miou)}</td>{_bar(scores.miou)}'
        "<td></td><td></td></tr>"
    )
    head = "<th>class</th><th>IoU</th><th></th><th>precision</th><th>recall</th>"
    return _table(head, [*rows, mean])


def _stage_table(scores: StageScores) -> str:
    masks = scores.masks()
    thresholds = {name: f"{seed.threshold:.2f}" for name, seed in scores.curves().items()}
    rows = [
        _stage_row(name, [_ratio(stage.iou[name]) for stage in masks.values()])
        for name in scores.final().iou
    ]
    means = [_ratio(stage.miou) for stage in masks.values()]
    rows.append(_stage_row("mean", means, kind="mean"))
    rows.append(_stage_row("ignored", [_percent(stage.ignored_share) for stage in masks.values()]))
    if thresholds:
        rows.append(_stage_row("best threshold", [thresholds.get(name, "–") for name in masks]))
    head = "".join(f"<th>{escape(name)}</th>" for name in ["class", *masks])
    return _table(head, rows)


def _stage_row(name: str, figures: Sequence[str], *, kind: str = "figures") -> str:
    cells = "".join(f"<td>{figure}</td>" for figure in figures)
    return f'<tr class="{kind}"><td>{escape(name)}</td>{cells}</tr>'


def _table(head: str, rows: Sequence[str]) -> str:
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _bar(share: float) -> str:
    width = 0 if math.isnan(share) else 100 * share
    return f'<td class="bar"><div class="track"><i style="width:{width:.1f}%"></i></div></td>'


def _charts(charts: Mapping[str, Mapping[str, Points]], *, x_label: str) -> str:
    drawn = {heading: line_chart(lines, x_label=x_label) for heading, lines in charts.items()}
    cells = "".join(
        f"<div><h3>{escape(heading)}</h3>{chart}</div>" for heading, chart in drawn.items() if chart
    )
    return f'<div class="charts">{cells}</div>' if cells else ""


def _figure(caption: str, picture: Image.Image | str | Path) -> str:
    source, text = _data_uri(picture), escape(caption, quote=True)
    return f'<figure><img src="{source}" alt="{text}"><figcaption>{text}</figcaption></figure>\n'


def _data_uri(picture: Image.Image | str | Path) -> str:
    """Encode a palette picture as PNG, which is exact and small, and any other as JPEG."""
    if not isinstance(picture, Image.Image):
        with Image.open(picture) as opened:
            return _data_uri(opened.copy())
    buffer = io.BytesIO()
    if picture.mode == "P":
        picture.save(buffer, format="PNG", optimize=True)
        kind = "png"
    else:
        picture.convert("RGB").save(buffer, format="JPEG", quality=90, subsampling=0)
        kind = "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _facts(heading: str, facts: Mapping[str, object]) -> str:
    entries = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in facts.items()
    )
    return f"<h3>{escape(heading)}</h3><dl>{entries}</dl>"


def _ratio(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{share:.1%}"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
