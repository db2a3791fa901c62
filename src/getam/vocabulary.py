"""This module defines the words and values that every stage shares.

Every file uses the same word for the same thing:

``image`` [B, 3, H, W] · ``labels`` [B, C] 0/1 · ``saliency`` [B, H, W] in 0..1 · ``valid``
[B, H, W] inside the photo, not padding · ``class_logits`` [B, C] · ``activation_maps``
[B, C, h, w] · ``refined_maps`` [B, C, H, W] · ``pseudo_label`` [B, H, W] with ``IGNORE`` ·
``mask_logits`` [B, C + 1, h, w], channel 0 is background · ``probabilities`` [B, C + 1, H, W] ·
``mask`` [H, W] predicted · ``truth`` [H, W].

Legend: B images, C classes, A heads, N tokens, D width, H x W pixels, h x w patches.
"""

BACKGROUND = 0
"""Value of background in every label image. The class with index ``c`` has the value ``c + 1``."""

IGNORE = 255
"""Value of a pixel that is neither trained on nor scored."""
