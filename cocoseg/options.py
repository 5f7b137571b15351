"""The options of commands and functions, each declared once.

The function's signature and help, and the command's flags, come from these declarations. Types that are slow to load
stay quoted, so that ``--help`` is fast; this module must not postpone its annotations, which hold the sentences.
"""

from collections.abc import Callable
from difflib import get_close_matches
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ForwardRef,
    Literal,
    NamedTuple,
    TypedDict,
    TypeVar,
    cast,
    get_args,
)

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from cocoseg.files.places import StrPath
    from cocoseg.labels import LabelScheme

F = TypeVar("F", bound=Callable[..., Any])
D = TypeVar("D")


class Option(NamedTuple):
    """What an option does, its default, and how the command line shows it.

    ``otherwise`` describes a default of None. ``flags`` are set where they differ from the name; A ``negated`` option
    is turned off by its flag; this is the sentence for that.
    """

    help: str
    default: Any = None
    metavar: str | None = None
    otherwise: str = ""
    flags: tuple[str, ...] = ()
    negated: str = ""
    least: float | None = None
    python_only: bool = False


class Reading(TypedDict, total=False):
    """How a source is read."""

    categories: Annotated[
        "StrPath | None", Option("Read the categories from this file if the source has none.", None, "FILE")
    ]
    images: Annotated[
        "StrPath | None", Option("Read the images of a results list or a folder from this JSON.", None, "FILE")
    ]
    png_dir: Annotated["StrPath | None", Option("Folder of the PNGs.", None, "DIR", "named as SRC")]
    source_labels: Annotated[
        "StrPath | LabelScheme | None", Option("Label scheme of the class maps in SRC.", None, "PRESET|FILE")
    ]
    instances: Annotated["StrPath | None", Option("Folder with the instance numbers of class maps.", None, "DIR")]
    split: Annotated[
        "str | None",
        Option("Only the images of a split, by name or list file.", None, "NAME|FILE", "all images"),
    ]
    source_format: Annotated[
        "str | None",
        Option("Format of SRC.", None, "FORMAT", "recognised from the content", ("--source-format", "--from")),
    ]


class Overlapping(TypedDict, total=False):
    """How masks that overlap are painted."""

    overlap: Annotated[
        Literal["file", "area", "score", "void", "error"] | None,
        Option("Which of several masks a pixel belongs to.", None, None, "file"),
    ]


class Painting(Overlapping, total=False):
    """How class maps are painted."""

    labels: Annotated[
        "StrPath | LabelScheme", Option("Label scheme: a preset ('cocoseg labels') or a file.", "index", "PRESET|FILE")
    ]
    unlabelled: Annotated[
        Literal["background", "void"] | None,
        Option("What pixels without a mask become.", None, None, "depends on the format of SRC"),
    ]


class Checking(TypedDict, total=False):
    """How ``verify`` runs."""

    workers: Annotated[int | None, Option("Number of worker processes.", None, "N", "all cores; 1 in Python", least=1)]


class Running(Checking, total=False):
    """How a conversion runs."""

    executor: Annotated[
        "Executor | None", Option("Executor that does the work, such as Dask's.", None, python_only=True)
    ]
    overwrite: Annotated[bool, Option("Replace files in OUT that no run of cocoseg wrote.", False)]
    on_error: Annotated[Literal["skip", "stop"], Option("What to do when an image cannot be converted.", "skip")]
    time_limit: Annotated[float, Option("Most seconds that one image may take.", 300.0, "SECONDS", least=0.001)]
    dry_run: Annotated[bool, Option("Check everything and write nothing.", False)]
    on_done: Annotated[
        "Callable[[Any], None] | None",
        Option("Function that is called with the summary so far after each part.", None, python_only=True),
    ]


class Printing(TypedDict, total=False):
    """How a command prints its result; not for functions."""

    json: Annotated[bool, Option("Print the result as JSON.", False)]


class Commanded(Printing, total=False):
    """What a conversion takes on the command line only."""

    dask: Annotated[
        str | None, Option("Address or scheduler file of a Dask cluster that does the work.", None, "ADDRESS")
    ]


class ToSemantic(Painting, Reading, Running, total=False):
    """Options of ``to_semantic``."""

    palette: Annotated[bool, Option("Add the colours of the classes as a PNG palette; the indices stay.", False)]


class ToOneHot(Painting, Reading, Running, total=False):
    """Options of ``to_onehot``."""

    layout: Annotated[Literal["hwc", "chw"], Option("Order of the axes: (H, W, C) or (C, H, W).", "hwc")]
    dtype: Annotated[Literal["uint8", "bool", "float32"], Option("Type of the array's numbers.", "uint8")]
    void_channel: Annotated[bool, Option("Add a last channel that is 1 where pixels are void.", False)]
    format: Annotated[
        Literal["npz", "npy"], Option("Write small .npz files, or .npy files that can be mapped into memory.", "npz")
    ]


class ToMasks(Reading, Running, total=False):
    """Options of ``to_masks``."""

    stack: Annotated[
        Literal["npz"] | None, Option("Write all masks of an image to one file.", None, None, "a PNG for each mask")
    ]
    things_only: Annotated[bool, Option("Leave out stuff.", False)]


class ToCoco(Reading, Running, total=False):
    """Options of ``to_coco``."""

    segmentation: Annotated[
        Literal["rle", "rle-list", "polygons"], Option("Encoding of the masks.", "rle", flags=("--as",))
    ]
    things_only: Annotated[bool, Option("Leave out stuff.", False)]
    stuff: Annotated[bool, Option("Write one annotation per class and image, as COCO-Stuff does.", False)]
    simplify: Annotated[
        float | None,
        Option("Leave out polygon corners that are at most this far off; prints the IoU.", None, "PIXELS", least=0),
    ]
    check: Annotated[
        bool,
        Option(
            "Compare each polygon, filled again, with its mask.",
            True,
            flags=("--no-check",),
            negated="Do not compare polygons with their masks.",
        ),
    ]


class ToPanoptic(Overlapping, Reading, Running, total=False):
    """Options of ``to_panoptic``."""

    stuff: Annotated["StrPath | None", Option("JSON with the stuff that lies below SRC's instances.", None, "FILE")]


class Declared(NamedTuple):
    """An option as a declaration has it: its name, its type and what it does."""

    name: str
    type: Any
    option: Option

    @property
    def word(self) -> str:
        """What the command line calls it."""
        return self.option.flags[0][2:] if self.option.flags else self.name

    @property
    def choices(self) -> tuple[str, ...]:
        """The values that it may have, if they are listed."""
        found = [self.type, *get_args(self.type)]
        return next((get_args(kind) for kind in found if getattr(kind, "__origin__", None) is Literal), ())


def declared(declaration: Any) -> list[Declared]:
    """The options of a declaration, those of the command first."""
    rows = [
        Declared(name, _plain(kind.__origin__), kind.__metadata__[0])
        for name, kind in declaration.__annotations__.items()
    ]
    shared = {*Painting.__annotations__, *Reading.__annotations__, *Running.__annotations__}
    return sorted(rows, key=lambda row: row.name in shared)


def complete(declaration: type[D], given: D) -> D:
    """The options that were given, with defaults for the others. Raises TypeError for an unknown option."""
    options: Any = given
    defaults = {row.name: row.option.default for row in declared(declaration)}
    for name in options:
        if name not in defaults:
            near = get_close_matches(name, defaults, 1)
            raise TypeError(f"no option is called {name!r}{f'; did you mean {near[0]!r}?' if near else ''}")
    return cast("D", defaults | options)


def part(declaration: type[D], given: Any) -> D:
    """Those of the given options that belong to another declaration."""
    return cast("D", {row.name: given[row.name] for row in declared(declaration)})


def documented(declaration: Any) -> Callable[[F], F]:
    """Give a function the signature and the help of a declaration; the function itself stays."""

    def document(function: F) -> F:
        import inspect

        signature = inspect.signature(function)
        own = [row for row in signature.parameters.values() if row.kind is not inspect.Parameter.VAR_KEYWORD]
        rows = declared(declaration)
        options = [
            inspect.Parameter(
                row.name, inspect.Parameter.KEYWORD_ONLY, default=row.option.default, annotation=_text(row.type)
            )
            for row in rows
        ]
        made: Any = function
        made.__signature__ = signature.replace(parameters=[*own, *options])
        made.__doc__ = f"{inspect.cleandoc(function.__doc__ or '')}\n\nOptions:\n\n" + "\n".join(map(_line, rows))
        return function

    return document


def _line(row: Declared) -> str:
    otherwise = f" Default: {row.option.otherwise}." if row.option.otherwise else ""
    return f"* ``{row.name}``: {row.option.help}{otherwise}"


def _plain(kind: Any) -> Any:
    return kind.__forward_arg__ if isinstance(kind, ForwardRef) else kind


def _text(kind: Any) -> str:
    """A type as it is written in code."""
    if isinstance(kind, str):
        return kind
    text = (kind.__name__ if isinstance(kind, type) else str(kind)).replace("typing.", "")
    return f"{text[len('Optional[') : -1]} | None" if text.startswith("Optional[") else text
