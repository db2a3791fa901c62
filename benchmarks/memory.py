"""Peak memory of maps at 1024 x 1024 against a plain forward and backward with fused attention."""

from timing import SMALL, TINY, Plan, Row, peak_memory, row


def rows(plan: Plan) -> list[Row]:
    """Two classes of one photo."""
    model, size = (TINY, 224) if plan.quick else (SMALL, 1024)
    ours = peak_memory("maps", model=model, size=size)
    plain = peak_memory("forward_backward", model=model, size=size)
    name = f"peak memory, {model.removesuffix('_patch16_224')} {size}: maps / forward + backward"
    return [row(name, ours / plain, 1.3, megabytes=ours, other_megabytes=plain)]
