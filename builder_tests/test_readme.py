"""The READMEs' code runs as it stands, on models and folders of this test; links lead to files."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset
from transformers import AutoTokenizer

from builder_tests.support.models import NANO, tiny_musicgen
from sport_music_dataset.cli import main

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
GUIDE = (ROOT / "docs/guide.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "README.fr.md", ROOT / "CONTRIBUTING.md"]
PAGES += sorted((ROOT / "docs").glob("*.md"))
# [text](link), [text]: link, and the attributes of HTML that name a file.
LINK = re.compile(
    r'\]\(([^)\s]+)|^\[[^\]]+\]:\s*(\S+)|\b(?:href|src|srcset)="([^"]+)"', re.MULTILINE
)


def code(heading: str, page: str = README) -> list[str]:
    """The Python blocks between a heading and the next one."""
    found = re.search(rf"## {heading}\n(.*?)(\n## |$)", page, re.DOTALL)
    assert found is not None
    return re.findall(r"```python\n(.*?)```", found[1], re.DOTALL)


def prose(page: Path) -> str:
    """A page without its blocks of code, where brackets and # mean something else."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def links(page: Path) -> list[str]:
    """The links of a page that are relative to it."""
    found = ["".join(groups) for groups in LINK.findall(prose(page))]
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def anchors(page: Path) -> set[str]:
    """What GitHub calls the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_lead_to_files_and_headings(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_file() and target.is_relative_to(ROOT), f"{page.name}: {link}: no file"
        assert not anchor or anchor in anchors(target), f"{page.name}: {link}: no such heading"


def test_the_readme_links_every_page() -> None:
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in links(ROOT / "README.md")}
    assert linked.issuperset(page for page in PAGES if page.name != "README.md")


def test_the_wheels_description_has_addresses_for_links() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    text, home = README, project["project"]["urls"]["Repository"]
    hook = project["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    for change in hook["substitutions"]:
        text = re.sub(change["pattern"], change["replacement"], text)
    found = re.findall(r"(!?)\[[^\]]*\]\(([^)]+)\)", text)
    assert len(found) == len(links(ROOT / "README.md"))
    for picture, link in found:
        path = link.removeprefix(f"{home}/{'raw' if picture else 'blob'}/main/")
        assert (ROOT / path.partition("#")[0]).is_file(), link


@pytest.mark.parametrize("draws", [False, True])
def test_training_as_the_readme_does_it(encoded: Path, tmp_path: Path, draws: bool) -> None:
    tiny_musicgen().save_pretrained(tmp_path / "musicgen")
    AutoTokenizer.from_pretrained(NANO / "model").save_pretrained(tmp_path / "musicgen")
    [text] = code("Train from it")
    assert text.count("SportMusicCollator()") == 1
    if draws:
        imports, collator = code("Train", GUIDE)[0].split("\n\n")
        text = imports + "\n" + text.replace("SportMusicCollator()", collator)
    for name, place in (
        ('"org/sport-music"', repr(str(encoded))),
        (', revision="v1.0.0"', ""),
        ('"facebook/musicgen-medium"', repr(str(tmp_path / "musicgen"))),
        ('"musicgen-sport"', f"{str(tmp_path / 'out')!r}, use_cpu=True, report_to=[]"),
        ("num_train_epochs=3", "max_steps=3, disable_tqdm=True, dataloader_pin_memory=False"),
    ):
        assert name in text
        text = text.replace(name, place)
    names: dict[str, Any] = {}
    exec(text, names)
    assert names["trainer"].state.global_step == 3
    assert 0 < names["trainer"].state.log_history[-1]["train_loss"] < 100


def test_a_part_is_chosen_and_held_back_as_the_guide_does_it(encoded: Path) -> None:
    _, text = code("Train", GUIDE)
    rows = load_dataset(str(encoded), "encoded", split="train")
    names: dict[str, Any] = {"rows": rows}
    exec(text.replace("running", rows[0]["session"]), names)
    assert {*names["own"]["session"]} == {rows[0]["session"]}
    train, held = names["train"], names["validation"]
    assert len(train) + len(held) == len(rows) and len(train) and len(held)
    assert not {*train["group"]} & {*held["group"]}


@pytest.mark.slow
def test_the_french_walk_through_runs(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "README.fr.md").read_text()
    (tmp_path / "music").symlink_to(music)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    done = []
    # The music of this test is short, and there is no network.
    text = text.replace("10 * 32_000", "int(0.8 * 32_000)")
    text = text.replace("facebook/musicgen-medium", "nano").replace("pip install '.[all]'\n", "")
    for language, block in re.findall(r"```(sh|python)\n(.*?)```", text, re.DOTALL):
        if language == "python":
            exec(block, names)
            continue
        for command in filter(None, block.split("sportgen ")):
            arguments = shlex.split(command)
            short = "--chunk-seconds 2 --overlap-seconds 0.8 --splits train=0.7,test=0.3".split()
            assert main([*arguments, *(short if arguments[0] == "build" else ())]) == 0
            done.append(arguments[0])
    assert done == [
        "doctor",
        "scan",
        "build",
        "stats",
        "tokens",
        "tokens",
        "encode",
        "stats",
        "stats",
    ]
    out = capsys.readouterr().out
    assert "(4, 100) (4, 103)" in out and "torch.Size([1, 64000])" in out
    assert "lost      " in out and "labels_max" in out
