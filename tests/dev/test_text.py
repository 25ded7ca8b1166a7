"""The customer in the terminal, run as a program against a simulator."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dev.text import main
from tests.dev.conftest import CUSTOMER, Receiver, Simulator, eventually

ROOT = Path(__file__).parents[2]


@pytest.fixture
def dev_json(simulator: Simulator, tmp_path: Path) -> Path:
    """What `make run` writes, as far as this program reads it."""
    file = tmp_path / "dev.json"
    file.write_text(json.dumps({"accounts": {"twilio": "acc_1"}, "simulator": simulator.url}))
    return file


def test_without_a_running_stack_it_says_what_to_run(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dev.text", "--once", "Hi", "--dev-json", str(tmp_path / "dev.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "dev.json is missing: run `make run` first" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"accounts": {"twilio": "acc_1"}}'])
def test_a_broken_dev_json_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str) -> None:
    file = tmp_path / "dev.json"
    file.write_text(content)
    assert main(["--once", "Hi", "--dev-json", str(file)]) == 1
    assert "is not complete" in capsys.readouterr().err


def test_a_simulator_that_is_gone_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "dev.json"
    file.write_text(json.dumps({"accounts": {"twilio": "acc_1"}, "simulator": "http://127.0.0.1:9"}))
    assert main(["--once", "Hi", "--dev-json", str(file)]) == 1
    assert "does not answer at http://127.0.0.1:9: run `make run` first" in capsys.readouterr().err


def test_an_account_that_the_demo_lacks_is_named(dev_json: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--account", "plivo", "--once", "Hi", "--dev-json", str(dev_json)]) == 1
    assert "no plivo account, only: twilio" in capsys.readouterr().err


def test_a_number_that_is_none_is_refused_in_words(dev_json: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--from", "not-a-number", "--once", "Hi", "--dev-json", str(dev_json)]) == 1
    assert "refuses number: must be E.164" in capsys.readouterr().err


def test_once_sends_a_text_and_prints_only_what_arrives_after_it(
    dev_json: Path, simulator: Simulator, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator.send(Body="old")
    receiver.wait(2)

    def reply(request: object) -> tuple[int, str, bytes]:
        if b"Body=Hi+there" in receiver.received[-1].body:
            simulator.send(Body="Welcome", StatusCallback=None)
        return 204, "", b""

    receiver.answer = reply
    assert main(["--once", "Hi there", "--wait", "1.2", "--dev-json", str(dev_json)]) == 0
    assert capsys.readouterr().out == "< Welcome\n"


def test_a_text_that_the_app_does_not_take_is_told_and_fails(
    dev_json: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.answer = lambda _: (404, "application/problem+json", b"{}")
    assert main(["--once", "Hi", "--wait", "0.1", "--dev-json", str(dev_json)]) == 1
    assert "not taken by the app: HTTP 404" in capsys.readouterr().out


def test_a_conversation_sends_each_line_and_prints_answers_as_they_come(
    dev_json: Path, simulator: Simulator, receiver: Receiver
) -> None:
    command = [sys.executable, "-m", "dev.text", "--dev-json", str(dev_json)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as talk:
        assert talk.stdout.readline().startswith(f"You are {CUSTOMER}.")
        talk.stdin.write("first line\n\nsecond line\n")
        talk.stdin.flush()
        assert eventually(lambda: len(receiver.received) == 2)
        simulator.send(Body="How can we help?", StatusCallback=None)
        assert talk.stdout.readline() == "< How can we help?\n"
        out, err = talk.communicate(timeout=10)
    assert (talk.returncode, out, err) == (0, "", "")
    assert [b"Body=first+line" in receiver.received[0].body, b"Body=second+line" in receiver.received[1].body] == [
        True
    ] * 2
