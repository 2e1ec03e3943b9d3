"""Log lines: readable or JSON, never with secrets or payloads, never in floods."""

import json
import logging
from pathlib import Path

import pytest

from node.logs import FloodFilter, set_up_logs

SECRET = bytes(range(32))


@pytest.fixture
def log_file(tmp_path):
    root = logging.getLogger()
    handlers, level, raising = list(root.handlers), root.level, logging.raiseExceptions
    for handler in handlers:
        root.removeHandler(handler)
    yield tmp_path / "logs" / "node.log"
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level)
    logging.raiseExceptions = raising


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_a_line_for_people(log_file):
    set_up_logs(as_json=False, file=log_file)
    logging.getLogger("lugang.node").info("start height=%d", 7)
    (line,) = lines(log_file)
    assert "start height=7" in line
    assert "lugang.node" in line
    assert "\x1b" not in line


def test_a_line_as_json(log_file):
    set_up_logs(as_json=True, file=log_file)
    logging.getLogger("lugang.node").warning("高度 %d", 7, extra={"peer": "collector"})
    row = json.loads(lines(log_file)[0])
    assert (row["event"], row["level"], row["logger"], row["peer"]) == ("高度 7", "warning", "lugang.node", "collector")
    assert row["time"].endswith("Z")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_traceback_does_not_show_what_variables_held(log_file, as_json):
    set_up_logs(as_json=as_json, file=log_file)

    def stop(passphrase: str) -> None:
        if passphrase:
            raise ValueError("the reason")

    try:
        stop("correct " + "horse")
    except ValueError:
        logging.getLogger("x").exception("the node stops")
    text = log_file.read_text(encoding="utf-8")
    assert "the reason" in text
    assert "in stop" in text or '"name": "stop"' in text
    assert "correct horse" not in text


@pytest.mark.parametrize("as_json", [False, True])
def test_bytes_and_secrets_never_appear(log_file, as_json):
    set_up_logs(as_json=as_json, file=log_file)
    log = logging.getLogger("x")
    log.warning("a key %s and %r in a list %s", SECRET, SECRET, [SECRET])
    log.warning("named", extra={"passphrase": "correct horse", "blob": SECRET, "inner": {"seed": "correct horse"}})
    text = log_file.read_text(encoding="utf-8")
    assert "correct horse" not in text
    assert "\\x01" not in text
    assert SECRET.hex() not in text
    assert text.count("32 bytes") == 4


@pytest.mark.parametrize("as_json", [False, True])
def test_a_strangers_words_stay_in_one_line(log_file, as_json):
    set_up_logs(as_json=as_json, file=log_file)
    logging.getLogger("x").warning("peer says %s", "hello\n2030-01-01 ERROR forged\x1b[2J")
    (line,) = lines(log_file)
    assert "\x1b" not in line


def test_a_traceback_is_kept_for_errors(log_file):
    set_up_logs(as_json=False, file=log_file)
    try:
        raise ValueError("the reason")
    except ValueError:
        logging.getLogger("x").exception("stopped")
    assert "ValueError: the reason" in log_file.read_text(encoding="utf-8")


def test_the_same_warning_passes_so_often_a_minute_and_is_summed_up():
    now = [0.0]
    sieve = FloodFilter(3, lambda: now[0])

    def passes(message: str, level: int = logging.WARNING) -> logging.LogRecord | None:
        record = logging.LogRecord("peers", level, "", 0, message, (len(message),), None)
        return record if sieve.filter(record) else None

    assert [passes("late by %d") is not None for _ in range(5)] == [True, True, True, False, False]
    assert passes("another %d") is not None
    assert all(passes("late by %d", logging.ERROR) for _ in range(9))
    now[0] = 60.0
    record = passes("late by %d")
    assert record is not None
    assert record.getMessage() == "late by 10 (and 2 more like it before)"


def test_a_file_that_logrotate_has_moved_is_opened_again(log_file):
    set_up_logs(as_json=False, file=log_file)
    log = logging.getLogger("x")
    log.info("before")
    log_file.rename(log_file.with_suffix(".1"))
    log.info("after")
    assert "after" in lines(log_file)[0]
