"""Where models run: the devices that options name."""

import re

import torch

from ...errors import ModelError, SettingError

_DEVICE = re.compile(r"auto|cpu|cuda(?::(\d+))?")


def pick_device(device: str) -> str:
    """`auto` as the device to use: cuda where there is one.

    Raises:
        ModelError: cuda is asked for and there is none.
    """
    available = torch.cuda.is_available()
    if device == "auto":
        return "cuda" if available else "cpu"
    if device.startswith("cuda") and not available:
        raise ModelError("device cuda: torch finds no GPU here; use --device cpu")
    return device


def pick_devices(devices: str) -> list[str]:
    """Devices separated by commas, each as `pick_device` takes it; `all` is every GPU there is.

    Raises:
        SettingError: one is no device, or they are not of one kind.
        ModelError: one is not there.
    """
    count = torch.cuda.device_count()
    if devices == "all":
        devices = ",".join(f"cuda:{index}" for index in range(count)) or "cuda"
    names = [name.strip() for name in devices.split(",")]
    for name in names:
        found = _DEVICE.fullmatch(name)
        if not found:
            raise SettingError(f"--device {name!r}: must be auto, all, cpu, cuda or cuda:0,cuda:1")
        if found[1] and int(found[1]) >= count > 0:
            raise ModelError(f"device {name}: torch finds {count} GPUs here, from cuda:0 on")
    picked = [pick_device(name) for name in names]
    if len({torch.device(name).type for name in picked}) > 1:
        raise SettingError(f"--device {devices}: are of two kinds, which give different codes")
    return picked
