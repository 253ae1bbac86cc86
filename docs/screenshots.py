"""Makes the pictures of the page for the README, with Chromium: `python docs/screenshots.py`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
FIXTURE = HERE.parent / "fixtures/ldap-postgres/rstudio-connect.gcfg"
SIZE = {"width": 1200, "height": 760}
# Name of the picture: the address within the page, and the colours.
PICTURES = {"page-findings": ("", "light"), "page-sides": ("#line-37", "dark")}


def main() -> None:
    """Write every picture beside this file."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        (Path(folder) / FIXTURE.name).write_bytes(FIXTURE.read_bytes())
        command = [sys.executable, "-c", "from gcfg2helm.__main__ import main; main()", "check", FIXTURE.name]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "1795780800"}
        subprocess.run(
            [*command, "--report", "page.html"], cwd=folder, env=environment, check=False, capture_output=True
        )
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, (address, colours) in PICTURES.items():
            page = browser.new_page(viewport=SIZE, color_scheme=colours)
            page.goto((Path(folder) / "page.html").as_uri() + address)
            page.screenshot(path=HERE / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
