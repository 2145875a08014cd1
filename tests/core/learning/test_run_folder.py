"""What a training leaves on the disk: one file of weights among the models, small files in its folder."""

import pytest

from core.foundation.messages import message, verbatim
from core.foundation.progress import Progress
from core.learning.run_folder import RunListener, keep_file, messages_in, resume_from, tidy, training_log
from db.tables import Run, RunState
from db.writing import writing


@pytest.fixture
def made(workspace, dataset, author):
    def make(state, **parameters):
        with writing(workspace.engine) as session:
            run = Run(kind="train", dataset_id=dataset, author_id=author, parameters=parameters, state=state)
            session.add(run)
            session.flush()
            return run.id

    return make


def _fill(folder):
    for name in (
        "best.safetensors",
        "last.safetensors",
        "state.pt",
        "round-1/state.pt",
        "curves.jsonl",
        "pictures/epoch-0001-examples.png",
        "said.txt",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def _names(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


SMALL = {"curves.jsonl", "pictures/epoch-0001-examples.png", "said.txt"}


def test_weights_and_states_go_and_what_people_look_at_stays(tmp_path):
    _fill(tmp_path)
    tidy(tmp_path)
    assert _names(tmp_path) == SMALL
    tidy(tmp_path / "never made")


def test_a_kept_file_is_whole_and_stays_when_its_source_goes(tmp_path):
    source, target = tmp_path / "best.safetensors", tmp_path / "models" / "abc.safetensors"
    source.write_bytes(b"weights")
    keep_file(source, target)
    keep_file(source, target)
    source.unlink()
    assert target.read_bytes() == b"weights"
    assert _names(tmp_path) == {"models/abc.safetensors"}


def test_a_kept_file_is_copied_where_the_disk_knows_no_second_names(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("no links here")

    monkeypatch.setattr("os.link", refuse)
    (tmp_path / "best.safetensors").write_bytes(b"weights")
    keep_file(tmp_path / "best.safetensors", tmp_path / "kept.safetensors")
    assert (tmp_path / "kept.safetensors").read_bytes() == b"weights"


def test_the_same_training_asked_for_again_goes_on_from_what_failed(workspace, made):
    failed, again = made(RunState.FAILED, recipe="a"), made(RunState.RUNNING, recipe="a")
    _fill(workspace.training_folder(failed))
    resume_from(workspace, again)
    mine = workspace.training_folder(again)
    assert _names(mine) == {"best.safetensors", "last.safetensors", "state.pt", "round-1/state.pt"} | SMALL - {
        "said.txt"
    }
    assert _names(workspace.training_folder(failed)) == SMALL
    (mine / "state.pt").write_text("further")
    resume_from(workspace, again)  # a run that was killed and is taken up: its own folder counts
    assert (mine / "state.pt").read_text() == "further"


@pytest.mark.parametrize(("state", "recipe"), [(RunState.CANCELLED, "a"), (RunState.FAILED, "b"), (RunState.DONE, "a")])
def test_what_other_trainings_have_left_is_cleared_away(workspace, made, state, recipe):
    ended, again = made(state, recipe=recipe), made(RunState.RUNNING, recipe="a")
    _fill(workspace.training_folder(ended))
    resume_from(workspace, again)
    assert _names(workspace.training_folder(ended)) == SMALL
    assert not workspace.training_folder(again).exists()


def test_the_folder_of_a_run_that_goes_on_elsewhere_is_left_alone(workspace, made):
    other, mine = made(RunState.RUNNING, recipe="a"), made(RunState.RUNNING, recipe="a")
    _fill(workspace.training_folder(other))
    resume_from(workspace, mine)
    assert "state.pt" in _names(workspace.training_folder(other))


def test_a_failed_run_without_a_best_is_not_gone_on_from(workspace, made):
    failed, again = made(RunState.FAILED, recipe="a"), made(RunState.RUNNING, recipe="a")
    _fill(workspace.training_folder(failed))
    (workspace.training_folder(failed) / "best.safetensors").unlink()
    resume_from(workspace, again)
    assert not workspace.training_folder(again).exists()


def test_what_another_process_clears_away_meanwhile_is_not_gone_on_from(workspace, made, monkeypatch):
    failed, again = made(RunState.FAILED, recipe="a"), made(RunState.RUNNING, recipe="a")
    _fill(workspace.training_folder(failed))

    def gone(source, target):
        raise FileNotFoundError(source)

    monkeypatch.setattr("core.learning.run_folder._linked", gone)
    resume_from(workspace, again)
    assert not workspace.training_folder(again).exists()


def test_what_a_training_tells_is_kept_in_order_and_passed_on_by_phase(tmp_path):
    class Heard(Progress):
        def __init__(self):
            self.begun, self.done = [], []

        def begin(self, total, done=0, message=""):
            self.begun.append((message, total))

        def advance(self, done):
            self.done.append(done)

    heard = Heard()
    listener = RunListener(heard, tmp_path / "7")
    assert messages_in(tmp_path / "7") == []
    listener.reading(1, 2)
    listener.reading(2, 2)
    listener.batch(1, 9)
    listener.remark(verbatim("half the batch"))
    listener.remark(message("trainings.stopped_early", epoch=3, count=2))
    assert [(phase.text(), total) for phase, total in heard.begun] == [("Reading pictures", 2), ("Training", 9)]
    assert heard.done == [1, 2, 1]
    told = ["half the batch", "stopped after epoch 3: no better validation NME for 2 epochs"]
    assert [one.text() for one in messages_in(tmp_path / "7")] == told
    (tmp_path / "7" / "said.txt").write_text("said before codes\n")
    assert [one.text() for one in messages_in(tmp_path / "7")] == ["said before codes", *told]


def test_a_line_that_is_being_written_is_left_for_the_next_look(workspace):
    folder = workspace.training_folder(3)
    folder.mkdir(parents=True)
    (folder / "curves.jsonl").write_text('{"epoch": 1}\n{"epoch": 2}\n{"epo')
    log = training_log(workspace, 3)
    assert [line["epoch"] for line in log.epochs] == [1, 2]
    assert (log.messages, log.heatmaps, log.examples, log.rounds) == ([], [], [], [])
