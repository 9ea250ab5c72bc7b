"""The devices on which models run, from the names in options."""

import re

import torch

from ...errors import ModelError, SettingError

_DEVICE = re.compile(r"auto|cpu|cuda(?::(\d+))?")


def pick_device(device: str) -> str:
    """The device to use; `auto` is cuda if there is one, else cpu.

    Raises:
        ModelError: cuda is asked for, but there is none.
    """
    available = torch.cuda.is_available()
    if device == "auto":
        return "cuda" if available else "cpu"
    if device.startswith("cuda") and not available:
        raise ModelError("device cuda: torch finds no GPU here; use --device cpu")
    return device


def pick_devices(devices: str) -> list[str]:
    """The devices in a list with commas, each as in `pick_device`; `all` is every GPU.

    Raises:
        SettingError: a name is no device, or the devices are of different kinds.
        ModelError: this machine does not have a device.
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
