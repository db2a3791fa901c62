"""Any vision transformer, photos and class indices become activation maps [h, w]."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from getam.activation.checks import check_class_lists, check_finite, check_images
from getam.activation.forward import Score, evaluating, run_forward
from getam.activation.scaling import divide_by_maximum
from getam.activation.setting import Setting
from getam.activation.slots import class_slot_maps


def activation_maps(
    model: nn.Module,
    images: Tensor,
    *,
    classes: Sequence[Sequence[int]],
    method: str = "getam",
    first_block: int = 6,
    normalise: bool = False,
    affinity: int = 0,
    score: Score | None = None,
) -> list[Tensor]:
    """Make the activation maps of the asked classes from one forward pass.

    Images do not interact inside a transformer. In blocks of the usual form, which are recognised,
    the gradient is brought back once for each class that an image is asked for, and nothing of it
    is computed that no map needs. In all others, one backward pass serves one class of every image.
    The model is not changed: mode, parameters, gradients and hooks stay as they were.

    Parameters
    ----------
    model
        A vision transformer whose attention calls
        ``torch.nn.functional.scaled_dot_product_attention``, from timm, Hugging Face transformers
        (``attn_implementation="sdpa"``), open_clip or torchvision. ``model(images)`` returns class
        logits [B, C] or an object with the attribute ``class_logits`` or ``logits``. timm's Swin
        calls it after ``timm.layers.set_fused_attn(True, experimental=True)``.
    images
        [B, 3, H, W], normalised as the model expects, on the model's device. Photos of several
        sizes go in one by one: padding them to one would show in the maps.
    classes
        For each image the class indices wanted, e.g. ``[[3, 7], [14]]``.
    method
        A name in :data:`getam.activation.METHODS`, or of an entry point ``getam.methods``. Most
        need a class token; cam, layer_cam, transcam and legrad do not; hgi and hgi_attention are
        for Swin.
    first_block
        First block that counts, 0 for all; the paper's 6 is the second half of a ViT with 12.
    normalise
        Divide every map by its maximum, so that it lies in 0..1.
    affinity
        How often :func:`getam.activation.spread` spreads the maps by the attention of all blocks;
        windowed attention allows 0 only.
    score
        Turns what ``model(images)`` returns into class scores [B, C], differentiably; default
        :func:`getam.activation.logits_of`. Any target is such a function: see the second example.
        Tensors it holds must not come from ``torch.inference_mode``, ``no_grad`` is fine.

    Returns
    -------
    list of Tensor
        One float32 tensor [K_b, h, w] per image, in the order asked, without gradient; h x w are
        the patches. Values are >= 0 for every method with a relu; their scale is the model's.

    Raises
    ------
    ValueError
        If a class, the method or the first block does not exist, if the images are no tensor
        [B, 3, H, W], if the model does not fit the method or its attention cannot be observed
        (unfused attention, no attention, no class token), or if half precision overflowed.

    Examples
    --------
    >>> import timm
    >>> model = timm.create_model("vit_tiny_patch16_224", num_classes=20).eval()
    >>> maps = activation_maps(model, torch.randn(2, 3, 224, 224), classes=[[3, 7], [14]])
    >>> [tuple(m.shape) for m in maps]
    [(2, 14, 14), (1, 14, 14)]

    Texts instead of classes, for an image tower of CLIP and text features [C, D] of unit length:

    >>> def likeness(image_features):
    ...     return torch.nn.functional.normalize(image_features, dim=-1) @ text_features.T
    >>> tower = timm.create_model("vit_tiny_patch16_224", num_classes=64).eval()
    >>> text_features = torch.nn.functional.normalize(torch.randn(2, 64), dim=-1)
    >>> photos = torch.randn(1, 3, 224, 224)
    >>> (maps,) = activation_maps(tower, photos, classes=[[0, 1]], score=likeness)
    >>> tuple(maps.shape)
    (2, 14, 14)
    """
    setting = Setting(method, first_block)
    (maps,) = maps_of_settings(
        model, images, classes=classes, settings=[setting], affinity=affinity, score=score
    )
    return [divide_by_maximum(own) for own in maps] if normalise else maps


def maps_of_settings(
    model: nn.Module,
    images: Tensor,
    *,
    classes: Sequence[Sequence[int]],
    settings: Sequence[Setting],
    affinity: int = 0,
    score: Score | None = None,
) -> list[list[Tensor]]:
    """Make the maps of several settings from one forward pass and the same backward passes.

    Parameters
    ----------
    settings
        At least one; all of them must fit the model.
    model, images, classes, affinity, score
        They are those of :func:`activation_maps`.

    Returns
    -------
    list of list of Tensor
        For each setting what :func:`activation_maps` returns.

    Raises
    ------
    ValueError
        They are those of :func:`activation_maps`.
    """
    check_class_lists(classes)
    check_images(images, classes)
    classes = [[int(index) for index in wanted] for wanted in classes]
    with evaluating(model), torch.inference_mode(False):
        images = images.clone() if images.is_inference() else images
        frame = run_forward(model, images, settings=settings, affinity=affinity, score=score)
        by_setting = class_slot_maps(frame, classes, affinity=affinity)
    for maps in by_setting:
        check_finite(maps, images)
    return [
        [own[: len(wanted)] for own, wanted in zip(maps, classes, strict=True)]
        for maps in by_setting
    ]
