"""A frame is a recorded forward pass, checked and cut to what counts, before a class is chosen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from getam.activation.attention import Attention
from getam.activation.checks import check_class_token, check_first_block
from getam.activation.lookup import lookup_method
from getam.activation.methods import READ_TOKENS
from getam.activation.pre_norm import PreNormBlock
from getam.activation.recorder import AttentionRecorder
from getam.activation.recording import Block, Recording, Tokens
from getam.activation.scores import depends_through
from getam.activation.setting import Setting
from getam.activation.windows import Windows, blocks_before_last_stage


@dataclass(frozen=True)
class Frame:
    """A frame holds what one forward pass left for all settings, from the first counted block on.

    Attributes
    ----------
    settings
        The settings whose methods will read the pass.
    class_scores
        [B, C], attached to the graph.
    grid
        The patches (h, w).
    calls
        The attention of the counted blocks, in the order of the forward pass.
    all_calls
        The attention of every block that was kept; patch affinity reads them.
    prefix
        The number of tokens before the patches: class, distillation, registers.
    tokens
        Pairs of token features and the tensor whose gradient counts for them: one for the input of
        each counted block (if a method reads those), then one for the final tokens (if a method
        reads any).
    windows
        How each counted block cuts its tokens into windows; empty without windowed attention.
    pre_norm
        The counted blocks, if all were recognised as :class:`PreNormBlock`, if the scores read the
        last one alone, and if no method reads more of the gradients than the classifier's rows;
        empty otherwise.
    stream
        The tokens that entered each counted block, and those that the last one returned; empty
        unless a method reads them.
    norm
        The model's last norm, if there is a stream.
    """

    settings: Sequence[Setting]
    class_scores: Tensor
    grid: tuple[int, int]
    calls: Sequence[Attention]
    all_calls: Sequence[Attention]
    prefix: int
    tokens: Sequence[tuple[Tensor, Tensor]] = ()
    windows: Sequence[Windows] = ()
    pre_norm: Sequence[PreNormBlock] = ()
    stream: Sequence[Tensor] = ()
    norm: Callable[[Tensor], Tensor] | None = None

    @classmethod
    def of(
        cls,
        recorder: AttentionRecorder,
        class_scores: Tensor,
        *,
        settings: Sequence[Setting],
        grid: tuple[int, int],
        windows: Sequence[Windows] = (),
    ) -> "Frame":
        """Frame a forward pass that is over, after every check that its settings need.

        Parameters
        ----------
        recorder
            The one of :func:`recorder_for` that saw the pass.
        class_scores
            [B, C] of the same pass, attached to the graph.
        settings
            At least one.
        grid
            The patches (h, w).
        windows
            How every block of the model cuts its tokens into windows, if it does.

        Raises
        ------
        ValueError
            As :func:`getam.activation_maps`.
        """
        count = blocks_before_last_stage(windows) if windows else recorder.seen
        for setting in settings:
            check_first_block(setting.first_block, count, windowed=bool(windows))
        first = first_block_of(settings)
        calls = [recorder.calls[index] for index in range(first, count)]
        prefix = 0 if windows else prefix_tokens(calls, images=len(class_scores), grid=grid)
        for setting in settings:
            check_class_token(setting.method, prefix)
        tokens = recorded_tokens(recorder, calls, settings)
        all_calls = list(recorder.calls.values())
        pre_norm = usual_blocks(recorder, class_scores, calls, first=first)
        stream, norm = recorded_stream(recorder, calls)
        return cls(
            settings,
            class_scores,
            grid,
            calls,
            all_calls,
            prefix,
            tokens,
            windows[first:count],
            pre_norm,
            stream,
            norm,
        )

    def watched(self) -> list[Tensor]:
        """Return the tensors whose gradients :meth:`recording` wants, in its order."""
        return [*(call.output for call in self.calls), *(watched for _, watched in self.tokens)]

    def rows_read(self, gradients: Sequence[Tensor]) -> slice:
        """Find which tokens the classifier reads, by the gradient of the last block's output.

        What the last block gives the class token has no gradient at all where the classifier
        averages the patches instead (timm's BEiT, EVA-02 and DINOv3).
        """
        last = gradients[len(self.calls) - 1]  # [B, A, N, d]
        reads_class_token = bool(last[:, :, 0].any())
        return slice(0, 1) if reads_class_token else slice(self.prefix, last.shape[2])

    def recording(self, gradients: Sequence[Tensor], read: slice) -> Recording:
        """Join the gradients of one score per image to what was recorded."""
        count = len(self.calls)
        blocks = [Block(c, g, read) for c, g in zip(self.calls, gradients[:count], strict=True)]
        pairs = zip(self.tokens, gradients[count:], strict=True)
        tokens = [Tokens(values.detach(), of_tokens(gradient)) for (values, _), gradient in pairs]
        return Recording(
            blocks,
            self.prefix,
            read,
            tokens[:-1],
            tokens[-1:],
            self.windows,
            self.stream,
            self.norm,
        )

    def skipped(self, setting: Setting) -> int:
        """Count the blocks of the frame that come before the first one of a setting."""
        return setting.first_block - first_block_of(self.settings)

    def grid_of(self, setting: Setting) -> tuple[int, int]:
        """Return the size (h, w) of a setting's maps; with windows that of its first block."""
        return self.windows[self.skipped(setting)].grid if self.windows else self.grid


def usual_blocks(
    recorder: AttentionRecorder, class_scores: Tensor, calls: Sequence[Attention], *, first: int
) -> Sequence[PreNormBlock]:
    """Return the counted blocks if all have the usual form and the scores read the last one alone.

    A score that reads an earlier block too has gradients that do not come through the last one.
    """
    if recorder.trace is None or not class_scores.requires_grad:
        return ()
    blocks = recorder.trace.chain(range(first, first + len(calls)))
    outputs = [call.output for call in calls]
    return blocks if blocks and depends_through(class_scores, blocks[-1].after, outputs) else ()


def first_block_of(settings: Sequence[Setting]) -> int:
    """Return the first block that counts for any of the settings."""
    return min(setting.first_block for setting in settings)


def prefix_tokens(calls: Sequence[Attention], *, images: int, grid: tuple[int, int]) -> int:
    """Count the tokens before the patches; every block must see whole images and as many tokens."""
    patches = grid[0] * grid[1]
    sizes = {(call.query.shape[0], call.query.shape[2]) for call in calls}
    (batch, tokens) = sizes.pop()
    if sizes or batch != images or tokens < patches:
        raise ValueError(
            f"the model's blocks must all see the {patches} patches of each image, as a vision "
            f"transformer's do; one sees {tokens} tokens of {batch} for {images} images"
        )
    return tokens - patches


def recorded_tokens(
    recorder: AttentionRecorder, calls: Sequence[Attention], settings: Sequence[Setting]
) -> list[tuple[Tensor, Tensor]]:
    """Collect the tokens that the methods read, each with the tensor whose gradient counts."""
    reads = {lookup_method(setting.method).reads for setting in settings}
    if not reads & set(READ_TOKENS):
        return []
    if recorder.final is None:
        raise ValueError("the model's final tokens were not observed: none are [B, N, D]")
    if "tokens" not in reads:
        return [recorder.final]
    inputs = [call.tokens for call in calls if call.tokens is not None]
    if len(inputs) < len(calls):
        raise ValueError(
            "the tokens that enter the blocks were not observed: every block must begin with "
            "layer_norm or rms_norm of [B, N, D]; cam and transcam do not need them"
        )
    return [*((tokens, tokens) for tokens in inputs), recorder.final]


def of_tokens(gradient: Tensor) -> Tensor:
    """Return a gradient of tokens [B, N, D] as it is, that of a pooled vector as [B, 1, D]."""
    return gradient if gradient.ndim == 3 else gradient[:, None]


def recorded_stream(
    recorder: AttentionRecorder, calls: Sequence[Attention]
) -> tuple[list[Tensor], Callable[[Tensor], Tensor] | None]:
    """Return the tokens between the counted blocks and the model's last norm, if they are read."""
    if not recorder.stream:
        return [], None
    entered = [call.entered for call in calls if call.entered is not None]
    last = recorder.last_norm
    if len(entered) < len(calls) or last is None or recorder.final is None:
        raise ValueError(
            "the tokens between the blocks were not observed: every block must begin with "
            "layer_norm or rms_norm of [B, N, D]"
        )
    if last.output is not recorder.final[0]:
        raise ValueError("the model must end with layer_norm or rms_norm after its last block")
    return [*entered, last.tokens], last.apply
