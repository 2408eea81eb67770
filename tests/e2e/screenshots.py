"""Pictures of the main pages for the docs, from a running installation:

    python -m tests.e2e.screenshots http://127.0.0.1:8000 admin PASSWORD docs/screenshots

Best while `./dropstitch demo` has its incident open.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

LOOKS = {
    "light": ("light", 1440, 900),
    "dark": ("dark", 1440, 900),
    "phone": ("light", 390, 844),
}
SETTLE = 1_500  # ms for the live connection and the clocks


def sign_in(page: Page, url: str, name: str, password: str) -> None:
    page.goto(f"{url}/sign-in")
    page.get_by_label("Name or e-mail").fill(name)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/")


def take(browser: Browser, look: str, url: str, name: str, password: str, folder: Path) -> None:
    """Every main page in one look."""
    scheme, width, height = LOOKS[look]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    sign_in(page, url, name, password)
    pages = {"board": "/", "incident": "/incidents/1", "monitors": "/monitors/", "log": "/log/"}
    for called, path in pages.items():
        page.goto(url + path)
        page.wait_for_timeout(SETTLE)
        page.screenshot(path=folder / f"{called}-{look}.png")
    context.close()


def main() -> None:
    url, name, password, folder = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for look in LOOKS:
            take(browser, look, url.rstrip("/"), name, password, Path(folder))
        browser.close()


if __name__ == "__main__":
    main()
