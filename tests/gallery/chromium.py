"""A headless Chromium, spoken to through two pipes: no driver and no further library. Skips where there is none."""

import base64
import json
import os
import select
import shutil
import subprocess
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")


class Tab:
    """One page: loads, evaluates, presses keys, keeps what its console and its network said."""

    def __init__(self, to_browser, from_browser):
        self._to, self._from, self._rest, self._numbers = to_browser, from_browser, b"", count(1)
        self.problems, self.asked, self._session = [], [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Performance"):
            self.call(f"{domain}.enable")

    def call(self, method, **given):
        number = next(self._numbers)
        order = {"id": number, "method": method, "params": given}
        if self._session:
            order["sessionId"] = self._session
        os.write(self._to, json.dumps(order).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self._note(answer)

    def _read(self):
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._from], [], [], 60)
            assert ready, "the browser does not answer"
            self._rest += os.read(self._from, 1 << 20)
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def _note(self, event):
        said, told = event.get("method"), event.get("params", {})
        if said == "Runtime.exceptionThrown":
            self.problems.append(
                told["exceptionDetails"].get("exception", {}).get("description", "exception")
            )
        elif said == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            self.problems.append(str(told["args"]))
        elif said == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.problems.append(told["entry"]["text"])
        elif said == "Network.requestWillBeSent":
            self.asked.append(told["request"]["url"])

    def size(self, width, height, *, dark=False, scale=1):
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=scale, mobile=width < 500,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, page, fragment=""):
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=Path(page).absolute().as_uri() + fragment)

    def value(self, expression):
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, expression, seconds=20):
        """Wait until an expression holds; return after how many seconds it did."""
        begun = time.monotonic()
        holds = f"(() => {{ try {{ return Boolean({expression}) }} catch {{ return false }} }})()"
        while not self.value(holds):  # an expression may fail while one page gives way to the next
            assert time.monotonic() - begun < seconds, f"never: {expression}"
            time.sleep(0.02)
        return time.monotonic() - begun

    def press(self, key, text=None):
        named = {"key": key} | ({"text": text or key} if len(key) == 1 else {})
        self.call("Input.dispatchKeyEvent", type="keyDown", **named)
        self.call("Input.dispatchKeyEvent", type="keyUp", **named)

    def shot(self, file):
        Path(file).write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


@contextmanager
def chromium(folder):
    """Start a browser whose profile lies in a folder, and end it."""
    (there, to_browser), (from_browser, back) = os.pipe(), os.pipe()
    command = [
        BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--mute-audio",
        "--remote-debugging-pipe", f"--user-data-dir={folder}",
    ]  # fmt: skip

    def place():  # the browser reads orders from descriptor 3 and answers on 4
        os.dup2(there, 63), os.dup2(back, 64), os.dup2(63, 3), os.dup2(64, 4)

    process = subprocess.Popen(
        command, preexec_fn=place, close_fds=False, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(there), os.close(back)
    try:
        yield Tab(to_browser, from_browser)
    finally:
        os.killpg(process.pid, 9)
        process.wait()
        os.close(to_browser), os.close(from_browser)


def memory_of(folder):
    """Return the private bytes of the renderers of the browser whose profile is a folder, the largest first."""
    sizes = []
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"--type=renderer" not in command.read_bytes():
                continue
            lines = command.with_name("smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        if os.getsid(int(command.parent.name)) in _sessions(folder):
            sizes.append(sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Private_")))
    return sorted(sizes, reverse=True)


def _sessions(folder):
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if f"--user-data-dir={folder}".encode() in command.read_bytes():
                yield os.getsid(int(command.parent.name))
        except OSError:
            continue
