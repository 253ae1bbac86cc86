"""The page in a real browser: headless Chromium, driven by Playwright; what it says, shows, remembers and never asks for."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from gcfg2helm.chart import NEWEST, app_version
from gcfg2helm.cli import app
from gcfg2helm.report.page import FOLDED
from helpers.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
AXE = Path(os.environ.get("AXE_CORE") or "axe-core") / "axe.min.js"
WIDE = {"width": 1400, "height": 900}
SERVER = (ROOT / "fixtures/ldap-postgres/rstudio-connect.gcfg").read_text("utf-8")
EVIL = "</script><script>window.hit = 1</script><img src=https://evil.example.com/x onerror='window.hit = 2'>"
HOSTILE = f"""\
; {EVIL}
[Server]
Address = https://connect.example.com
PublicWarning = "{EVIL} {{{{ 7 * 7 }}}} {{% raw %}} &lt; \\"quotes\\" 'single' `ticks` \u202eright to left\u2066"
Long = {"x" * 10_000}
{"y" * 300} = y
[LDAP "{EVIL.replace('"', "")}"]
BindDN = ]]>--><!--
[Vendor]
""" + "".join(f"Setting{number} = {number}\n" for number in range(12))  # fmt: skip


def written(folder: Path, gcfg: str, *words: str, name: str = "rstudio-connect.gcfg") -> Path:
    """Return the page of a gcfg text, written into a folder."""
    (folder / name).write_text(gcfg, encoding="utf-8")
    before = Path.cwd()
    os.chdir(folder)
    try:
        done = CliRunner().invoke(app, ["check", name, "--report", "page.html", *words])
    finally:
        os.chdir(before)
    assert done.exit_code in (0, 1), done.output
    return folder / "page.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests here."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a server with secrets, files, lists, superseded and dropped lines."""
    return written(tmp_path_factory.mktemp("server"), SERVER)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a gcfg that means no good."""
    return written(tmp_path_factory.mktemp("hostile"), HOSTILE)


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in a context of its own; no request but for the page itself, no error, no message may come of it."""
    contexts = []
    heard: list[str] = []
    asked: list[str] = []

    def open_page(file: Path, address: str = "", **options: Any) -> Page:
        context = browser.new_context(**{"viewport": WIDE, **options})
        context.set_default_timeout(60_000)  # a busy machine is no fault of the page
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url.partition("#")[0]))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("console", lambda message: heard.append(message.text))
        page.on("dialog", lambda dialog: heard.append(dialog.message))
        page.goto(file.as_uri() + address)
        return page

    yield open_page
    files = {page.url.partition("#")[0] for context in contexts for page in context.pages}
    for context in contexts:
        context.close()
    assert heard == []
    assert set(asked) <= files, "a request left the page"


def until(page: Page, condition: str) -> None:
    """Wait until an expression holds; the page's policy allows Playwright no `wait_for_function`."""
    end = time.monotonic() + 60
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(20)


def line(page: Page, text: str, side: str = "line") -> Any:
    """Return the only line of a side whose text begins so."""
    find = """([side, text]) => [...document.querySelectorAll(`li[id^=${side}-] > .n`)].filter(
        (one) => one.textContent.trim().startsWith(text)).map((one) => one.parentElement.id)"""
    found = page.evaluate(find, [side, text])
    assert len(found) == 1, text
    return page.locator(f"#{found[0]}")


def lit(page: Page) -> list[str]:
    """Return the texts of the lines that are lit up."""
    return [one.strip() for one in page.locator(".lit > .n").all_inner_texts()]


def about(page: Page) -> str:
    """Return what is said of the line at hand."""
    return page.locator("#about").inner_text()


def lines_shown(page: Page) -> list[str]:
    """Return the settings of the gcfg that show."""
    rows = page.locator("li[id^=line-].entry:visible > .n")
    return [one.partition(" ")[0] for one in rows.all_inner_texts()]


# what it says -----------------------------------------------------------------------------------------------------------


def test_the_head_names_source_target_program_verdict_and_five_figures(
    server: Path, opened: Callable[..., Page]
) -> None:
    page = opened(server)
    assert page.title() == f"rstudio-connect.gcfg in chart {NEWEST}: proven"
    assert page.locator(".verdict strong").inner_text() == "proven"
    facts = dict(
        zip(page.locator(".facts dt").all_inner_texts(), page.locator(".facts dd").all_inner_texts(), strict=True)
    )
    assert facts == {
        "Source": "rstudio-connect.gcfg", "Chart": f"rstudio-connect {NEWEST}", "Connect": app_version(NEWEST),
        "Back end": "launcher, the chart's own default is kubernetes", "Release": "rsc", "Namespace": "rstudio-connect",
    }  # fmt: skip
    figures = page.locator(".figures li").all_inner_texts()
    assert [one.replace("\n", " ").partition(" ")[0] for one in figures] == ["54", "6", "3", "1", "54"]
    assert "2 in a Kubernetes Secret, 1 in the second values file" in figures[2]
    assert page.locator(".program").inner_text().startswith("gcfg2helm ")
    assert page.locator("time").get_attribute("datetime")


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ("config: {SMTP: {Port: 587}}\n", "proven"),
        ("config: {SMTP: {Port: 587}}\npod: {env: [{name: CONNECT_SMTP_HOST, value: x}]}\n", "proven but for 1"),
        ("config: {SMTP: {Port: 25}}\n", "not proven"),
    ],
    ids=["proven", "proven-but-for", "not-proven"],
)
def test_verify_gives_the_verdict_of_its_values(
    values: str, verdict: str, tmp_path: Path, opened: Callable[..., Page]
) -> None:
    """Beside the gcfg are the values that were given, as they were given; there is no runbook."""
    gcfg, file, report = (tmp_path / name for name in ("f.gcfg", "values.yaml", "page.html"))
    gcfg.write_text("[SMTP]\nPort = 587\n")
    done = CliRunner().invoke(app, ["convert", str(gcfg), "-o", str(file), "--yes"])
    assert done.exit_code == 0, done.output
    written = file.read_text().replace("Port: 587", "PORT")
    port = re.search(r"Port: [0-9]+", values)
    assert port is not None
    file.write_text(written.replace("PORT", port[0]) + values.partition("\n")[2])
    done = CliRunner().invoke(app, ["verify", str(gcfg), str(file), "--report", str(report)])
    assert done.exit_code == (verdict == "not proven")
    page = opened(report)
    assert page.locator(".verdict strong").inner_text() == verdict
    assert page.locator("#runbook").count() == 0
    line(page, "Port = 587").hover()
    assert lit(page) == [port[0]]


def test_every_line_of_the_gcfg_shows_with_its_number(server: Path, opened: Callable[..., Page]) -> None:
    page = opened(server)
    source = SERVER.removesuffix("\n").split("\n")
    shown = page.evaluate(
        "[...document.querySelectorAll('.side:first-child .n')].map(one => [one.dataset.n, one.textContent])"
    )
    assert [int(number) for number, _ in shown] == list(range(1, len(source) + 1))
    differ = [number for number, (text, (_, one)) in enumerate(zip(source, shown, strict=True), 1) if text != one]
    assert all("********" in shown[number - 1][1] for number in differ)
    assert [source[number - 1].partition("=")[0].strip() for number in differ] == [
        "Password",
        ";Password",
        "BindPassword",
        "URL",
    ]


def test_findings_come_by_what_they_ask(server: Path, opened: Callable[..., Page]) -> None:
    page = opened(server)
    heads = page.locator(".asks > summary h3").all_inner_texts()
    assert heads == ["Blocks start", "Decide", "Know"]
    assert (
        page.locator(".asks").nth(0).locator(".finding").all_inner_texts()[0].startswith("The licence needs a decision")
    )
    levels = page.locator(".asks").nth(2).locator(".finding").evaluate_all("all => all.map(one => one.classList[1])")
    assert levels == sorted(levels, key=["error", "warning", "info"].index)


def test_a_finding_on_twelve_lines_is_one_entry_with_twelve_places(hostile: Path, opened: Callable[..., Page]) -> None:
    page = opened(hostile)
    entry = page.locator("#finding-G2H101")
    assert entry.count() == 1
    places = entry.locator(".places a")
    assert places.count() == 14, "and the two of [Server]"
    entry.locator("summary", has_text="more places").click()
    places.last.click()
    assert page.locator(".here").get_attribute("id") == places.last.get_attribute("href").removeprefix("#")  # type: ignore[union-attr]


# side by side -------------------------------------------------------------------------------------------------------------


def test_pointing_at_a_line_lights_up_the_other_side(server: Path, opened: Callable[..., Page]) -> None:
    page = opened(server)
    line(page, "Port = 587").hover()
    assert lit(page) == ["Port: 587"]
    assert "carried" in about(page)
    line(page, 'CustomHeader = "Referrer').hover()
    assert lit(page) == ["- 'Referrer-Policy: same-origin'"]
    line(page, "Listen: ", "values").hover()
    assert lit(page) == ["Listen = :3939"]
    line(page, "TLSCACertificate = ").hover()
    assert "TLSCACertificate: /etc/ssl/certs/example-ca.pem" in lit(page)
    assert "mountPath: /etc/ssl/certs/example-ca.pem" in lit(page)
    page.mouse.move(5, 5)
    assert lit(page) == []


def test_a_line_shows_decision_reason_finding_and_link(server: Path, opened: Callable[..., Page]) -> None:
    page = opened(server)
    line(page, "BindPassword = ").hover()
    said = about(page)
    for words in (
        "secret",
        "→ secret-values:",
        "it goes into the second values file",
        "G2H502",
        "A secret moved to the second values file",
    ):
        assert words in said
    assert page.locator("#about a", has_text="documentation").get_attribute("href").startswith("https://docs.posit.co/")  # type: ignore[union-attr]
    line(page, "Port = 587").hover()
    assert "Unchanged." in about(page)


def test_superseded_and_dropped_lines_say_why(server: Path, opened: Callable[..., Page]) -> None:
    page = opened(server)
    assert line(page, "DefaultUserRole = publisher").locator(".y").inner_text() == "A later line wins."
    assert line(page, "DefaultUserRole = publisher").locator(".to").inner_text() == "→ line 67"
    dropped = line(page, "Executable = /opt/quarto").locator(".y")
    assert dropped.is_visible()
    assert "Only local execution uses it" in dropped.inner_text()


def test_every_decision_has_its_colour(server: Path, opened: Callable[..., Page]) -> None:
    page = opened(server)
    colours = page.evaluate("""() => Object.fromEntries([...document.querySelectorAll('.side:first-child li.entry')].map(
        one => [one.classList[1], getComputedStyle(one).borderLeftColor]))""")
    assert set(colours) == {"carried", "secret", "superseded", "dropped"}
    assert len(set(colours.values())) == 4


def test_the_keyboard_moves_along_and_across(server: Path, opened: Callable[..., Page]) -> None:
    page = opened(server)
    line(page, "Host = mail").locator(".n").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "Port = 587"
    assert lit(page) == ["Port: 587"]
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent").strip() == "Port: 587"
    assert lit(page) == ["Port = 587"]
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.textContent").strip() == "Host: mail.example.org"
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.textContent") == "Host = mail.example.org"
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.id") == "line-4", "the first header"
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.textContent") == "Enabled = true"
    page.keyboard.press("Escape")
    assert page.locator(".here").count() == 0


def test_one_stop_of_the_tab_key_leads_into_a_side(server: Path, opened: Callable[..., Page]) -> None:
    page = opened(server)
    assert page.locator(".side:first-child li a[tabindex='0']").count() == 1
    page.locator("button[type=reset]").focus()
    for _ in range(4):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.side') !== null")


# filters and address -----------------------------------------------------------------------------------------------------


def test_filters_by_decision_level_section_and_words(server: Path, opened: Callable[..., Page]) -> None:
    told = json.loads(
        CliRunner().invoke(app, ["check", str(server.with_name("rstudio-connect.gcfg")), "--format", "json"]).stdout
    )
    names = {one["line"]: SERVER.splitlines()[one["line"] - 1].partition(" ")[0] for one in told["settings"]}
    levels = {at: {one["level"] for one in told["findings"] if one["line"] == at} for at in names}
    page = opened(server)
    everything = lines_shown(page)
    assert len(everything) == 54
    page.locator("input[value=dropped]").check()
    until(page, "document.getElementById('shown').textContent.startsWith('6 of 54')")
    assert lines_shown(page) == ["Executable"] * 5 + ["Enabled"]
    page.locator("input[value=superseded]").check()
    until(page, "document.getElementById('shown').textContent.startsWith('7 of')")
    page.get_by_role("button", name="Show all").click()
    until(page, "document.getElementById('shown').textContent === ''")
    assert lines_shown(page) == everything
    page.locator("input[value=warning]").check()
    until(page, "document.getElementById('shown').textContent !== ''")
    assert lines_shown(page) == [names[at] for at in sorted(names) if "warning" in levels[at]]
    page.get_by_role("button", name="Show all").click()
    page.get_by_label("Section").select_option("SMTP")
    until(page, "document.getElementById('shown').textContent.startsWith('4 of')")
    assert lines_shown(page) == ["Host", "Port", "User", "Password"]
    assert page.locator("li[id^=values-]:visible", has_text="Port: 587").count() == 1
    assert page.locator("li[id^=values-]:visible", has_text="Listen").count() == 0
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Show all").click()
    page.keyboard.press("/")
    page.keyboard.type("mail.example")
    until(page, "document.getElementById('shown').textContent.startsWith('1 of')")
    assert lines_shown(page) == ["Host"]


def test_the_address_bar_keeps_line_and_filters(server: Path, opened: Callable[..., Page]) -> None:
    page = opened(server)
    line(page, "Port = 587").locator(".n").click()
    assert page.url.endswith("#line-21")
    page.get_by_label("Section").select_option('LDAP "Example Directory"')
    page.locator("input[value=secret]").check()
    until(page, "document.getElementById('shown').textContent.startsWith('1 of')")
    line(page, "BindPassword").locator(".n").click()
    address = page.url
    page.reload()
    assert page.url == address
    assert "#line-37&" in address
    assert lines_shown(page) == ["BindPassword"]
    assert page.locator(".here").get_attribute("id") == "line-37"
    page.get_by_role("button", name="Show all").click()
    until(page, "location.hash === '#line-37'")


def test_a_colleague_is_sent_to_a_line(server: Path, opened: Callable[..., Page]) -> None:
    page = opened(server, "#line-66")
    assert page.locator(".here > .n").inner_text() == "DefaultUserRole = publisher"
    assert page.locator(".here").evaluate(
        "one => { const at = one.getBoundingClientRect(); return at.top >= 0 && at.bottom <= innerHeight }"
    )
    until(page, "document.activeElement.textContent === 'DefaultUserRole = publisher'")
    other = line(page, "BindPassword: ", "values-2").get_attribute("id")
    page.evaluate(f"location.hash = '#{other}'")
    until(page, f"document.querySelector('.here')?.id === '{other}'")
    assert lit(page) == ["BindPassword = ********"]


# runbook and commands ------------------------------------------------------------------------------------------------------


def test_commands_are_copied(server: Path, opened: Callable[..., Page]) -> None:
    page = opened(server, permissions=["clipboard-read", "clipboard-write"])
    for place in ("#findings .command", "#runbook .command"):
        command = page.locator(place).first
        command.get_by_role("button", name="Copy").click()
        command.get_by_role("button", name="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == command.locator("code").inner_text()
        assert copied.split(" ")[0] in ("kubectl", "helm", "gcfg2helm")


def test_ticks_are_remembered_by_the_report(server: Path, hostile: Path, opened: Callable[..., Page]) -> None:
    page = opened(server)
    boxes = page.locator("#runbook input")
    boxes.nth(0).check()
    boxes.nth(2).check()
    boxes.nth(2).uncheck()
    boxes.nth(3).check()
    assert page.locator("#done").inner_text().startswith("2 of ")
    page.reload()
    assert boxes.evaluate_all("all => all.map(one => one.checked)")[:5] == [True, False, False, True, False]
    other = page.context.new_page()
    other.goto(hostile.as_uri())
    assert other.locator("#runbook input:checked").count() == 0
    other.close()


def test_the_same_report_made_again_keeps_its_ticks(server: Path, tmp_path: Path) -> None:
    def key(page: Path) -> str:
        return page.read_text("utf-8").partition('data-key="')[2].partition('"')[0]

    (tmp_path / "a").mkdir()
    assert key(written(tmp_path / "a", SERVER)) == key(server)
    assert key(written(tmp_path / "a", SERVER, "--release", "other")) != key(server)


# upgrade -------------------------------------------------------------------------------------------------------------------


def test_an_upgrade_shows_the_values_of_today_and_then(tmp_path: Path, opened: Callable[..., Page]) -> None:
    values = (ROOT / "tests/upgrading/to-the-runner/values.yaml").read_text("utf-8")
    (tmp_path / "values.yaml").write_text(values, encoding="utf-8")
    words = ["--from", "0.8.38", "--backend", "kubernetes", "--dry-run", "--report", str(tmp_path / "page.html")]
    done = CliRunner().invoke(app, ["upgrade", str(tmp_path / "values.yaml"), *words])
    assert done.exit_code == 0, done.output
    page = opened(tmp_path / "page.html")
    assert page.locator(".verdict strong").inner_text().startswith("proven but for ")
    assert "except for Launcher.DataDirPVCName, " in page.locator(".verdict").inner_text(), "what differs is named"
    captions = page.locator(".side h3").all_inner_texts()
    assert [one.rpartition("values.yaml")[2] for one in captions if "gcfg" not in one] == [" today", " then"]
    assert len(page.locator(".figures li").all()) == 5
    line(page, "ttlSecondsAfterFinished: 600").hover()
    assert lit(page) == ["ttlSecondsAfterFinished: 600"]
    assert "moved" in about(page)
    assert "removed" in (line(page, "KubernetesProfilesConfig:").get_attribute("class") or "")
    line(page, "DataDirPVCName: connect-data", "values").hover()
    assert lit(page)[0].startswith("DataDirPVCName: connect-data")
    decisions = page.locator("input[name=decision]").evaluate_all("all => all.map(one => one.value)")
    assert decisions == ["kept", "changed", "moved", "removed"]
    assert page.locator("#runbook pre").count() > 3
    source = values.rstrip("\n").split("\n")
    assert page.locator(".side:first-child .n").all_text_contents()[: len(source)] == source
    line(page, "Address = https:", "then").hover()
    assert lit(page)[0].startswith("Address = https:"), "what Connect reads stands below the values"


# for everybody ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 1400), ("light", 320), ("dark", 320)])
def test_axe_finds_nothing(scheme: str, width: int, server: Path, opened: Callable[..., Page]) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not there: AXE_CORE names its folder")
    page = opened(
        server,
        "#line-66&level=info&level=warning",
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        bypass_csp=True,
    )
    for summary in page.locator("#findings summary").all():
        summary.evaluate("one => { one.parentElement.open = true }")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []


def test_colours_follow_the_system(server: Path, opened: Callable[..., Page]) -> None:
    light, dark = (
        opened(server, color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    )
    assert light != dark


@pytest.mark.parametrize("width", [320, 768, 1400])
@pytest.mark.parametrize("which", ["server", "hostile"])
def test_nothing_is_wider_than_the_window(
    which: str, width: int, request: pytest.FixtureRequest, opened: Callable[..., Page]
) -> None:
    page = opened(request.getfixturevalue(which), "#line-3", viewport={"width": width, "height": 800})
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_all_can_be_read_without_its_script(server: Path, opened: Callable[..., Page]) -> None:
    page = opened(server, java_script_enabled=False)
    assert page.locator("#filters").is_hidden()
    assert page.locator(".copy:visible").count() == 0
    assert page.locator("li[id^=line-].entry:visible").count() == 54
    assert line(page, "BindPassword").locator(".y").is_visible()
    line(page, "Port = 587").locator(".to").click()
    assert page.locator(f"#{page.url.partition('#')[2]}").inner_text().strip() == "Port: 587"
    assert page.locator("#runbook pre:visible").count() > 10


def test_paper_holds_all_but_what_is_for_the_screen(server: Path, opened: Callable[..., Page]) -> None:
    page = opened(server, "#line-66")
    page.locator("summary#line-4").click()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for gone in ("#filters", "#about", "nav", ".copy >> nth=0"):
        assert page.locator(gone).is_hidden(), gone
    assert page.locator("li[id^=line-].entry:visible").count() == 54
    assert line(page, "BindPassword").locator(".y").is_visible()
    assert page.locator("#runbook pre:visible").count() > 10
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.evaluate("document.getElementById('line-4').parentElement.open")
    assert len(page.pdf()) > 10_000


# nothing comes in, nothing goes out ----------------------------------------------------------------------------------------


def test_the_policy_stops_what_the_page_does_not_bring(
    server: Path, opened: Callable[..., Page], browser: Browser
) -> None:
    del opened
    page = browser.new_page()
    stopped: list[tuple[str, str | None]] = []
    page.on("requestfailed", lambda request: stopped.append((request.url, request.failure)))
    page.on("response", lambda response: stopped.append((response.url, None)))
    page.goto(server.as_uri())
    page.evaluate("""() => {
        const script = document.createElement('script');
        try { script.textContent = 'window.hit = 1' } catch {}
        document.body.append(script, Object.assign(new Image(), {src: 'https://example.invalid/x.png'}));
        const style = document.createElement('style');
        style.textContent = 'body { display: none }';
        document.head.append(style);
        document.body.setAttribute('style', 'color: red');
    }""")
    assert page.evaluate("fetch('https://example.invalid/').then(() => 'sent', () => 'stopped')") == "stopped"
    assert page.evaluate("window.hit") is None
    assert page.evaluate("getComputedStyle(document.body).display") != "none"
    assert set(stopped) <= {
        (server.as_uri(), None),
        ("https://example.invalid/x.png", "csp"),
        ("https://example.invalid/", "csp"),
    }
    page.close()


def test_hostile_values_stay_text(hostile: Path, opened: Callable[..., Page]) -> None:
    page = opened(hostile)
    assert page.evaluate("window.hit") is None
    assert page.locator("script").count() == 1
    assert page.locator("img, iframe, object, link, base").count() == 0
    source = HOSTILE.split("\n")
    shown = page.locator(".side:first-child .n").all_text_contents()
    assert shown[0] == source[0]
    assert shown[3] == source[3].replace("\u202e", "\\u202e").replace("\u2066", "\\u2066")
    assert shown[4] == source[4]
    assert len(shown[4]) > 10_000
    assert page.locator("li", has_text="PublicWarning").first.locator("*").count() < 12
    assert "49" not in shown[3]
    section = EVIL.replace('"', "")
    assert page.locator("select[name=section] option").nth(2).inner_text() == f'LDAP "{section}"'
    page.get_by_label("Section").select_option(f'LDAP "{section}"')
    until(page, "document.getElementById('shown').textContent.startsWith('1 of')")
    line(page, "BindDN = ]]>--><!--").hover()
    assert page.evaluate("window.hit") is None


def test_a_hostile_address_is_no_more_than_an_address(server: Path, opened: Callable[..., Page]) -> None:
    page = opened(server, "#line-9999&q=%3Cimg src=x%3E&decision=nothing&__proto__=x&section=%22%5D")
    until(page, "document.getElementById('shown').textContent.startsWith('0 of')")
    page.evaluate("location.hash = '#%E0%A4%A&='")
    page.evaluate("location.hash = '#runbook'")
    assert page.locator("#runbook").is_visible()


# large ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a gcfg of 60,000 lines."""
    head = "[Server]\nAddress = https://x.example.com\n"
    parts = [
        f'[RPackageRepository "r{number}"]\nURL = https://packages.example.com/{number}\n' + "; a comment\n" * 148
        for number in range(400)
    ]
    return written(tmp_path_factory.mktemp("large"), head + "".join(parts))


def test_sixty_thousand_lines_open(large: Path, opened: Callable[..., Page]) -> None:
    page = opened(large, "#line-30003")
    assert page.locator("[id^=line-]").count() == 60_002
    assert f"more than {FOLDED:,} lines" in page.locator(".folded").inner_text()
    assert page.locator(".here").inner_text().startswith("[RPackageRepository")
    assert page.locator(".side details[open]").count() <= 2, "the others are closed"
    page.evaluate("location.hash = '#line-45004'")
    until(page, "document.querySelector('.here')?.id === 'line-45004'")
    assert page.locator(".here").is_visible()
    assert lit(page) == ["URL: https://packages.example.com/300"]
    page.locator("input[type=search]").fill("packages.example.com/399")
    until(page, "document.getElementById('shown').textContent.startsWith('1 of')")
    assert page.locator("li[id^=line-].entry:visible > .n").all_inner_texts() == [
        "URL = https://packages.example.com/399"
    ]
