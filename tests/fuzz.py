"""Mutation fuzzing of what cocoseg reads: ``python tests/fuzz.py --minutes 5 --seed 0 --only pages --save DIR``.

Journal pages, reports, mask tables, schemes, PNGs and JSON documents are changed at random. Every command that reads
them must end with a foreseen exit code and in time, and must not change a file outside its folders. Inputs that reach
new lines of cocoseg are kept, and changed further. What fails is written to DIR, and the exit code is 1.

This is an extra, which pytest does not collect. Each command runs in a fork of this process.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kornia_rs.io  # noqa: F401  # loaded before forking, as all that follows
import PIL.Image  # noqa: F401

import cocoseg
from badinput import chunk
from cocoseg.cli import app, guard  # noqa: F401
from cocoseg.files.png.chunks import SIGNATURE, chunks
from cocoseg.runs.journal import page

FIXTURES = Path(__file__).parent.parent / "fixtures"
SECONDS = 20.0
TRACED = 0.2  # of the cases: noting lines takes several times as long as all the rest
FORESEEN = {0, 1, 2, 3, 4}
WORDS = [b"null", b"true", b"[]", b"{}", b'""', b"-1", b"0", b"1e308", b"1e999", b"9" * 25, b"9" * 5000, b'"\\ud800"']
WORDS += [b'"\\u0000"', b'"../x"', b'"/etc/passwd"', b'"con"', b"NaN", b"\xe9", b"[" * 980 + b"]" * 980, b"1.5", b'"1"']

Mutation = Callable[[random.Random, bytes], bytes]


def change_bytes(luck: random.Random, data: bytes) -> bytes:
    """Flip, remove, repeat or insert some bytes."""
    place, length = luck.randrange(len(data) + 1), luck.choice([1, 1, 2, 4, 16, 64])
    there = data[place : place + length]
    new = luck.choice([b"", there + there, luck.randbytes(length), bytes(length), luck.choice(WORDS)])
    return data[:place] + new + data[place + luck.choice([0, length]) :]


def change_json(luck: random.Random, data: bytes) -> bytes:
    """Put another value, or another place's value, in a place of a JSON."""
    try:
        root = json.loads(data)
    except (ValueError, RecursionError):
        return change_bytes(luck, data)
    spots = list(_spots(root))
    if not spots:
        return luck.choice(WORDS)
    holder, key = luck.choice(spots)
    how = luck.randrange(4)
    if how == 0:
        del holder[key]
    elif how == 1:
        other, name = luck.choice(spots)
        holder[key] = json.loads(json.dumps(other.get(name) if isinstance(other, dict) else None))
    else:
        holder[key] = "@@"
    return json.dumps(root).encode().replace(b'"@@"', luck.choice(WORDS))


def _spots(value: Any, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    if depth < 20 and isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield value, key
            yield from _spots(item, depth + 1)


def change_page(luck: random.Random, data: bytes) -> bytes:
    """Change a row of a journal page; mostly its digest is made right again."""
    head, *rows = data.splitlines() or [b""]
    if not rows or luck.random() < 0.2:
        return change_bytes(luck, data)
    number = luck.randrange(len(rows))
    rows[number] = luck.choice([change_json, change_bytes])(luck, rows[number])
    try:
        fields = json.loads(head)
        return page(fields["command"], rows, fields.get("listed"))
    except Exception:
        return b"\n".join([head, *rows])


def change_png(luck: random.Random, data: bytes) -> bytes:
    """Change, remove, repeat, swap or invent chunks of a PNG; mostly their checksums are made right again."""
    if luck.random() < 0.2 or not data.startswith(SIGNATURE):
        return change_bytes(luck, data)
    parts = [(name, data[start + 8 : end - 4]) for name, start, end in chunks(data)]
    if not parts:
        return change_bytes(luck, data)
    number = luck.randrange(len(parts))
    name, content = parts[number]
    new = [(name, change_bytes(luck, content))]
    invented = luck.choice([b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"acTL", b"fcTL", b"ABCD", b"tEXt"])
    parts[number : number + 1] = luck.choice(
        [new, new, [], [parts[number]] * 2, [parts[-1], parts[number]], [(invented, content), parts[number]]]
    )
    return SIGNATURE + b"".join(
        chunk(name.decode("latin-1"), content) if name.isascii() else content for name, content in parts
    )


class Target:
    """A kind of file: where it lies in the folder of a case, how it is changed, and the commands that read it."""

    def __init__(self, name: str, mutate: Mutation, calls: list[list[str]]) -> None:
        self.name, self.mutate, self.calls = name, mutate, calls


def targets() -> dict[str, Target]:
    """All of them; ``X`` is the folder of the case."""
    semantic, coco = ["to-semantic", "panoptic.json", "semantic"], ["to-coco", "panoptic.json", "made.json"]
    masks, panoptic = ["to-masks", "panoptic.json", "masks"], ["to-panoptic", "instances.json", "pan"]
    journal = ".cocoseg/page-0000-000000000.jsonl"
    read_masks = [["info", "masks"], ["to-coco", "masks", "other.json", "--overwrite"]]
    rows = {
        "pages": [
            Target(f"semantic/{journal}", change_page, [["verify", "semantic"], semantic]),
            Target(f"made.json.cocoseg/{journal}", change_page, [["verify", "made.json"], coco]),
            Target(f"masks/{journal}", change_page, [["verify", "masks"], masks]),
            Target(f"pan/{journal}", change_page, [["verify", "pan"], panoptic]),
        ],
        "reports": [
            Target("semantic/cocoseg.json", change_json, [["verify", "semantic"], ["info", "semantic"], semantic]),
            Target("masks/cocoseg.json", change_json, [["verify", "masks"], *read_masks]),
            Target("made.json.cocoseg/cocoseg.json", change_json, [["verify", "made.json"], coco]),
        ],
        "tables": [Target("masks/touching/masks.json", change_json, read_masks)],
        "schemes": [
            Target(
                "scheme.json",
                change_json,
                [["labels", "scheme.json", "panoptic.json"], [*semantic, "--labels", "scheme.json"]],
            ),
            Target("scheme.toml", change_bytes, [["labels", "scheme.toml", "panoptic.json"]]),
        ],
        "png": [
            Target(
                "panoptic/touching.png",
                change_png,
                [["to-semantic", "panoptic.json", "x", "--overwrite"], ["info", "panoptic.json"]],
            ),
            Target(
                "semantic/touching.png",
                change_png,
                [["to-coco", "semantic", "other.json", "--overwrite"], ["verify", "semantic"]],
            ),
            Target(
                "palette.maps/touching.png",
                change_png,
                [["to-semantic", "palette.maps", "x", "--overwrite"], ["info", "palette.maps"]],
            ),
        ],
        "json": [
            Target(
                "panoptic.json",
                change_json,
                [["info", "panoptic.json"], [*semantic, "--overwrite"], [*coco, "--overwrite"]],
            ),
            Target(
                "instances.json",
                change_json,
                [
                    ["info", "instances.json"],
                    [*panoptic, "--overwrite"],
                    ["to-coco", "instances.json", "other.json", "--overwrite"],
                    ["to-masks", "instances.json", "x", "--overwrite"],
                    ["labels", "index", "instances.json"],
                ],
            ),
        ],
    }
    return {f"{kind}: {row.name}": row for kind, found in rows.items() for row in found}


def lay_out(root: Path) -> None:
    """What the cases begin with: sources, and what each command made of them."""
    shutil.copytree(FIXTURES / "panoptic", root / "panoptic")
    for name in ("panoptic.json", "instances.json"):
        shutil.copy(FIXTURES / name, root)
    source = root / "panoptic.json"
    cocoseg.to_semantic(source, root / "semantic")
    cocoseg.to_semantic(source, root / "palette.maps", labels="mask2former", palette=True)
    cocoseg.to_masks(source, root / "masks")
    cocoseg.to_coco(source, root / "made.json")
    cocoseg.to_panoptic(root / "instances.json", root / "pan")
    cocoseg.verify(root / "pan"), cocoseg.info(source), cocoseg.info(root / "masks")  # loads their modules
    row = {"index": 0, "name": "person", "category_ids": [1]}
    (root / "scheme.json").write_text(json.dumps({"name": "own", "classes": [row], "unknown": "void", "ignored": []}))
    (root / "scheme.toml").write_text('preset = "index"\nthings = "merge"\nignored = [1]\n')


def run(call: list[str], folder: Path, traced: bool) -> tuple[int | str, bytes, frozenset[tuple[str, int]]]:
    """The exit code of a command in a fork, its last words, and the lines of cocoseg that it reached."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as reached:
        if not (child := os.fork()):
            _command(call, folder, said.fileno(), reached.fileno(), traced)
        ends = time.monotonic() + SECONDS
        while not (status := os.waitpid(child, os.WNOHANG))[0]:
            if time.monotonic() > ends:
                os.kill(child, 9)
                os.waitpid(child, 0)
                return "still running", b"", frozenset()
            time.sleep(0.001)
        said.seek(0), reached.seek(0)
        lines = frozenset((row.split(":")[0], int(row.split(":")[1])) for row in reached.read().decode().split())
        return os.waitstatus_to_exitcode(status[1]), said.read(), lines


def _command(call: list[str], folder: Path, said: int, reached: int, traced: bool) -> None:
    """The command in the forked process, which never returns."""
    lines: set[str] = set()
    inside = os.path.dirname(cocoseg.__file__)

    def trace(frame: Any, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(inside):
            return None
        lines.add(f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}")
        return trace

    exit_now = os._exit

    def leave(code: int) -> None:
        sys.settrace(None)
        os.write(reached, " ".join(lines).encode())
        exit_now(code)

    try:
        os.chdir(folder)
        os.dup2(said, 1), os.dup2(said, 2)
        os._exit = leave  # type: ignore[assignment]
        workers = ["--workers", "1"] if call[0] not in ("info", "labels") else []
        sys.argv = ["cocoseg", *call, *workers, "--debug"]
        sys.settrace(trace if traced else None)
        guard.main()
    finally:
        exit_now(99)


def is_wrong(code: int | str, said: bytes) -> bool:
    """Whether a command did not end as it should."""
    return code not in FORESEEN or b"MemoryError" in said


def fuzz(minutes: float, seed: int, only: str, save: Path) -> int:
    """Change files until the time is over; returns how many kinds of failures were found."""
    luck, found, cases = random.Random(seed), set(), 0
    with tempfile.TemporaryDirectory() as top:
        clean, work, outside = Path(top, "clean"), Path(top, "in", "work"), Path(top, "in", "victim.txt")
        clean.mkdir()
        lay_out(clean)
        chosen = {name: row for name, row in targets().items() if name.startswith(only)}
        corpus = {name: [(clean / row.name).read_bytes()] for name, row in chosen.items()}
        seen: set[tuple[str, tuple[str, int]]] = set()
        ends = time.monotonic() + 60 * minutes
        while time.monotonic() < ends:
            name = luck.choice(list(chosen))
            data = luck.choice(corpus[name])
            for _ in range(luck.choice([1, 1, 1, 2, 4])):
                data = chosen[name].mutate(luck, data)
            shutil.rmtree(work.parent, ignore_errors=True)
            shutil.copytree(clean, work)
            outside.write_text("mine")
            (work / chosen[name].name).write_bytes(data)
            new = False
            traced = luck.random() < TRACED
            for call in chosen[name].calls:
                code, said, lines = run(call, work, traced)
                cases += 1
                fresh = {(call[0], line) for line in lines} - seen
                new, seen = new or bool(fresh), seen | fresh
                touched = outside.read_text() != "mine" or len(os.listdir(work.parent)) != 2
                last = (said.strip().splitlines() or [b""])[-1][:200]
                if is_wrong(code, said) or touched:
                    kind = (name, call[0], str(code), last[:90])
                    if kind not in found:
                        found.add(kind)
                        print(
                            f"{name}: {' '.join(call)}: {code}{', changed what is outside' * touched}: {last!r}",
                            flush=True,
                        )
                        save.mkdir(parents=True, exist_ok=True)
                        (save / f"{len(found)}-{chosen[name].name.replace('/', '_')}").write_bytes(data)
                        (save / f"{len(found)}.txt").write_bytes(said)
            if new and len(data) < 100_000:
                corpus[name].append(data)
    print(f"{cases:,} commands, {sum(map(len, corpus.values()))} inputs that reached new lines, {len(found)} failures")
    return len(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="pages, reports, tables, schemes, png or json")
    parser.add_argument("--save", type=Path, default=Path("fuzz-found"))
    given = parser.parse_args()
    sys.exit(bool(fuzz(given.minutes, given.seed, given.only, given.save)))
