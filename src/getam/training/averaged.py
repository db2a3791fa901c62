"""The averaged network follows the one that trains; it shares what is frozen with it."""

from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from getam.network import Network

Tensors = tuple[Tensor, ...] | list[Tensor]


def averaged(network: Network, decay: float) -> AveragedModel:
    """Return a copy of a network whose weights are averaged exponentially over the updates.

    A frozen backbone is not copied: the average of what never changes is the same, and a large one
    would need its memory twice and most of the time of a step.

    Parameters
    ----------
    network
        The network that trains.
    decay
        The share of the average that stays at each update.
    """
    average = get_ema_multi_avg_fn(decay)

    def of_changing(averages: Tensors, current: Tensors, count: Tensor | int) -> None:
        pairs = zip(averages, current, strict=True)
        own = [(mean, now) for mean, now in pairs if mean.data_ptr() != now.data_ptr()]
        average([mean for mean, _ in own], [now for _, now in own], count)

    model = AveragedModel(network, multi_avg_fn=of_changing, use_buffers=True)
    if not any(parameter.requires_grad for parameter in network.backbone.parameters()):
        model.module.backbone = network.backbone
    return model
