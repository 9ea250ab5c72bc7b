"""A source that fails as a whole: too many files in a row."""

from pathlib import Path

import pytest

from sport_music_dataset.engines.outage import MOST_IN_A_ROW, Outage
from sport_music_dataset.errors import MachineError
from sport_music_dataset.reasons import Reason


@pytest.mark.parametrize("reason", [Reason.MACHINE, Reason.TIMEOUT, Reason.CHANGED])
def test_many_faults_in_a_row_stop_the_work(tmp_path: Path, reason: Reason) -> None:
    (tmp_path / "a.mp3").touch()
    outage, fault = Outage(tmp_path), reason.because("for once")
    for good in ("", Reason.UNREADABLE.because("it is text")):
        for number in range(MOST_IN_A_ROW - 1):
            outage.see(f"{number}.mp3", fault)
        outage.see("good.mp3", good)
    with pytest.raises(MachineError, match=rf"^z.mp3: {fault}, as 20 files in a row; see to the"):
        for _ in range(MOST_IN_A_ROW):
            outage.see("z.mp3", fault)
