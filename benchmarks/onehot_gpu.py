"""One-hot and decoding on the device: time, bytes moved, and share of the device's copy bandwidth.

    python benchmarks/onehot_gpu.py [--device cuda] [--batch 16] [--classes 133] [--size 480 640]

Bytes moved are those that any way has to move: the map read once, the result written once. The bandwidth is that of a
copy of the result within the device, twice its bytes, measured in the same run. Without a CUDA device the same runs on
the CPU, on a small batch; its numbers say nothing about a GPU. Decoding compares runs shipped and decoded on the device
with masks that are dense on the host, pinned, and shipped as they are.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from cocoseg.codecs import rle
from cocoseg.labels import LabelClass, LabelScheme
from cocoseg.model import Sample
from cocoseg.torch import PackedMasks, one_hot


def milliseconds(work: Callable[[], object], device: torch.device, rounds: int = 20) -> float:
    """The median of ``rounds``, after two that warm up."""
    found = []
    for _ in range(rounds + 2):
        synchronize(device)
        started = time.perf_counter()
        work()
        synchronize(device)
        found.append(time.perf_counter() - started)
    return statistics.median(found[2:]) * 1000


def synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def textbook(class_map: Tensor, classes: int, out: Tensor) -> Tensor:
    """``zeros().scatter_()``: void has to be made a class, and the map int64."""
    index = class_map.long().masked_fill(class_map == 255, classes).unsqueeze(1)
    zeros = torch.zeros(len(out), classes + 1, *out.shape[2:], dtype=out.dtype, device=out.device)
    return zeros.scatter_(1, index, 1)[:, :classes]


def builtin(class_map: Tensor, classes: int, out: Tensor) -> Tensor:
    index = class_map.long().masked_fill(class_map == 255, classes)
    rows = torch.nn.functional.one_hot(index, classes + 1)[..., :classes]
    return rows.permute(0, 3, 1, 2).to(out.dtype).contiguous()


def broadcast(class_map: Tensor, classes: int, out: Tensor) -> Tensor:
    return (class_map.unsqueeze(1) == torch.arange(classes, device=out.device).view(-1, 1, 1)).to(out.dtype)


def maps(batch: int, classes: int, size: tuple[int, int], device: torch.device) -> Tensor:
    """Blocks of classes, a tenth of them void."""
    rows = torch.randint(0, classes + classes // 10, (batch, 1 + size[0] // 20, 1 + size[1] // 20))
    blocks = rows.repeat_interleave(20, 1).repeat_interleave(20, 2)[:, : size[0], : size[1]]
    return blocks.masked_fill(blocks >= classes, 255).to(torch.uint8).contiguous().to(device)


def one_hot_table(class_map: Tensor, classes: int, rounds: int) -> None:
    device = class_map.device
    for dtype in (torch.uint8, torch.float32):
        out = torch.empty(len(class_map), classes, *class_map.shape[1:], dtype=dtype, device=device)
        other = torch.empty_like(out)
        copied = milliseconds(lambda out=out, other=other: other.copy_(out), device, rounds)
        bandwidth = 2 * out.nbytes / copied
        del other
        moved = class_map.nbytes + out.nbytes
        print(f"\n{dtype}: copy {copied:.2f} ms, {bandwidth / 1e6:.0f} GB/s; moved {moved / 1e6:.0f} MB")
        ways: dict[str, Callable[[], object]] = {
            "one_hot compare": lambda out=out: one_hot(class_map, classes, out=out),
            "one_hot scatter": lambda out=out: one_hot(class_map, classes, out=out, kernel="scatter"),
            "F.one_hot.permute": lambda out=out: builtin(class_map, classes, out),
            "zeros.scatter_": lambda out=out: textbook(class_map, classes, out),
            "broadcast ==": lambda out=out: broadcast(class_map, classes, out),
        }
        expected = broadcast(class_map, classes, out)
        for name, way in ways.items():
            found = way()
            assert torch.equal(found, expected), name  # type: ignore[arg-type]
            del found
            taken = milliseconds(way, device, rounds)
            print(f"  {name:18} {taken:9.2f} ms  {moved / taken / bandwidth:6.1%} of the copy bandwidth")


def discs(count: int, size: tuple[int, int], seed: int) -> Sample:
    """Masks that overlap."""
    rng = np.random.default_rng(seed)
    y, x = np.ogrid[: size[0], : size[1]]
    centres = rng.random((count, 2)) * size
    radii = rng.random(count) * min(size) / 3 + 2
    masks = [(y - cy) ** 2 + (x - cx) ** 2 < r * r for (cy, cx), r in zip(centres, radii, strict=True)]
    ids = np.arange(1, count + 1)
    return Sample("a", 1, ids, ids % 5, np.zeros(count, np.bool_), rle.encode(np.array(masks)))


def decode_table(batch: int, size: tuple[int, int], device: torch.device, rounds: int) -> None:
    scheme = LabelScheme("five", tuple(LabelClass(k + 1, f"{k}", (k,)) for k in range(5)), unlabelled=0)
    packed = PackedMasks.join([PackedMasks.of(discs(20, size, seed), scheme) for seed in range(batch)])
    dense = packed.masks()
    if device.type == "cuda":
        packed, dense = packed.pin_memory(), [masks.pin_memory() for masks in dense]
    print(f"\ndecode: {packed.nbytes / 1e3:.0f} KB of runs, {sum(one.nbytes for one in dense) / 1e6:.0f} MB of masks")
    shipped = milliseconds(lambda: [one.to(device, non_blocking=True, copy=True) for one in dense], device, rounds)
    ways: dict[str, Callable[[], object]] = {
        "masks": lambda: packed.to(device, True).masks(),
        "class map": lambda: packed.to(device, True).class_map(),
    }
    print(f"  {'dense masks shipped':24} {shipped:9.2f} ms")
    for name, way in ways.items():
        taken = milliseconds(way, device, rounds)
        print(f"  {'runs shipped, ' + name:24} {taken:9.2f} ms  {shipped / taken:6.1f} × as fast")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--classes", type=int, default=133)
    parser.add_argument("--size", type=int, nargs=2, default=(480, 640))
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    device = torch.device(options.device)
    batch = options.batch or (16 if device.type == "cuda" else 2)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    size = (options.size[0], options.size[1])
    print(f"{name}; torch {torch.__version__}; batch {batch}, {options.classes} classes, {size[0]}×{size[1]}")
    one_hot_table(maps(batch, options.classes, size, device), options.classes, options.rounds)
    decode_table(batch, size, device, options.rounds)


if __name__ == "__main__":
    main()
