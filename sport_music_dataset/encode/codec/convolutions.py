"""The convolutions before EnCodec's LSTM, in the memory layout and library that are fastest here.

Weight norm is folded into the weights once. The first layers have few channels and many samples. On
a CPU, PyTorch runs them in its contiguous layout at a tenth of the speed of the machine; channels
last is much faster, and OpenVINO's own layout faster still.
"""

from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.models.encodec.modeling_encodec import EncodecConv1d, EncodecResnetBlock

from ...errors import ModelError, SettingError
from ...extras import is_installed, require

Backend = Literal["torch", "openvino"]


def pick_backend(backend: str, device: str) -> Backend:
    """The library that runs convolutions; `auto` is OpenVINO on a CPU where it is installed.

    Raises:
        SettingError: there is no such backend.
        ModelError: OpenVINO is asked for, but the device is not a CPU.
        MachineError: OpenVINO is asked for, but it is not installed.
    """
    if backend not in ("auto", *get_args(Backend)):
        raise SettingError(f"backend={backend!r}: must be auto, {' or '.join(get_args(Backend))}")
    if backend == "openvino" and device != "cpu":
        raise ModelError(f"backend openvino: runs on the CPU, not on {device}; use --backend torch")
    if backend == "openvino":
        require("cpu")
    if backend == "torch" or device != "cpu" or not is_installed("cpu"):
        return "torch"
    return "openvino"


class TorchConvolutions:
    """Layers of an EnCodec encoder: waveforms [B, N] float32 to features [B, C, T]."""

    def __init__(self, layers: Sequence[nn.Module]) -> None:
        self._layers = [_converted(layer) for layer in layers]

    def __call__(self, waveforms: Tensor, reflect: bool = False) -> Tensor:
        """Features [B, C, T]; the ends get EnCodec's reflect padding if `reflect`, else zeros."""
        hidden = waveforms[:, None, None].contiguous(memory_format=torch.channels_last)
        for layer in self._layers:
            hidden = layer(hidden, reflect)
        return hidden[:, :, 0]


class OpenVINOConvolutions:
    """The same layers for tiles of `samples` samples, with zeros beyond the ends of a tile.

    So many threads as there are `lanes` may call it at once.
    """

    def __init__(self, layers: Sequence[nn.Module], samples: int, lanes: int = 1) -> None:
        import openvino
        from openvino import opset13

        self._ops = opset13
        tile = opset13.parameter([1, 1, samples])
        model = openvino.Model([self._chain(tile, layers)], [tile])
        settings = {
            # Or OpenVINO takes bfloat16 on CPUs that have it, which changes 3 to 4% of the codes.
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "NUM_STREAMS": lanes,
            # Or each process of a machine has its threads on the first processors, beside those of
            # the others.
            "ENABLE_CPU_PINNING": False,
        }
        compiled = openvino.compile_model(model, "CPU", settings)
        self._requests = SimpleQueue[Any]()
        for _ in range(lanes):
            request = compiled.create_infer_request()
            # OpenVINO makes its tables of types where an array is first read and first given; two
            # threads that do so at once wait for each other for ever, one with Python's lock.
            openvino.Tensor(request.get_output_tensor().data)
            self._requests.put(request)

    def __call__(self, waveforms: Tensor) -> Tensor:
        """Features [B, C, T] of tiles [B, samples]."""
        request = self._requests.get()
        try:
            return torch.cat([self._features(request, tile) for tile in waveforms])
        finally:
            self._requests.put(request)

    def _features(self, request: Any, tile: Tensor) -> Tensor:
        request.infer([tile[None, None].numpy()])
        return torch.from_numpy(request.get_output_tensor().data.copy())

    def _chain(self, node: Any, layers: Sequence[nn.Module]) -> Any:
        for layer in layers:
            node = self._node(node, layer)
        return node

    def _node(self, node: Any, layer: nn.Module) -> Any:
        if isinstance(layer, EncodecConv1d):
            conv: Any = layer.conv
            left, right = _padding(conv)
            weight, bias = conv.weight.detach().numpy(), conv.bias.detach().numpy()
            out = self._ops.convolution(
                node, weight, [conv.stride[0]], [left], [right], [conv.dilation[0]]
            )
            return self._ops.add(out, bias[None, :, None])
        if isinstance(layer, EncodecResnetBlock):
            return self._ops.add(
                self._chain(node, list(layer.block)), self._node(node, layer.shortcut)
            )
        return self._ops.elu(node, layer.alpha) if isinstance(layer, nn.ELU) else node


def _padding(conv: Any) -> tuple[int, int]:
    """Samples that EnCodec pads at each end of a whole number of frames (without `extra`)."""
    total = (conv.kernel_size[0] - 1) * conv.dilation[0] + 1 - conv.stride[0]
    return total - total // 2, total // 2


# A layer on [B, C, 1, N], channels last; the flag turns on EnCodec's reflect padding.
_Layer = Callable[[Tensor, bool], Tensor]


def _converted(layer: nn.Module) -> _Layer:
    if isinstance(layer, EncodecConv1d):
        return _Conv(layer)
    if isinstance(layer, EncodecResnetBlock):
        return _Residual(layer)
    if isinstance(layer, nn.ELU):
        # In place is safe: nobody else reads this input; a residual block does, so it calls elu
        # itself.
        return lambda hidden, reflect: functional.elu(hidden, layer.alpha, inplace=True)
    return lambda hidden, reflect: hidden


class _Conv:
    """An EncodecConv1d with its weight norm folded in."""

    def __init__(self, layer: EncodecConv1d) -> None:
        conv: Any = layer.conv
        weight = conv.weight.detach()[:, :, None]
        self._weight = weight.contiguous(memory_format=torch.channels_last)
        self._bias = conv.bias.detach()
        self._stride, self._dilation = (1, conv.stride[0]), (1, conv.dilation[0])
        self._left, self._right = _padding(conv)
        self._mode = layer.pad_mode

    def __call__(self, hidden: Tensor, reflect: bool) -> Tensor:
        # Zero padding needs no copy of the input; only the ends of a chunk need reflection.
        zeros = (0, self._left) if not reflect and self._left == self._right else (0, 0)
        if not zeros[1] and self._left:
            padding = (self._left, self._right, 0, 0)
            hidden = functional.pad(hidden, padding, mode=self._mode)
        return functional.conv2d(
            hidden, self._weight, self._bias, self._stride, zeros, self._dilation
        )


class _Residual:
    """An EncodecResnetBlock."""

    def __init__(self, layer: EncodecResnetBlock) -> None:
        first, *rest = layer.block
        self._alpha: Any = first.alpha
        self._block = [_converted(inner) for inner in rest]
        self._shortcut = _converted(layer.shortcut)

    def __call__(self, hidden: Tensor, reflect: bool) -> Tensor:
        out = functional.elu(hidden, self._alpha)
        for layer in self._block:
            out = layer(out, reflect)
        out += self._shortcut(hidden, reflect)
        return out
