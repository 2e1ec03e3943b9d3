"""Signals end a command in order: its `finally` runs to the end, and nothing that it started is left."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TIDIES = """
import os, signal, sys
from devnet.ending import ends_in_order
with ends_in_order():
    try:
        print("ready", flush=True)
        signal.pause()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(os.getpid(), number)
        print("tidied", flush=True)
"""
HOLDS = """
import os, signal
from devnet.ending import ends_in_order, unbroken
with ends_in_order():
    with unbroken():
        with unbroken():
            os.kill(os.getpid(), signal.SIGTERM)
        print("whole", flush=True)
    print("never", flush=True)
"""


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_lets_the_tidying_up_run_and_further_ones_do_not_break_it_off(number):
    with subprocess.Popen([sys.executable, "-c", TIDIES], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(number)
        assert child.communicate(timeout=30)[0] == "tidied\n"
    assert child.returncode == 128 + number


def test_what_must_not_be_torn_in_two_is_finished_first():
    done = subprocess.run([sys.executable, "-c", HOLDS], capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout) == (128 + signal.SIGTERM, "whole\n")


def of_devnet(folder) -> list[psutil.Process]:
    """Processes that were started for the devnet in `folder`."""
    found = []
    for process in psutil.process_iter():
        try:
            if any(str(folder) in word for word in process.cmdline()) and process.pid != os.getpid():
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def test_a_demo_that_loses_its_terminal_leaves_nothing_running(tmp_path):
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "devnet.lugang", "devnet", "demo", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if "ready" in line or "就绪" in line:
                break
        assert len(of_devnet(folder)) == 6
        child.send_signal(signal.SIGHUP)
        child.communicate(timeout=60)
    assert child.returncode == 128 + signal.SIGHUP
    deadline = time.monotonic() + 10
    while of_devnet(folder) and time.monotonic() < deadline:
        psutil.wait_procs(of_devnet(folder), timeout=1)
    assert of_devnet(folder) == []
