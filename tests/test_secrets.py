"""Secrets: what counts as one, where it goes, and that no message or comment shows it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from gcfg2helm import gcfg, tables
from gcfg2helm.chart import newest
from gcfg2helm.enums import Backend, SecretMode
from gcfg2helm.masked import STARS, Secret
from gcfg2helm.plan import build, placing, scrub, secrets
from gcfg2helm.plan.context import Context, Options
from gcfg2helm.plan.decisions import EnvSecret, Plan
from gcfg2helm.plan.grouping import group_entries
from gcfg2helm.values import read, write

if TYPE_CHECKING:
    from gcfg2helm.findings import Finding

TABLES = tables.load()
CHART = newest()
PEM = "-----BEGIN RSA PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\\n-----END RSA PRIVATE KEY-----"


def context(text: str, options: Options | None = None, answers: dict[str, Any] | None = None) -> Context:
    """Return the context of a gcfg text, for the newest chart and the launcher."""
    groups = group_entries([("f.gcfg", gcfg.parse(text, "f.gcfg"))], TABLES)
    return Context(TABLES, groups, CHART, Backend.LAUNCHER, "rsc", "connect", options or Options(), answers or {}, None)


def placed(ctx: Context) -> list[placing.Placement | None]:
    """Return what `place` says of each group, as a plan without transforms would ask it."""
    return [placing.place(ctx, group, group.setting, group.subsection, group.values) for group in ctx.groups.values()]


def only(text: str, options: Options | None = None) -> placing.Placement:
    """Return the one placement of a gcfg text."""
    (one,) = (one for one in placed(context(text, options)) if one is not None)
    return one


def codes(findings: tuple[Finding, ...] | list[Finding]) -> list[str]:
    return [one.code for one in findings]


@pytest.mark.parametrize(
    ("text", "variable", "key", "value", "kept"),
    [
        pytest.param(
            "[Postgres]\nPassword = p w",
            "CONNECT_POSTGRES_PASSWORD",
            "postgres-password",
            "p w",
            None,
            id="listed",
        ),
        pytest.param(
            "[OAuth2]\nclientsecret = s",
            "CONNECT_OAUTH2_CLIENTSECRET",
            "oauth2-clientsecret",
            "s",
            None,
            id="capitals-of-the-table",
        ),
        pytest.param(
            '[Postgres]\nURL = "postgres://connect:pg%40pass@db:5432/c?sslmode=require"',
            "CONNECT_POSTGRES_PASSWORD",
            "postgres-password",
            "pg@pass",
            ["postgres://connect@db:5432/c?sslmode=require"],
            id="percent-encoded",
        ),
        pytest.param(
            '[Postgres]\nURL = "postgres://u:p@ss:w@db/c"',
            "CONNECT_POSTGRES_PASSWORD",
            "postgres-password",
            "p@ss:w",
            ["postgres://u@db/c"],
            id="odd-characters",
        ),
        pytest.param(
            "[Postgres]\nURL = postgres://u:123,45@db/c",
            "CONNECT_POSTGRES_PASSWORD",
            "postgres-password",
            "123,45",
            ["postgres://u@db/c"],
            id="digits-are-no-port",
        ),
        pytest.param(
            "[Postgres]\nURL = postgres://u@db/c?password=a%20b+c&sslmode=require",
            "CONNECT_POSTGRES_PASSWORD",
            "postgres-password",
            "a b c",
            ["postgres://u@db/c?sslmode=require"],
            id="first-parameter",
        ),
        pytest.param(
            "[Postgres]\nURL = postgres://u:old@db/c?sslmode=require&password=new",
            "CONNECT_POSTGRES_PASSWORD",
            "postgres-password",
            "new",
            ["postgres://u@db/c?sslmode=require"],
            id="parameter-beats-user",
        ),
        pytest.param(
            "[Postgres]\nURL = \"host=db password='a b\\\\'c' dbname=connect\"",
            "CONNECT_POSTGRES_PASSWORD",
            "postgres-password",
            "a b'c",
            ["host=db dbname=connect"],
            id="libpq",
        ),
        pytest.param(
            "[Postgres]\nURL = host=db password=last",
            "CONNECT_POSTGRES_PASSWORD",
            "postgres-password",
            "last",
            ["host=db"],
            id="libpq-at-the-end",
        ),
        pytest.param(
            "[Postgres]\nInstrumentationURL = postgres://u:p@db/i",
            "CONNECT_POSTGRES_INSTRUMENTATIONPASSWORD",
            "postgres-instrumentationpassword",
            "p",
            ["postgres://u@db/i"],
            id="instrumentation",
        ),
        pytest.param(
            "[Postgres]\nURL = postgres://u:p@db/c?sslpassword=q&a=b",
            "CONNECT_POSTGRES_URL",
            "postgres-url",
            "postgres://u:p@db/c?sslpassword=q&a=b",
            ["postgres://u@db/c?a=b"],
            id="more-than-the-password",
        ),
        pytest.param(
            "[Postgres]\nURL = postgres://u:%ff@db/c",
            "CONNECT_POSTGRES_URL",
            "postgres-url",
            "postgres://u:%ff@db/c",
            ["postgres://u@db/c"],
            id="no-text",
        ),
        pytest.param(
            "[Postgres]\nURL = postgres://u:pa#ss@db/c",
            "CONNECT_POSTGRES_URL",
            "postgres-url",
            "postgres://u:pa",
            ["postgres://u"],
            id="cut-inside-the-password",
        ),
        pytest.param(
            '[Postgres]\nURL = "postgres://u:p/w@db/c"',
            "CONNECT_POSTGRES_URL",
            "postgres-url",
            "postgres://u:p/w@db/c",
            ["postgres://u@db/c"],
            id="slash-in-the-password",
        ),
        pytest.param(
            "[OpenTelemetry]\nCollector = https://me:pw@otel:4317",
            "CONNECT_OPENTELEMETRY_COLLECTOR",
            "opentelemetry-collector",
            "https://me:pw@otel:4317",
            ["https://me@otel:4317"],
            id="unknown-url",
        ),
        pytest.param(
            "[Server]\nAddress = https://:pw@x.org/?a=1&access_token=t",
            "CONNECT_SERVER_ADDRESS",
            "server-address",
            "https://:pw@x.org/?a=1&access_token=t",
            ["https://x.org/?a=1"],
            id="without-user",
        ),
        pytest.param(
            "[New]\nVendorApiKey = abc",
            "CONNECT_NEW_VENDORAPIKEY",
            "new-vendorapikey",
            "abc",
            None,
            id="unknown-by-name",
        ),
        pytest.param("[New]\nKEY = abc", "CONNECT_NEW_KEY", "new-key", "abc", None, id="unknown-key"),
        pytest.param(
            f'[SAML]\nSPEncryptionKey = "{PEM}"',
            "CONNECT_SAML_SPENCRYPTIONKEY",
            "saml-spencryptionkey",
            PEM.replace("\\n", "\n"),
            None,
            id="pasted-key",
        ),
    ],
)
def test_a_plain_section_gets_a_variable(
    text: str, variable: str, key: str, value: str, kept: list[str] | None
) -> None:
    """One value without a subsection: the Secret holds it, `config` at most what is left of a URL."""
    one = only(text)
    assert one.env == EnvSecret(variable, key, Secret(value))
    assert (one.config_values, one.variable, one.secret_values) == (kept, variable, None)
    assert "G2H501" in codes(one.findings)
    assert value not in f"{one!r}" or len(value) < 4


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[Postgres]\nPassword =", id="empty"),
        pytest.param("[Postgres]\nURL = postgres://u:{$}@db/c", id="placeholder"),
        pytest.param("[Postgres]\nURL = postgres://u:%7B$%7D@db/c", id="encoded-placeholder"),
        pytest.param("[Postgres]\nURL = postgres://u@db:5432/c?sslkey=/k.pem", id="no-password"),
        pytest.param("[Postgres]\nURL = host=db user=u", id="libpq-without"),
        pytest.param("[PAM]\nForwardPassword = true", id="listed-boolean"),
        pytest.param("[PAM]\nPasswordLifetime = 12h", id="listed-duration"),
        pytest.param("[Authentication]\nAPIKeyBcryptCost = 10", id="listed-integer"),
        pytest.param("[HTTPS]\nKey = /etc/x/server.key", id="listed-path"),
        pytest.param('[LDAP "x"]\nBindPasswordFile = /etc/x', id="listed-file"),
        pytest.param("[New]\nTokenExpiry = 1h\nSecretPath = /x\nPasswordPolicy = strong", id="harmless-ends"),
        pytest.param("[New]\nRequireToken = yes", id="unknown-boolean"),
        pytest.param("[Server]\nAddress = http://localhost:3939/a@b", id="port"),
        pytest.param("[Server]\nAddress = http://[::1]:80/a@b", id="ipv6"),
        pytest.param("[Server]\nPublicWarning = \"<a href='https://x'>call: me@x.org</a>\"", id="prose"),
        pytest.param('[Server]\nPublicWarning = "see http://proxy:3128 or ask admin@x.org"', id="prose-with-port"),
        pytest.param("[Server]\nCustomHeader = X-A: b@c", id="header"),
        pytest.param('[RPackageRepository "a"]\nURL = "https://p.org/cran/__linux__/jammy/latest"', id="repository"),
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert [one for one in placed(context(text)) if one] == []


@pytest.mark.parametrize(
    ("text", "secret_values", "kept"),
    [
        pytest.param('[LDAP "x"]\nBindPassword = a', ["a"], None, id="named"),
        pytest.param('[GitCredential "x"]\nPassword = a', ["a"], None, id="git"),
        pytest.param(
            '[RPackageRepository "a"]\nURL = https://__token__:t@p.org/cran',
            ["https://__token__:t@p.org/cran"],
            ["https://__token__@p.org/cran"],
            id="named-url",
        ),
        pytest.param(
            "[New]\nHook = https://a:b@c\nHook = https://d/",
            ["https://a:b@c", "https://d/"],
            ["https://a@c", "https://d/"],
            id="several-urls",
        ),
        pytest.param("[New]\nToken = a\nToken = b", ["a", "b"], None, id="several"),
        pytest.param("[New-Section]\nToken = a", ["a"], None, id="no-name-for-a-variable"),
    ],
)
def test_others_go_to_the_second_values_file(text: str, secret_values: list[str], kept: list[str] | None) -> None:
    one = only(text)
    assert (one.secret_values, one.config_values, one.env, one.variable) == (secret_values, kept, None, "")
    assert "G2H502" in codes(one.findings)


def test_inline_keeps_and_warns() -> None:
    text = '[Postgres]\nURL = postgres://u:p@h/d\n[LDAP "x"]\nBindPassword = a'
    found = [one for one in placed(context(text, Options(secrets=SecretMode.INLINE))) if one]
    assert [one.config_values for one in found] == [["postgres://u:p@h/d"], ["a"]]
    assert [codes(one.findings) for one in found] == [["G2H503"], ["G2H503", "G2H505"]]
    assert all(one.env is None and one.secret_values is None for one in found)


@pytest.mark.parametrize(
    ("own", "variables", "kept"),
    [
        pytest.param("same", ["", "CONNECT_POSTGRES_PASSWORD"], ["postgres://u@h/d"], id="same"),
        pytest.param(
            "other", ["CONNECT_POSTGRES_URL", "CONNECT_POSTGRES_PASSWORD"], ["postgres://u@h/d"], id="different"
        ),
        pytest.param("", ["CONNECT_POSTGRES_PASSWORD"], ["postgres://u@h/d"], id="empty"),
    ],
)
def test_a_password_in_both_places(own: str, variables: list[str], kept: list[str]) -> None:
    """Connect reads the same as before: a URL that disagrees with Postgres.Password goes whole into the Secret."""
    found = [one for one in placed(context(f"[Postgres]\nURL = postgres://u:same@h/d\nPassword = {own}")) if one]
    assert [one.variable for one in found] == variables
    assert found[0].config_values == kept


def test_the_hint_of_encryption_comes_once_for_a_setting() -> None:
    text = '[LDAP "x"]\nBindPassword = a\n[LDAP "y"]\nBindPassword = b\n[SMTP]\nPassword = c'
    found = [one for one in placed(context(text)) if one]
    assert [codes(one.findings) for one in found] == [["G2H502", "G2H505"], ["G2H502"], ["G2H501", "G2H505"]]


def test_findings_do_not_show_the_secret() -> None:
    text = f'[Postgres]\nURL = postgres://u:hunter2@h/d\n[New]\nApiKey = hunter2\n[X]\nY = "{PEM}"\n[SMTP]\nPassword = hunter2'
    for mode in SecretMode:
        ctx = context(text, Options(secrets=mode))
        found = [one for one in placed(ctx) if one]
        said = [item for one in found for item in one.findings]
        edits, more, _ = placing.env_edits(ctx, [one.env for one in found if one.env])
        shown = f"{said} {edits} {more} {[one.reason for one in found]}"
        assert "hunter2" not in shown
        assert "MIIE" not in shown


# comments and source lines --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "scrubbed"),
    [
        pytest.param(";Password = x", f";Password = {STARS}", id="plain"),
        pytest.param('# BindPassword="a b"', f"# BindPassword={STARS}", id="quoted"),
        pytest.param(";; ; password=x ; y", f";; ; password={STARS}", id="nested"),
        pytest.param("; Password: x", f"; Password: {STARS}", id="colon"),
        pytest.param(";CLIENTSECRET=x\r", f";CLIENTSECRET={STARS}\r", id="capitals"),
        pytest.param("; A = b; Token = c", f"; A = b; Token = {STARS}", id="second"),
        pytest.param("; ForwardPassword = no ; Token = c", f"; ForwardPassword = no ; Token = {STARS}", id="third"),
        pytest.param("; url = postgres://u:p@h/d", f"; url = postgres://u:{STARS}@h/d", id="url"),
        pytest.param("; postgres://u:p#/?w@h/d", f"; postgres://u:{STARS}@h/d", id="odd-url"),
        pytest.param("; a://u:p@h b://v:q@i", f"; a://u:{STARS}@h b://v:{STARS}@i", id="two-urls"),
        pytest.param("; x://u:p@h Key = y", f"; x://u:{STARS}@h Key = {STARS}", id="url-and-name"),
        pytest.param("; postgres://h/d?password=x&y=z", f"; postgres://h/d?password={STARS}", id="parameter"),
        pytest.param('; {"api_key": "x"}', f'; {{"api_key": {STARS}', id="json"),
        pytest.param("; export CONNECT_POSTGRES_PASSWORD=x", f"; export CONNECT_POSTGRES_PASSWORD={STARS}", id="shell"),
        pytest.param("; the password for admin: x", f"; the password for admin: {STARS}", id="prose"),
        pytest.param("; Kennwort für Bob: x", f"; Kennwort für Bob: {STARS}", id="german"),
        pytest.param(
            "; -----BEGIN PRIVATE KEY----- MIIE", f"; -----BEGIN PRIVATE KEY----- {STARS}", id="key-on-a-line"
        ),
        pytest.param("; MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ", f"; {STARS}", id="line-of-a-key"),
        pytest.param("# q3Zx0w8Yk1Lm9Pq=", "# q3Zx0w8Yk1Lm9Pq=", id="short-word"),
        pytest.param("# q3Zx0w8Yk1Lm9PqR==", f"# {STARS}", id="end-of-a-key"),
        pytest.param(";Key = hunter2", f";Key = {STARS}", id="key"),
    ],
)
def test_a_comment_is_scrubbed(line: str, scrubbed: str) -> None:
    assert scrub.comment(line) == (scrubbed, scrubbed != line)
    assert scrub.comment(scrubbed) == (scrubbed, False)


@pytest.mark.parametrize(
    "line",
    [
        "; the password is set in the vault, see the wiki",
        ";Specifies the type. Allowed values are password, ldap, pam, oauth2, proxy or saml. Default: ldap",
        "; When troubleshooting a problem relating to Password Authentication, ",
        "; Provider = password",
        "; Password = ",
        '; Password = ""',
        "; ForwardPassword = true ; Forward the current user's password into the PAM session",
        "; PasswordLifetime = 1h ; Cache passwords for 1 hour(s) after login",
        "; Key = /etc/rstudio-connect/tls/server.key",
        "; see https://docs.posit.co:443/connect/@latest",
        "; the token page is https://example.org/token",
        "; Address = http://localhost:3939",
        ";;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;",
        "; ////////////////////////////////////////////////////////",
        "; /opt/R/Devel/bin/Rscript4",
        "; Password = ********",
        "",
    ],
)
def test_comments_that_stay(line: str) -> None:
    assert scrub.comment(line) == (line, False)


@pytest.mark.parametrize(
    ("line", "hidden"),
    [
        pytest.param('Password = "abc', "Password = ****", id="open-quote"),
        pytest.param("\tPassword\t=\ta b\tc", "\tPassword\t=\t***\t*", id="tabs"),
        pytest.param('Password "abc" x', "Password *******", id="no-equals"),
        pytest.param('URL = "postgres://u:p#w@h/d', 'URL = "postgres://u:***@h/d', id="url"),
        pytest.param("Address = \\x", "Address = \\x", id="harmless"),
        pytest.param('[LDAP "x" y', '[LDAP "x" y', id="header"),
        pytest.param("A = b ; Token = c", "A = b ; Token = *", id="comment-beside"),
    ],
)
def test_a_source_line_is_hidden(line: str, hidden: str) -> None:
    assert scrub.source(line) == hidden
    assert len(hidden) == len(line)


@given(st.text(max_size=60))
def test_hiding_keeps_the_width_and_scrubbing_is_stable(line: str) -> None:
    assert len(scrub.source(line)) == len(line)
    scrubbed, changed = scrub.comment(line)
    assert changed == (scrubbed != line)
    assert scrub.comment(scrubbed) == (scrubbed, False)


_HIDDEN = st.text("qQxX7!$%&/()@:?+*~'<> ", min_size=1, max_size=12).map(lambda text: f"7Zq{text}7Zq")


@given(
    st.sampled_from(["Password", "bindpassword", "ClientSecret", "api_key", "KubernetesAuthToken", "Key"]),
    st.sampled_from([" = ", "=", ": ", ' = "']),
    _HIDDEN,
)
def test_no_part_of_a_secret_survives_in_a_comment(name: str, sign: str, value: str) -> None:
    assert "7Zq" not in scrub.comment(f"; {name}{sign}{value}")[0]
    assert "7Zq" not in scrub.source(f"{name}{sign}{value}")


@given(st.text("aZ7!$%&()@:+*~'", min_size=1, max_size=12))
def test_no_password_of_a_url_survives(password: str) -> None:
    """Whatever is between the user and the last `@` before the host is gone from config and from comments."""
    secret = f"Qx{password}Qx"
    one = only(f'[Postgres]\nURL = "postgres://u:{secret}@h/d"')
    assert one.config_values == ["postgres://u@h/d"]
    assert "Qx" not in scrub.comment(f"; postgres://u:{secret}@h/d")[0]


@pytest.mark.parametrize(
    "text",
    ["password" * 20000, "=" * 200000, "password =;" * 20000, "a://b:" * 30000, "?a" * 80000, "https://u:" + "@ " * 80000,
     "password " * 20000, "password=" + " " * 200000 + ";", "-----BEGIN " + "A " * 80000, "token = yes;" * 15000,
     "a://b:c" + " " * 200000],
)  # fmt: skip
def test_long_lines_take_linear_time(text: str) -> None:
    begin = time.perf_counter()
    scrub.comment(text)
    scrub.source(text)
    only(f'[X]\nPassword = "a{text}"')
    placed(context(f'[Postgres]\nURL = "{text}"'))
    assert time.perf_counter() - begin < 3


@pytest.mark.parametrize(
    ("section", "name", "secret"),
    [
        ("postgres", "password", True),
        ("HTTPS", "Key", False),
        ("PAM", "ForwardPassword", False),
        ("New", "Key", True),
        ("New", "Access-Token", True),
        ("New", "TokenFile", False),
    ],
)
def test_secret_name(section: str, name: str, secret: bool) -> None:
    assert secrets.secret_name(section, name) is secret


# pod.env and the Secret -----------------------------------------------------------------------------------------------

ENV = [EnvSecret("CONNECT_A_B", "a-b", Secret("one")), EnvSecret("CONNECT_C_D", "c-d", Secret("two"))]


def item(variable: str, key: str, name: str = "rsc-rstudio-connect-secrets") -> dict[str, Any]:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}


def test_env_edits_hold_the_new_items() -> None:
    (edit,), found, name = placing.env_edits(context(""), [*ENV, ENV[0]])
    assert edit.path == ("pod", "env")
    assert edit.value == [item("CONNECT_A_B", "a-b"), item("CONNECT_C_D", "c-d")]
    assert (found, name) == ([], "rsc-rstudio-connect-secrets")


def test_a_variable_of_values_yaml_is_not_overwritten() -> None:
    ctx = context("", answers={"pod": {"env": [{"name": "CONNECT_A_B", "value": "x"}]}})
    (edit,), found, _ = placing.env_edits(ctx, ENV)
    assert edit.value == [item("CONNECT_C_D", "c-d")]
    assert codes(found) == ["G2H504"]


def test_a_second_run_changes_nothing() -> None:
    ctx = context("", answers={"pod": {"env": [item("CONNECT_A_B", "a-b"), item("CONNECT_C_D", "c-d")]}})
    assert placing.env_edits(ctx, ENV) == ([], [], "rsc-rstudio-connect-secrets")


def test_without_secrets_there_is_no_secret() -> None:
    assert placing.env_edits(context(""), []) == ([], [], "")
    assert placing.manifest(Plan(CHART, Backend.LAUNCHER, "rsc", "connect")) is None


@pytest.mark.parametrize(
    ("env", "command"),
    [
        pytest.param(
            ENV[:1],
            "kubectl create secret generic mine --namespace connect --from-file=a-b=/dev/stdin",
            id="standard-input",
        ),
        pytest.param(
            ENV,
            "kubectl create secret generic mine --namespace connect --from-file=a-b=a-b.txt --from-file=c-d=c-d.txt",
            id="files",
        ),
    ],
)
def test_an_existing_secret_is_named_with_its_command(env: list[EnvSecret], command: str) -> None:
    ctx = context("", Options(secrets=SecretMode.EXISTING, secret_name="mine"))
    (edit,), (found,), name = placing.env_edits(ctx, env)
    assert name == "mine"
    assert edit.value == [item(one.variable, one.secret_key, "mine") for one in env]
    assert found.code == "G2H507"
    assert [one.text for one in found.commands] == [command]


def test_the_secret_is_a_valid_object() -> None:
    plan = Plan(CHART, Backend.LAUNCHER, "rsc", "connect", env_secrets=ENV, secret_name="s")
    made = placing.manifest(plan)
    assert made is not None
    assert "one" not in f"{made}"
    (read,) = YAML(typ="safe", pure=True).load_all(write.documents([made]))
    assert read == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "connect"},
        "type": "Opaque",
        "stringData": {"a-b": "one", "c-d": "two"},
    }
    kubernetes_validate.validate(read, kubernetes_validate.latest_version(), strict=True)


# manifests ------------------------------------------------------------------------------------------------------------

_LEAVES = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text()
_TREES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)
_OBJECTS = st.lists(st.dictionaries(st.text(), _TREES, max_size=5), max_size=3)


@given(_OBJECTS)
@settings(deadline=None)
def test_dump_reads_back(objects: list[dict[str, Any]]) -> None:
    """YAML 1.2 by ruamel's safe loader, and YAML 1.1 as Helm reads it."""
    text = write.documents(objects)
    assert list(YAML(typ="safe", pure=True).load_all(text)) == objects
    assert [read.load(write.documents([one])) for one in objects] == objects


@pytest.mark.parametrize(
    "text",
    ["yes", "N", "~", "null", "0755", "1e3", "1_000", "0x1F", "12:30:45", "2020-01-01", "=", "<<", "---", "...", "- a", "? b",
     "a: b", "a #b", "#", "'", '"', "\\", "\x85", "\u2028", "\ufeff", "\x7f", "\0", "a\n\n", "\n a\n", "a\r\nb", "\t", " ", "",
     "é😀", "{a}", "[a]", "*a", "&a", "!a", "|", ">", "%a", "@a", "`a", "a\n---\nb"],
)  # fmt: skip
def test_dump_keeps_awkward_texts(text: str) -> None:
    one = {"a": text, text: "b", "list": [text, [text], {text: text}], "secret": Secret(text)}
    wanted = {**one, "secret": text}
    dumped = write.documents([one, one])
    assert list(YAML(typ="safe", pure=True).load_all(dumped)) == [wanted, wanted]
    assert read.load(write.documents([one])) == wanted


def test_dump_refuses_what_is_no_object() -> None:
    assert write.documents([]) == ""
    for wrong in (["a"], "a", None):
        with pytest.raises(TypeError):
            write.documents([wrong])
    with pytest.raises(TypeError):
        write.documents([{"a": object()}])


# every way in which a secret can look ----------------------------------------------------------------------------------

HIDDEN_VALUES = {
    "a token for a user": "https://{}@hooks.example.com/x",
    "a token and an empty password": "https://{}:@hooks.example.com/x",
    "a token and a service's password": "https://{}:x-oauth-basic@github.com/x",
    "a signature": "https://h.example.com/x?a=1&X-Amz-Signature={}&y=2",
    "a short name": "https://h.example.com/x?sig={}",
    "a code": "https://h.example.com/x?code={}",
    "auth": "https://h.example.com/x?auth={}",
    "a fragment": "https://h.example.com/x#access_token={}",
    "no scheme": "h.example.com/x?jwt={}",
    "libpq": "host=db user=x password = {}",
    "libpq in quotes": "host=db password='{} two' user=x",
    "odbc": "Driver=x;Server=y;Uid=z;Pwd={};",
    "jdbc": "jdbc:sqlserver://h:1433;user=a;password={};encrypt=true",
    "a header": "X-Api-Key: {}",
    "a bearer": "Authorization=Bearer {}",
    "json": '{"user": "x", "password": "{}"}',
}


@pytest.mark.parametrize("shape", HIDDEN_VALUES.values(), ids=HIDDEN_VALUES.keys())
@pytest.mark.parametrize("word", ["kanari-1", "S3cret", "hunter"])
def test_a_secret_inside_a_value_is_found_and_can_be_cut_out(shape: str, word: str) -> None:
    text = shape.replace("{}", word)
    assert secrets.holds_secret(text)
    assert word not in secrets.without(text, secrets.parts(text, cut=False))


HIDDEN_COMMENTS = {
    "a flag": "; --password {}",
    "a flag with =": "; rsconnect --api-key={} deploy",
    "a login": "; curl -u me:{} https://x.example.com",
    "prose": "# the old password was {}",
    "prose that goes on": "; Password is {}, since May",
    "german": "; Passwort ist {}",
    "a header": "; Authorization: Bearer {}",
    "a bearer alone": "; send Bearer {}",
    "a commented-out line": ";ClientKey = {}",
    "a parameter": "; see https://x.example.com/a?sig={}&x=1",
    "a user": "; git clone https://{}@git.example.com/x",
}


@pytest.mark.parametrize("shape", HIDDEN_COMMENTS.values(), ids=HIDDEN_COMMENTS.keys())
@pytest.mark.parametrize("word", ["kanari-1", "S3cret!x"])
def test_a_secret_inside_a_comment_is_found(shape: str, word: str) -> None:
    scrubbed, found = scrub.comment(shape.replace("{}", word))
    assert found
    assert word.rstrip("!x") not in scrubbed
    assert scrub.comment(scrubbed)[0] == scrubbed


TOKENS = {
    "github": "ghp_" + "kanari" * 6,
    "github fine-grained": "github_pat_" + "kanari0" * 8,
    "gitlab": "glpat-" + "kanari" * 4,
    "aws": "AKIA" + "KANARI01" * 2,
    "slack": "xoxb-123456789012-" + "kanari" * 4,
    "slack hook": "https://hooks.slack.com/services/T00000000/B00000000/kanariXXXXXXXXXXXXXXXXXX",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJrYW5hcmkiOjF9.kanari-signature",
    "stripe": "sk_live_" + "kanari" * 4,
    "google": "AIza" + "kanari0" * 5,
    "vault": "hvs." + "kanari" * 5,
}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS.keys())
@pytest.mark.parametrize("around", ["{}", "use {} to log in", "x={}", '"{}"', "({})"])
def test_a_token_is_found_by_its_shape(token: str, around: str) -> None:
    text = around.replace("{}", token)
    assert secrets.holds_secret(text)
    assert "kanari" not in scrub.comment(f"; {text}")[0].lower()


def test_the_shapes_are_those_of_the_library() -> None:
    """A newer release of the library with other rules shows here; `python tools/token_rules.py` takes them over."""
    pytest.importorskip("detect_secrets", reason="detect-secrets is not installed")
    import token_rules

    assert token_rules.table() == token_rules.TABLE.read_text("utf-8")


@pytest.mark.parametrize(
    "name",
    [
        "MasterKey",
        "RootKey",
        "DbPass",
        "Passcode",
        "ClientKey",
        "PSK",
        "Jwt",
        "Auth",
        "dbpass",
        "BasicAuth",
    ],
)
def test_unlisted_names_that_may_mean_a_secret(name: str) -> None:
    placement = only(f"[Vendor]\n{name} = value-1")
    assert placement.env is not None
    assert placement.env.value == Secret("value-1")


@pytest.mark.parametrize(
    "name", ["PublicKey", "KeyFile", "TokenLifetime", "PasswordPolicy", "AuthEndpoint", "SecretName", "Bypass"]
)
def test_unlisted_names_that_mean_none(name: str) -> None:
    assert [one for one in placed(context(f"[Vendor]\n{name} = value-1")) if one] == []


def test_a_doubtful_secret_says_how_to_bring_it_back() -> None:
    text = "[Vendor]\nClientKey = value-1\nHook = https://me2@example.com\n"
    doubtful = [one for place in placed(context(text)) if place for one in place.findings if one.code == "G2H508"]
    assert [one.todo for one in doubtful] == [
        "If it does not, convert again with --not-secret Vendor.ClientKey.",
        "If it does not, convert again with --not-secret Vendor.Hook.",
    ]
    spared = Options(not_secret=frozenset({"vendor.clientkey", "vendor.hook"}))
    assert [one for one in placed(context(text, spared)) if one] == []


def test_a_secret_in_the_name_of_a_section_goes_with_its_settings() -> None:
    ctx = context('[LDAP "https://u:kanari@h"]\nServerAddress = ldap://x\n')
    (group,) = ctx.groups.values()
    (placement,) = (one for one in placed(ctx) if one)
    assert placement.config_values is None
    assert placement.secret_values == ["ldap://x"]
    assert "kanari" not in group.key + str(placement.findings)
    assert "kanari" in group.header


@pytest.mark.parametrize("line", ["Server]", "  Authentication ]", "Server]\r"])
def test_a_header_without_its_bracket_is_shown(line: str) -> None:
    assert scrub.source(line) == line


@pytest.mark.parametrize("line", ["kanari]", "kanari-Server]", "Server x]"])
def test_what_goes_on_with_a_value_is_not(line: str) -> None:
    assert set(scrub.source(line)) <= {"*"}


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        (("pod", "env", "valueFrom", "secretKeyRef", "key"), False),
        (("license", "file", "secret"), False),
        (("license", "file", "secretKey"), False),
        (("ingress", "tls", "secretName"), False),
        (("license", "key"), True),
        (("nameservice", "apiKey"), True),
    ],
)
def test_names_of_secrets_are_shown_and_secrets_are_not(path: tuple[str, ...], secret: bool) -> None:
    assert secrets.secret_key(path) is secret


COMMENTED = """\
; Password = comment-1

; Password = comment-3

; Password = comment-same
[Server] ; postgres://u:comment-6@h/x
Address = http://\\
x ; postgres://u:comment-8@h/x

; text

    ; Password = comment-12
; more
Port = 3
; Password = comment-same

# Password = comment-same
[SMTP]
Host = a
# Password = comment-20"""


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_a_comment_with_a_secret_is_named_by_its_line(ending: str) -> None:
    source = COMMENTED.replace("\n", ending)
    wanted = [
        (number, line.rindex(sign) + 1)
        for number, line in enumerate(COMMENTED.splitlines(), 1)
        if "comment-" in line
        for sign in ";#"
        if sign in line
    ]
    document = gcfg.parse(source, "x.gcfg")
    found = build.build([("x.gcfg", document)], TABLES, chart=CHART, backend=Backend.LAUNCHER).findings
    places = sorted(one.place[1:] for one in found if one.code == "G2H506" and one.place)
    assert places == wanted
    assert len(places) == 9
