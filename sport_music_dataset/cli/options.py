"""Arguments and options that several commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from ..engines.base import RaySettings

# Titles of --help, under which options stand, in the order of the options of `build`
_READ = "How SRC is read"
_CHUNKS = "Chunks and splits"
_LEFT = "What is left out"
_WORDS = "Measures and descriptions"
_WORK = "Who does the work"
_DATASET = "Where SRC is a dataset (the columns also: of metadata.csv)"

Source = Annotated[
    str,
    typer.Argument(
        metavar="SRC",
        help="The folder with the music, or of a Parquet dataset; or s3://BUCKET/PREFIX, "
        "hf://datasets/ORG/NAME@REVISION.",
    ),
]
ChunkSeconds = Annotated[
    float, typer.Option("--chunk-seconds", help="Length of a chunk.", rich_help_panel=_CHUNKS)
]
Styles = Annotated[
    list[str] | None,
    typer.Option(
        "--style",
        help="Take this style only; may be repeated. One alone is also that of tracks without one.",
        rich_help_panel=_LEFT,
    ),
]
Layout = Annotated[
    str,
    typer.Option(
        "--layout",
        metavar="sport|sessions|styles|library|flat|audiofolder",
        help="What the folders and names of SRC are.",
        show_default="found from them",
        rich_help_panel=_READ,
    ),
]
Names = Annotated[
    str,
    typer.Option(
        "--names",
        metavar="RULE",
        help="How names are read, as '{artist}/{session}_{style}'.",
        rich_help_panel=_READ,
    ),
]
Session = Annotated[
    str,
    typer.Option(
        "--session", help="Session of tracks for which nothing says one.", rich_help_panel=_READ
    ),
]
DefaultStyle = Annotated[
    str,
    typer.Option(
        "--default-style", help="Style of tracks for which nothing says one.", rich_help_panel=_READ
    ),
]
Tags = Annotated[
    bool, typer.Option("--tags/--no-tags", help="Read the tags in files.", rich_help_panel=_READ)
]
Timeout = Annotated[
    float,
    typer.Option(
        "--timeout", min=1.0, help="Seconds that a track may take this time.", rich_help_panel=_WORK
    ),
]
Folder = Annotated[Path, typer.Argument(metavar="OUT", help="The release folder.")]
Release = Annotated[
    str,
    typer.Argument(
        metavar="RELEASE",
        help="A release folder, ORG/NAME@v1.0.0 (of ORG/NAME the latest), or s3://BUCKET/PREFIX.",
    ),
]
NumProc = Annotated[
    int | None,
    typer.Option(
        "--num-proc",
        min=1,
        help="Processes.",
        show_default="one for each core",
        rich_help_panel=_WORK,
    ),
]
Device = Annotated[
    Literal["auto", "cpu", "cuda"], typer.Option("--device", help="Where to run the codec.")
]
Devices = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="auto|cpu|cuda|all|cuda:0,cuda:1",
        help="Where to run the codec; of several, each has a process.",
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done; write and send nothing.")
]

# Options of a source that is a dataset
AudioColumn = Annotated[
    str,
    typer.Option(
        "--audio-column", help="Holds audio files, or their paths.", rich_help_panel=_DATASET
    ),
]
StyleColumn = Annotated[
    str,
    typer.Option(
        "--style-column",
        help="Holds the style; `style` or `genre` if there.",
        rich_help_panel=_DATASET,
    ),
]
SessionColumn = Annotated[
    str,
    typer.Option(
        "--session-column",
        help="Holds the session; `session`, `activity` or `sport` if there.",
        rich_help_panel=_DATASET,
    ),
]
DescriptionColumn = Annotated[
    str,
    typer.Option(
        "--description-column",
        help="Holds the description; `description`, `caption`, `text` or `prompt` if there.",
        rich_help_panel=_DATASET,
    ),
]
Subset = Annotated[str, typer.Option("--subset", help="A config of it.", rich_help_panel=_DATASET)]
KeepSplits = Annotated[
    bool,
    typer.Option("--keep-splits", help="Keep the splits that it has.", rich_help_panel=_DATASET),
]

# Options of stages that can run on Ray
Engine = Annotated[
    Literal["local", "ray"],
    typer.Option("--engine", help="This machine's processes, or Ray.", rich_help_panel=_WORK),
]
RayAddress = Annotated[
    str,
    typer.Option(
        "--ray-address",
        metavar="HOST:PORT",
        help="Where Ray is.",
        show_default="RAY_ADDRESS, what runs here, or one started for it",
        rich_help_panel=_WORK,
    ),
]
CpusPerWorker = Annotated[
    int,
    typer.Option(
        "--cpus-per-worker",
        min=0,
        help="Processors of a worker on Ray; 0: a few.",
        rich_help_panel=_WORK,
    ),
]
GpusPerWorker = Annotated[
    int,
    typer.Option(
        "--gpus-per-worker", min=0, help="GPUs of a worker on Ray.", rich_help_panel=_WORK
    ),
]


def ray_settings(engine: str, address: str, cpus: int, gpus: int = 0) -> "RaySettings | None":
    """Settings of Ray from its options; None for the local engine.

    Raises:
        SettingError: options of Ray are given without --engine ray.
    """
    from ..engines.base import RaySettings
    from ..errors import SettingError

    if engine == "ray":
        return RaySettings(address, cpus, gpus)
    given = {"--ray-address": address, "--cpus-per-worker": cpus, "--gpus-per-worker": gpus}
    if names := ", ".join(name for name, value in given.items() if value):
        raise SettingError(f"{names}: for Ray; add --engine ray", options="--engine ray")
    return None


# Options of commands that use a Hub
Target = Annotated[
    str, typer.Argument(metavar="ORG/NAME", help="The dataset on the Hub, or s3://BUCKET/PREFIX.")
]
RepoId = Annotated[str, typer.Argument(metavar="ORG/NAME", help="The dataset on the Hub.")]
Endpoint = Annotated[
    str | None,
    typer.Option("--endpoint", help="Another Hub.", show_default="HF_ENDPOINT, or the Hub"),
]
Debug = Annotated[
    bool, typer.Option("--debug", help="Log requests and show tracebacks on stderr, no token.")
]

# Options of build
OverlapSeconds = Annotated[
    float,
    typer.Option(
        "--overlap-seconds", help="What neighbouring chunks share.", rich_help_panel=_CHUNKS
    ),
]
Splits = Annotated[
    str, typer.Option("--splits", help="Names and proportions.", rich_help_panel=_CHUNKS)
]
Seed = Annotated[
    int, typer.Option("--seed", help="Draws splits and phrasings.", rich_help_panel=_CHUNKS)
]
License = Annotated[
    str,
    typer.Option(
        "--license", help="Licence of tracks for which metadata gives none.", rich_help_panel=_READ
    ),
]
KeepSilence = Annotated[
    bool,
    typer.Option("--keep-silence", help="Keep chunks of digital silence.", rich_help_panel=_LEFT),
]
Truncated = Annotated[
    Literal["keep", "leave-out"],
    typer.Option(
        "--truncated",
        help="Tracks that are not as long as their container says.",
        rich_help_panel=_LEFT,
    ),
]
MaxTrackSeconds = Annotated[
    float,
    typer.Option("--max-track-seconds", help="Leave longer tracks out.", rich_help_panel=_LEFT),
]
MaxExpansion = Annotated[
    float,
    typer.Option(
        "--max-expansion", help="Leave out what grows more when decoded.", rich_help_panel=_LEFT
    ),
]
Analysis = Annotated[
    bool,
    typer.Option(
        "--analysis/--no-analysis",
        help="Measure tempo, key, loudness, energy.",
        rich_help_panel=_WORDS,
    ),
]
Listen = Annotated[
    bool,
    typer.Option(
        "--listen",
        help="Hear voices, instruments, moods and style of each chunk.",
        rich_help_panel=_WORDS,
    ),
]
Tagger = Annotated[
    str | None,
    typer.Option(
        "--tagger",
        metavar="musicnn|ORG/NAME|FOLDER",
        help="Who listens: musicnn, or a CLAP model of the Hub or in a folder (unmeasured).",
        show_default="musicnn",
        rich_help_panel=_WORDS,
    ),
]
Descriptions = Annotated[
    Literal["measured", "notebook"],
    typer.Option(
        "--descriptions",
        help="Many phrasings with measures, or the notebook's one.",
        rich_help_panel=_WORDS,
    ),
]
DescriptionsPerChunk = Annotated[
    int,
    typer.Option(
        "--descriptions-per-chunk",
        min=1,
        help="Phrasings that each chunk has.",
        rich_help_panel=_WORDS,
    ),
]
Sessions = Annotated[
    Path | None,
    typer.Option(
        "--sessions",
        help="YAML with sessions of your own, as `sessions: {curling: {intensity: low}}`.",
        rich_help_panel=_WORDS,
    ),
]
WithoutVocals = Annotated[
    bool,
    typer.Option(
        "--without-vocals",
        help="Leave out chunks in which somebody sings (--listen).",
        rich_help_panel=_LEFT,
    ),
]
MinFit = Annotated[
    Literal["no", "unknown", "yes"],
    typer.Option(
        "--min-fit",
        help="Leave out chunks that fit their session less: unknown leaves out those that do not "
        "fit, yes those too of which it is not known.",
        rich_help_panel=_LEFT,
    ),
]
OnlyFitting = Annotated[
    bool, typer.Option("--only-fitting", help="The same as --min-fit unknown.", hidden=True)
]
RequireTempo = Annotated[
    bool,
    typer.Option(
        "--require-tempo", help="Leave out chunks whose tempo is not sure.", rich_help_panel=_LEFT
    ),
]
Duplicates = Annotated[
    Literal["keep", "first"],
    typer.Option(
        "--duplicates",
        help="Other copies of a recording: keep all, or the first.",
        rich_help_panel=_LEFT,
    ),
]
GroupBy = Annotated[
    Literal["recording", "album", "artist"],
    typer.Option(
        "--group-by",
        help="What stays in one split, besides copies of a recording.",
        rich_help_panel=_CHUNKS,
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="RELEASE",
        help="Go on from a release, a folder, ORG/NAME@v1.0.0 or ORG/NAME (the latest): its tracks "
        "keep their splits.",
    ),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Make raw and tracks anew, whatever an earlier build left. Splits and review.csv "
        "stay, and codes of the same audio are taken again.",
    ),
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 if anything was left out.")]

_MUSICNN = "musicnn"

# Options of encode and tokens
Model = Annotated[
    str, typer.Option(help="MusicGen whose tokenizer and pad id to use: Hub id, folder, nano.")
]
MaxLength = Annotated[int, typer.Option(help="Tokens of a description.")]
SpecialTokens = Annotated[bool, typer.Option(help="Close descriptions with EOS.")]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def tagger_settings(listen: bool, tagger: str | None) -> dict[str, str]:
    """The settings of a recipe that says who listens; none if nobody does.

    Raises:
        SettingError: a tagger is named that shall not listen.
        ModelError: the tagger is not there.
    """
    from ..errors import SettingError
    from ..listen import tagger_revision
    from ..pretrained import Pretrained

    if tagger is not None and not listen:
        raise SettingError(f"--tagger {tagger}: says who listens; add --listen", options="--listen")
    if listen:
        tagger = _MUSICNN if tagger is None else tagger
        revision = tagger_revision(tagger)
        # A path of two parts would pass for a Hub id: the recipe records a folder by its name.
        folder = tagger != _MUSICNN and Pretrained(tagger).is_local
        name = str(Path(tagger).resolve()) if folder else tagger
        return {"tagger": name, "tagger_revision": revision}
    return {}


def read_sessions(file: Path | None) -> str:
    """The text of a YAML file with the user's sessions, after a check; empty without a file.

    Raises:
        SettingError: the file cannot be read, or its content is not valid.
    """
    from ..describe.sessions import known_sessions
    from ..errors import SettingError
    from ..outside.files import SETTINGS_BYTES, read_text

    if file is None:
        return ""
    text = read_text(file, SETTINGS_BYTES, SettingError, links=True)
    known_sessions(text)
    return text
