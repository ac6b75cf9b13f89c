# SPDX-License-Identifier: MIT
"""A browser without a window, told what to do through a pipe: Chromium's DevTools protocol.

Only what the tests of pages need: load a page, pretend a screen, ask the page something, take its
picture, and name everything that it asked for. Each message ends with a zero byte, on descriptor 3
to the browser and on descriptor 4 from it.
"""

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PROGRAM = "chromium"
SECONDS = 60


class Browser:
    """Use as a context; the browser and its files are gone at the end."""

    def __init__(self):
        self.stack = contextlib.ExitStack()
        self.rest, self.count, self.session = b"", 0, None
        self.requests = []  # addresses that pages asked for
        self.complaints = []  # what the browser said about the page

    @staticmethod
    def is_installed():
        return shutil.which(PROGRAM) is not None

    def __enter__(self):
        # The browser writes into its folder until its last process has gone.
        home = self.stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        to_browser, self.out = os.pipe()
        self.in_, from_browser = os.pipe()
        self.stack.callback(os.close, self.out)
        self.stack.callback(os.close, self.in_)
        # sh moves the descriptors to where the browser looks; exec, so that its id is the browser's.
        # Its own sandbox does not work for root; all that it loads is a page of ours.
        command = ["sh", "-c", f'exec 3<&{to_browser} 4>&{from_browser}; exec "$@"', "sh", PROGRAM,
                   "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                   "--disable-background-networking", "--disable-component-update", "--disable-sync",
                   "--hide-scrollbars", "--force-device-scale-factor=1", f"--user-data-dir={home}",
                   "--remote-debugging-pipe", "about:blank"]
        self.process = subprocess.Popen(command, pass_fds=(to_browser, from_browser),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, env=os.environ | {"HOME": home})
        os.close(to_browser)
        os.close(from_browser)
        self.stack.callback(self.end)
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")
        return self

    def __exit__(self, *exception):
        self.stack.close()

    def end(self):
        with contextlib.suppress(OSError):
            self.send("Browser.close", {}, None)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def send(self, method, parameters, session):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.out, json.dumps(message).encode() + b"\0")

    def message(self, end):
        """The next message from the browser."""
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.in_], [], [], max(end - time.monotonic(), 0))
            more = os.read(self.in_, 1 << 16) if ready else b""
            if not more:
                raise RuntimeError(f"{PROGRAM} " + ("ended" if ready else "does not answer"))
            self.rest += more
        text, _, self.rest = self.rest.partition(b"\0")
        return json.loads(text)

    def note(self, message):
        """Keeps what a test may want to know of what happened."""
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Log.entryAdded":
            self.complaints.append(parameters["entry"]["text"])

    def until(self, wanted):
        end = time.monotonic() + SECONDS
        while True:
            message = self.message(end)
            self.note(message)
            if wanted(message):
                return message

    def ask(self, method, **parameters):
        self.send(method, parameters, self.session)
        number = self.count
        answer = self.until(lambda message: message.get("id") == number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def screen(self, width, height, scheme):
        """From now on pages are shown on such a screen to somebody who prefers light or dark."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=False)
        self.ask("Emulation.setEmulatedMedia",
                 features=[{"name": "prefers-color-scheme", "value": scheme}])

    def load(self, path):
        self.ask("Page.navigate", url=path.absolute().as_uri())
        self.until(lambda message: message.get("method") == "Page.loadEventFired")

    def value(self, expression):
        """What a JavaScript expression is worth in the page; the page's own policy does not matter."""
        result = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']['text']}")
        return result["result"].get("value")

    def picture(self, path):
        """The whole page as a PNG file."""
        width, height = self.value("[innerWidth, document.documentElement.scrollHeight]")
        data = self.ask("Page.captureScreenshot", captureBeyondViewport=True, clip={
            "x": 0, "y": 0, "width": width, "height": height, "scale": 1})["data"]
        path.write_bytes(base64.b64decode(data))
