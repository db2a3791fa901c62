"""The verb ``getam convert`` makes a model folder of a checkpoint of the released GETAM."""

from collections.abc import Sequence
from pathlib import Path

from getam.cli.options import Words, run_verb, words

LONG_SIDE = 320  # the middle of the released test sizes 256, 320, 480


def convert(
    checkpoint: Path, backbone: str, out: Path, classes: Words = None, overwrite: bool = False
) -> None:
    """Make a model folder from a checkpoint of the released GETAM.

    Args:
        checkpoint: the .pth file; read without executing anything in it
        backbone: vitb_hybrid, vitb, deit or deit_distilled
        out: folder for the model
        classes: class names in the order of the checkpoint; default the 20 of VOC
        overwrite: replace files in a folder that is not empty
    """
    from getam.data import VOC_CLASSES
    from getam.model import Model, View, save_model
    from getam.network import read_released
    from getam.outputs import new_folder
    from getam.pseudo_label import Labeller

    released = read_released(checkpoint, backbone=backbone)
    count = released.network.num_classes
    names = words(classes) or list(VOC_CLASSES)
    if len(names) != count:
        raise ValueError(f"the checkpoint has {count} classes: name them with --classes a,b,...")
    files = [out / "model.json", out / "model.safetensors"]
    folder = new_folder(out, overwrite=overwrite, files=files, inputs=[checkpoint])
    values = {name: value for value, name in enumerate(names, start=1)}
    save_model(Model(released.network, values, View(LONG_SIDE), Labeller()), folder)
    if released.unused:
        print(f"{len(released.unused)} keys not needed: {', '.join(released.unused)}")
    print(f"model in {folder}")


def run(options: Sequence[str]) -> None:
    """Run the verb with its command-line options."""
    run_verb("convert", convert, options)
