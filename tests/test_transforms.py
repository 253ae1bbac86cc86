"""The transforms that table rows name, and what follows from the configuration as a whole: rows of in and out."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from gcfg2helm import chart as charts
from gcfg2helm import gcfg, tables
from gcfg2helm.enums import Backend, ChartDefaults, Tls
from gcfg2helm.findings import Finding, Where, codes
from gcfg2helm.plan import images, needs, storage
from gcfg2helm.plan.context import Context, Options
from gcfg2helm.plan.decisions import Outcome
from gcfg2helm.plan.grouping import group_entries
from gcfg2helm.plan.transforms import TRANSFORMS, runtime
from gcfg2helm.plan.transforms.legacy import LEGACY
from gcfg2helm.versions import Version
from helpers import charts as small

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gcfg2helm.plan.context import Result
    from gcfg2helm.values.tree import Edit, Tree

NEWEST = "0.21.0"
POSTGRES = "[Database]\nProvider = postgres\n[Postgres]\nURL = postgres://c@pg.example.com/c\n"

load_tables = cache(tables.load)


def context(
    text: str,
    chart: str = NEWEST,
    backend: Backend = Backend.LAUNCHER,
    answers: Mapping[str, Tree] | None = None,
    connect: str = "2026.08.0",
    files: Mapping[str, bytes | str] | None = None,
    **options: Any,
) -> Context:
    """Build the context of a gcfg; `files` is the old server's disk."""
    groups = group_entries([("f", gcfg.parse(text.encode(), "f"))], load_tables())
    made = Options(**options)
    if files is not None:
        made = made._replace(read_file=lambda path: files.get(path, "there is no such file"))
    return Context(
        load_tables(),
        groups,
        charts.known(Version.parse(chart)),
        backend,
        "rsc",
        "rstudio-connect",
        made,
        answers or {},
        Version.parse(connect),
    )


def decide(ctx: Context, key: str, subsection: str | None = None) -> Result:
    """Run the transform that the tables name for a setting."""
    group = ctx.group(key, subsection)
    assert group is not None
    rule = group.setting.rule(ctx.chart.version, ctx.backend)
    return TRANSFORMS[rule.transform](ctx, group, rule)


def by_path(edits: Any) -> dict[str, Tree]:
    return {".".join(edit.path): edit.value for edit in edits}


def found(findings: Any) -> set[str]:
    """Return the codes that say more than the outcome does by itself."""
    assert all(isinstance(one, Finding) and one.code in codes() for one in findings)
    return {one.code for one in findings} - {"G2H201", "G2H202", "G2H203", "G2H204"}


def built(ctx: Context) -> tuple[dict[str, Edit], dict[str, Finding]]:
    edits, findings = needs.build(ctx)
    assert found(findings) <= set(codes())
    return {".".join(edit.path): edit for edit in edits}, {one.code: one for one in findings}


CARRIED, RENAMED, DROPPED, MOVED, CHART = (
    Outcome.CARRIED,
    Outcome.RENAMED,
    Outcome.DROPPED,
    Outcome.MOVED,
    Outcome.CHART,
)

# checks and renames ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key", "outcome", "values", "expected"),
    [
        pytest.param("[Authentication]\nProvider = pam\n", "Authentication.Provider", CARRIED, None, {"G2H403"}, id="pam"),
        pytest.param("[Authentication]\nProvider = proxy\n", "Authentication.Provider", CARRIED, None, {"G2H404"}, id="proxy"),
        pytest.param("[Authentication]\nProvider = LDAP\n[LDAP \"x\"]\nServerAddress = ldap.example.com:389\n", "Authentication.Provider", CARRIED, None, set(), id="ldap-capitals-stay"),
        pytest.param(
            "[Authentication]\nProvider = LDAP\n[Applications]\nRunAsCurrentUser = true\n[LDAP \"x\"]\nServerAddress = ldap.example.com:389\n",
            "Authentication.Provider", CARRIED, ["ldap"], set(), id="ldap-small-for-the-name-service",
        ),
        pytest.param("[Database]\nProvider = SQLite\n", "Database.Provider", CARRIED, None, {"G2H401"}, id="sqlite"),
        pytest.param("[Database]\nProvider = Postgres\n", "Database.Provider", CARRIED, None, set(), id="postgres"),
        pytest.param("[Postgres]\nURL = postgres://c@pg/c\n", "Postgres.URL", CARRIED, None, set(), id="url"),
        pytest.param("[Postgres]\nURL = postgres://c:p@localhost:5432/c\n", "Postgres.URL", CARRIED, None, {"G2H402"}, id="url-localhost"),
        pytest.param("[Postgres]\nURL = postgres://c:localhost@pg/c\n", "Postgres.URL", CARRIED, None, set(), id="url-password-is-no-host"),
        pytest.param("[Postgres]\nURL = postgres://c@[::1]/c\n", "Postgres.URL", CARRIED, None, {"G2H402"}, id="url-ipv6-loopback"),
        pytest.param("[Postgres]\nURL = postgres://c@a,127.0.0.1/c\n", "Postgres.URL", CARRIED, None, {"G2H402"}, id="url-second-host"),
        pytest.param("[Postgres]\nURL = postgres:///c\n", "Postgres.URL", CARRIED, None, {"G2H402"}, id="url-no-host"),
        pytest.param("[Postgres]\nURL = postgres:///c?host=/var/run/pg\n", "Postgres.URL", CARRIED, None, {"G2H402"}, id="url-socket"),
        pytest.param("[Postgres]\nURL = postgres:///c?host=pg.example.com\n", "Postgres.URL", CARRIED, None, set(), id="url-host-in-query"),
        pytest.param("[Postgres]\nURL = postgres://%2Fvar%2Frun/c\n", "Postgres.URL", CARRIED, None, {"G2H402"}, id="url-socket-encoded"),
        pytest.param('[Postgres]\nURL = "host=localhost user=c"\n', "Postgres.URL", CARRIED, None, {"G2H402"}, id="url-libpq"),
        pytest.param("[Postgres]\nURL = postgres://c@pg/c?sslrootcert=ca.pem\n", "Postgres.URL", CARRIED, None, {"G2H427"}, id="url-files"),
        pytest.param("[Postgres]\nURL = postgres://c:{$}@pg/c\n", "Postgres.URL", CARRIED, ["postgres://c@pg/c"], {"G2H220"}, id="url-placeholder"),
        pytest.param(
            "[Postgres]\nInstrumentationURL = postgres://c@localhost/c\n", "Postgres.InstrumentationURL", CARRIED, None, {"G2H402"}, id="instrumentation",
        ),
        pytest.param("[Server]\nEmailProvider = Sendmail\n", "Server.EmailProvider", CARRIED, None, {"G2H406"}, id="sendmail"),
        pytest.param("[Server]\nEmailProvider = SMTP\n[SMTP]\nHost = mail.example.com\n", "Server.EmailProvider", CARRIED, None, set(), id="smtp"),
        pytest.param(
            "[SAML]\nGroupsByUniqueId = true\nGroupsAutoProvision = true\n", "SAML.GroupsByUniqueId", CARRIED, None, {"G2H111"}, id="groups-both",
        ),
        pytest.param(
            "[SAML]\nGroupsByUniqueId = true\nGroupsAutoProvision = false\n", "SAML.GroupsByUniqueId", CARRIED, None, set(), id="groups-one",
        ),
        pytest.param(
            "[Authorization]\nUserRoleGroupMapping = true\nUserRoleMapping = true\n",
            "Authorization.UserRoleGroupMapping", CARRIED, None, {"G2H111"}, id="roles-both",
        ),
        pytest.param("[Authorization]\nUserRoleGroupMapping = true\n", "Authorization.UserRoleGroupMapping", CARRIED, None, set(), id="roles-one"),
        pytest.param(
            "[SAML]\nIdPSigningCertificate = MIID" + "A" * 120 + "\n", "SAML.IdPSigningCertificate", CARRIED, None, {"G2H423"}, id="certificate-inline",
        ),
        pytest.param("[SAML]\nIdPSigningCertificate = /etc/idp.pem\n", "SAML.IdPSigningCertificate", CARRIED, None, set(), id="certificate-path"),
        pytest.param("[Logging]\nAccessLog = /var/log/a.log\n", "Logging.AccessLog", CARRIED, ["STDOUT"], {"G2H424"}, id="log-file"),
        pytest.param("[Logging]\nServiceLog = STDERR\n", "Logging.ServiceLog", CARRIED, None, set(), id="log-stderr"),
        pytest.param("[Logging]\nAuditLogFormat = none\nAuditLog = /a\n", "Logging.AuditLog", DROPPED, None, set(), id="audit-was-off"),
        pytest.param("[Logging]\nAuditLogFormat = none\n", "Logging.AuditLogFormat", DROPPED, None, set(), id="audit-none"),
        pytest.param("[Logging]\nAuditLogFormat = JSON\nAuditLog = STDOUT\n", "Logging.AuditLogFormat", CARRIED, None, set(), id="audit-both"),
        pytest.param("[Licensing]\nLicenseType = remote\n", "Licensing.LicenseType", CHART, None, set(), id="license"),
        pytest.param("[SMTP]\nHost = localhost\n", "SMTP.Host", CARRIED, None, {"G2H418"}, id="smtp-localhost"),
        pytest.param("[SMTP]\nHost = mail.example.com\n", "SMTP.Host", CARRIED, None, set(), id="smtp-elsewhere"),
        pytest.param(
            "[OAuth2]\nAllowedDomains = a.com, b.com c.com\n", "OAuth2.AllowedDomains", RENAMED, ["a.com", "b.com", "c.com"], set(), id="split",
        ),
        pytest.param("[OAuth2]\nAllowedDomains = \n", "OAuth2.AllowedDomains", DROPPED, None, set(), id="split-empty"),
        pytest.param(
            "[OAuth2]\nPermittedLoginGroups = My Group\n", "OAuth2.PermittedLoginGroups", RENAMED, ["My Group"], set(), id="group-whole",
        ),
        pytest.param(
            "[OAuth2]\nPermittedLoginGroups = one, two\n", "OAuth2.PermittedLoginGroups", RENAMED, ["one, two"], {"G2H217"}, id="groups-doubtful",
        ),
        pytest.param("[Authorization]\nUsersListingMinRole = publisher\n", "Authorization.UsersListingMinRole", RENAMED, ["true"], set(), id="role"),
        pytest.param("[Applications]\nUsersListingMinRole = viewer\n", "Applications.UsersListingMinRole", DROPPED, None, set(), id="role-viewer"),
        pytest.param(
            "[OAuth2]\nDiscoveryEndpoint = https://i.example.com/.well-known/openid-configuration\n",
            "OAuth2.DiscoveryEndpoint", RENAMED, ["https://i.example.com"], set(), id="issuer",
        ),
        pytest.param(
            "[OAuth2]\nDiscoveryEndpoint = https://i.example.com/x\n",
            "OAuth2.DiscoveryEndpoint", RENAMED, ["https://i.example.com/x"], {"G2H218"}, id="issuer-unclear",
        ),
        pytest.param("[SAML]\nIdPMetaData = metadata\n", "SAML.IdPMetaData", CARRIED, None, {"G2H219"}, id="metadata-neither"),
        pytest.param("[HTTPS]\nPermanent = true\n", "HTTPS.Permanent", RENAMED, None, set(), id="permanent"),
    ],
)  # fmt: skip
def test_setting(text: str, key: str, outcome: Outcome, values: list[str] | None, expected: set[str]) -> None:
    result = decide(context(text), key)
    assert (result.outcome, result.values, found(result.findings)) == (outcome, values, expected)


def test_ldap_groups_and_addresses_are_compared_within_their_own_section() -> None:
    text = (
        '[LDAP "a"]\nGroupsByUniqueId = true\nServerAddress = 127.0.0.1:389\n'
        '[LDAP "b"]\nGroupsAutoProvision = true\nServerAddress = ldap.example.com:389\nPermittedLoginGroups = cn=a,dc=b\n'
    )
    ctx = context(text)
    assert not found(decide(ctx, "LDAP.GroupsByUniqueId", "a").findings)
    assert found(decide(ctx, "LDAP.ServerAddress", "a").findings) == {"G2H418"}
    assert not found(decide(ctx, "LDAP.ServerAddress", "b").findings)
    assert not found(decide(ctx, "LDAP.PermittedLoginGroups", "b").findings)


def test_audit_format_alone_keeps_audit_lines_coming() -> None:
    result = decide(context("[Logging]\nAuditLogFormat = JSON\n"), "Logging.AuditLogFormat")
    assert by_path(result.edits) == {"config.Logging.AuditLog": "STDOUT"}
    assert found(result.findings) == {"G2H206"}


@pytest.mark.parametrize(
    ("value", "setting"),
    [("https://idp/meta", "SAML.IdPMetaDataURL"), ("/etc/idp.xml", "SAML.IdPMetaDataPath")],
)
def test_idp_metadata_goes_by_its_shape(value: str, setting: str) -> None:
    result = decide(context(f"[SAML]\nIdPMetaData = {value}\n"), "SAML.IdPMetaData")
    assert result.outcome is RENAMED
    assert result.setting is not None
    assert result.setting.key == setting


@pytest.mark.parametrize(
    ("rest", "outcome", "target", "edits"),
    [
        pytest.param("", RENAMED, ("Password.WebSudoMode", None), {}, id="password-by-default"),
        pytest.param("Provider = PAM\n", RENAMED, ("PAM.WebSudoMode", None), {}, id="pam"),
        pytest.param("Provider = saml\n", DROPPED, None, {}, id="saml"),
        pytest.param('Provider = ldap\n[LDAP "a"]\nBindDN = x\n', RENAMED, ("LDAP.WebSudoMode", "a"), {}, id="ldap"),
        pytest.param(
            'Provider = ldap\n[LDAP "a"]\nBindDN = x\n[LDAP "b"]\nBindDN = x\n[LDAP "c"]\nWebSudoMode = true\n',
            RENAMED, ("LDAP.WebSudoMode", "a"), {'config.LDAP "b".WebSudoMode': "false"}, id="ldap-several",
        ),
        pytest.param('Provider = ldap\n[LDAP "c"]\nWebSudoMode = true\n', DROPPED, None, {}, id="ldap-sets-it"),
    ],
)  # fmt: skip
def test_provider_section(rest: str, outcome: Outcome, target: Any, edits: dict[str, Tree]) -> None:
    result = decide(context(f"[Authentication]\nWebSudoMode = false\n{rest}"), "Authentication.WebSudoMode")
    assert result.outcome is outcome
    assert (result.setting and (result.setting.key, result.subsection)) == target
    assert by_path(result.edits) == edits


@pytest.mark.parametrize(
    ("url", "chart", "extra", "expected"),
    [
        pytest.param("https://p/cran/__linux__/jammy/latest", NEWEST, {}, {"G2H413"}, id="jammy-on-noble"),
        pytest.param("https://p/cran/__linux__/noble/latest", NEWEST, {}, set(), id="noble"),
        pytest.param("https://p/cran/__linux__/jammy/latest", "0.9.5", {}, set(), id="jammy-on-jammy"),
        pytest.param("https://p/cran/__linux__/jammy/latest", "0.4.2", {}, {"G2H413"}, id="jammy-on-bionic"),
        pytest.param("https://p/cran/__linux__/manylinux_2_28/latest", NEWEST, {}, set(), id="manylinux"),
        pytest.param("https://p/cran/latest", NEWEST, {}, set(), id="source"),
        pytest.param("https://p/cran/__linux__/jammy/latest", NEWEST, {"answers": {"image": {"os": "ubuntu-22.04"}}}, set(), id="os"),
        pytest.param("https://p/cran/__linux__/jammy/latest", NEWEST, {"answers": {"image": {"tag": "mine"}}}, set(), id="unknown-tag"),
        pytest.param("https://p/cran/__linux__/jammy/latest", NEWEST, {"images": ("a/b:r4-ubuntu2204",)}, set(), id="named-image"),
    ],
)  # fmt: skip
def test_repository(url: str, chart: str, extra: dict[str, Any], expected: set[str]) -> None:
    result = decide(
        context(f'[RPackageRepository "CRAN"]\nURL = {url}\n', chart, **extra), "RPackageRepository.URL", "CRAN"
    )
    assert (result.outcome, result.values, found(result.findings)) == (CARRIED, None, expected)


# network ---------------------------------------------------------------------------------------------------------------

HOSTS: Any = [{"host": "c.example.com", "paths": ["/"]}]
RSC_HOSTS: Any = [{"host": "c.example.com", "paths": ["/rsc"]}]
CLASS_AND_SECRET = {"ingress_class": "nginx", "tls_secret": "cert"}


@pytest.mark.parametrize(
    ("address", "extra", "edits", "expected"),
    [
        pytest.param(
            "https://C.example.com/", {},
            {"ingress.enabled": True, "ingress.hosts": HOSTS, "ingress.tls": [{"secretName": "rsc-rstudio-connect-tls", "hosts": ["c.example.com"]}]},
            {"G2H409"}, id="https",
        ),
        pytest.param(
            "https://c.example.com:8443", CLASS_AND_SECRET,
            {"ingress.enabled": True, "ingress.hosts": HOSTS, "ingress.ingressClassName": "nginx", "ingress.tls": [{"secretName": "cert", "hosts": ["c.example.com"]}]},
            set(), id="https-answered",
        ),
        pytest.param("http://c.example.com", {}, {"ingress.hosts": HOSTS}, {"G2H409"}, id="http-proposes-hosts-only"),
        pytest.param(
            "http://c.example.com/rsc/", {"ingress_class": "nginx"},
            {"ingress.enabled": True, "ingress.hosts": RSC_HOSTS, "ingress.ingressClassName": "nginx"},
            {"G2H409"}, id="path",
        ),
        pytest.param("https://c.example.com", {"tls": Tls.POD, "ingress_class": "nginx"},
            {"ingress.enabled": True, "ingress.hosts": HOSTS, "ingress.ingressClassName": "nginx"}, {"G2H409"}, id="tls-in-pod",
        ),
        pytest.param("http://localhost:3939", {}, {}, {"G2H426"}, id="localhost"),
        pytest.param("https://10.0.0.7/", {}, {}, {"G2H426"}, id="digits"),
        pytest.param("https://[::bad", {}, {}, {"G2H426"}, id="no-url"),
        pytest.param("", {}, {}, set(), id="empty"),
        pytest.param("https://c.example.com", {"answers": {"ingress": {"hosts": [{"host": "x"}]}}}, {}, set(), id="hosts-answered"),
        pytest.param("https://c.example.com", {"answers": {"ingress": {"enabled": False}}}, {}, set(), id="no-ingress-wanted"),
        pytest.param("https://c.example.com", {"answers": {"service": {"type": "LoadBalancer"}}}, {}, set(), id="load-balancer"),
    ],
)  # fmt: skip
def test_address(address: str, extra: dict[str, Any], edits: dict[str, Tree], expected: set[str]) -> None:
    result = decide(context(f"[Server]\nAddress = {address}\n", **extra), "Server.Address")
    assert (result.outcome, result.values) == (CARRIED, None)
    assert by_path(result.edits) == edits
    assert found(result.findings) == expected


def test_a_password_in_the_address_is_not_shown() -> None:
    result = decide(context("[Server]\nAddress = https://me:hunter2@c.example.com\n"), "Server.Address")
    assert "hunter2" not in repr(result.edits) + repr(result.findings)


PORTS = (
    "pod.port",
    "service.targetPort",
    "livenessProbe.httpGet.port",
    "readinessProbe.httpGet.port",
    "startupProbe.httpGet.port",
)


@pytest.mark.parametrize(
    ("listen", "outcome", "values", "port", "expected"),
    [
        pytest.param(":3939", CARRIED, None, None, set(), id="default"),
        pytest.param("0.0.0.0:80", CARRIED, None, 80, set(), id="port"),
        pytest.param("[::]:8080", CARRIED, None, 8080, set(), id="ipv6-all"),
        pytest.param("127.0.0.1:3939", CARRIED, [":3939"], None, {"G2H414"}, id="loopback"),
        pytest.param("[::1]:8080", CARRIED, [":8080"], 8080, {"G2H414"}, id="ipv6-loopback"),
        pytest.param("10.1.2.3:80", CARRIED, [":80"], 80, {"G2H414"}, id="one-interface"),
        pytest.param("3939", CARRIED, None, None, {"G2H414"}, id="no-colon"),
        pytest.param(":http", CARRIED, None, None, {"G2H414"}, id="named-port"),
        pytest.param(":70000", CARRIED, None, None, {"G2H414"}, id="no-port"),
        pytest.param("", CHART, None, None, set(), id="empty"),
    ],
)  # fmt: skip
def test_http_listen(listen: str, outcome: Outcome, values: Any, port: int | None, expected: set[str]) -> None:
    result = decide(context(f"[HTTP]\nListen = {listen}\n"), "HTTP.Listen")
    assert (result.outcome, result.values, found(result.findings)) == (outcome, values, expected)
    assert by_path(result.edits) == (dict.fromkeys(PORTS, port) if port else {})


HTTPS = "[HTTP]\nListen = :8080\n[HTTPS]\nListen = :8443\nCertificate = /etc/my cert.pem\nKey = /etc/k.pem\nPermanent = true\n"


def test_tls_at_the_ingress_drops_https_and_shows_the_command() -> None:
    ctx = context(HTTPS)
    result = decide(ctx, "HTTPS.Certificate")
    assert result.outcome is DROPPED
    (note,) = result.findings
    assert note.code == "G2H408"
    command = "kubectl create secret tls rsc-rstudio-connect-tls --namespace rstudio-connect --cert='/etc/my cert.pem' --key=/etc/k.pem"
    assert [(one.text, one.where) for one in note.commands] == [(command, Where.SERVER)]
    assert decide(ctx, "HTTPS.Listen").outcome is DROPPED
    assert decide(ctx, "HTTPS.Key").outcome is DROPPED
    assert by_path(decide(ctx, "HTTP.Listen").edits)["pod.port"] == 8080
    assert not found(decide(context(HTTPS, tls_secret="cert"), "HTTPS.Certificate").findings)


def test_a_pasted_key_is_not_shown() -> None:
    text = '[HTTPS]\nCertificate = /c.pem\nKey = "-----BEGIN PRIVATE KEY-----\\nMIIE"\n'
    assert "MIIE" not in repr(decide(context(text), "HTTPS.Certificate"))


def test_tls_in_the_pod_keeps_https_and_moves_ports_and_probes() -> None:
    ctx = context(HTTPS, tls=Tls.POD)
    assert all(decide(ctx, f"HTTPS.{name}").outcome is CARRIED for name in ("Certificate", "Key", "Permanent"))
    edits = by_path(decide(ctx, "HTTPS.Listen").edits)
    assert {edits[path] for path in PORTS} == {8443}
    assert edits["readinessProbe.httpGet.scheme"] == "HTTPS"
    assert not decide(ctx, "HTTP.Listen").edits


def test_sockets_and_redirects_go() -> None:
    ctx = context("[HTTPS]\nUnixDomainSocket = /run/s\n[HTTPRedirect]\nListen = :80\n")
    assert found(decide(ctx, "HTTPS.UnixDomainSocket").findings) == {"G2H414"}
    assert decide(ctx, "HTTPRedirect.Listen").outcome is DROPPED


@pytest.mark.parametrize(
    ("listen", "outcome", "edits", "expected"),
    [
        pytest.param("127.0.0.1:9000", MOVED, {"prometheus.port": 9000}, set(), id="moved"),
        pytest.param("", CHART, {}, set(), id="empty"),
        pytest.param("9000", DROPPED, {}, {"G2H414"}, id="unreadable"),
    ],
)
def test_prometheus_port(listen: str, outcome: Outcome, edits: dict[str, Tree], expected: set[str]) -> None:
    result = decide(context(f"[Metrics]\nPrometheusListen = {listen}\n"), "Metrics.PrometheusListen")
    assert (result.outcome, by_path(result.edits), found(result.findings)) == (outcome, edits, expected)


# storage ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "edits", "expected"),
    [
        pytest.param("/var/lib/rstudio-connect/", {}, set(), id="default"),
        pytest.param("/data/", {"sharedStorage.path": "/data"}, set(), id="elsewhere"),
        pytest.param("/opt/rstudio-connect/data", {"sharedStorage.path": "/opt/rstudio-connect/data"}, {"G2H428"}, id="installation"),
        pytest.param("", {}, set(), id="empty"),
    ],
)  # fmt: skip
def test_data_dir(path: str, edits: dict[str, Tree], expected: set[str]) -> None:
    result = decide(context(f"[Server]\nDataDir = {path}\n"), "Server.DataDir")
    assert (result.outcome, by_path(result.edits), found(result.findings)) == (CARRIED, edits, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("[Server]\nDataDir = /data\nLandingDir = /data/landing\n", set(), id="below"),
        pytest.param("[Server]\nDataDir = /data\nLandingDir = /database\n", {"G2H412"}, id="only-looks-below"),
        pytest.param("[Server]\nLandingDir = /srv/landing\n", {"G2H412"}, id="outside"),
        pytest.param("[Server]\nLandingDir = /opt/rstudio-connect/landing\n", {"G2H428"}, id="installation"),
    ],
)
def test_outside_data_dir(text: str, expected: set[str]) -> None:
    assert found(decide(context(text), "Server.LandingDir").findings) == expected


NFS = "[Launcher]\nDataDir = nfs.example.com:/exports/connect\n"
PVC = "[Launcher]\nDataDirPVCName = old\n"


@pytest.mark.parametrize(
    ("text", "extra", "edits", "expected"),
    [
        pytest.param("", {}, {"sharedStorage.create": True}, {"G2H411"}, id="open"),
        pytest.param(
            "", {"storage_class": "efs", "storage_size": "50Gi"},
            {"sharedStorage.create": True, "sharedStorage.storageClassName": "efs", "sharedStorage.requests.storage": "50Gi"}, set(), id="named",
        ),
        pytest.param("", {"pvc": "mine"}, {"sharedStorage.mount": True, "sharedStorage.name": "mine"}, set(), id="pvc"),
        pytest.param(PVC, {}, {"sharedStorage.mount": True, "sharedStorage.name": "old"}, set(), id="pvc-of-the-gcfg"),
        pytest.param(PVC, {"pvc": "mine"}, {"sharedStorage.mount": True, "sharedStorage.name": "mine"}, set(), id="option-wins"),
        pytest.param("", {"answers": {"sharedStorage": {"create": True}}}, {}, set(), id="answered"),
        pytest.param(NFS, {"answers": {"sharedStorage": {"mount": True, "name": "x"}}}, {}, set(), id="answered-nfs"),
        pytest.param("", {"pvc": "mine", "answers": {"sharedStorage": {"mount": True, "name": "x"}}}, {}, {"G2H209"}, id="answered-otherwise"),
    ],
)  # fmt: skip
def test_shared_storage(text: str, extra: dict[str, Any], edits: dict[str, Tree], expected: set[str]) -> None:
    proposed, findings = storage.shared_storage(context(text, **extra))
    assert (by_path(proposed), found(findings)) == (edits, expected)
    assert any(edit.todo for edit in proposed) == ("G2H411" in expected)


@pytest.mark.parametrize(
    ("text", "extra", "server", "path"),
    [
        pytest.param(NFS, {}, "nfs.example.com", "/exports/connect", id="gcfg"),
        pytest.param(NFS, {"nfs": "other:/e"}, "other", "/e", id="option-wins"),
        pytest.param("", {"nfs": "[fd00::1]:/e"}, "fd00::1", "/e", id="ipv6"),
    ],
)
def test_an_nfs_export_becomes_a_volume_of_the_same_class(
    text: str, extra: dict[str, Any], server: str, path: str
) -> None:
    proposed, findings = storage.shared_storage(context(text, **extra))
    edits = by_path(proposed)
    volumes: Any = edits["extraObjects"]
    (volume,) = volumes
    assert volume["spec"]["nfs"] == {"server": server, "path": path}
    assert volume["metadata"]["name"] == edits["sharedStorage.volumeName"]
    assert volume["spec"]["storageClassName"] == edits["sharedStorage.storageClassName"]
    assert edits["sharedStorage.create"] is True
    assert found(findings) == {"G2H416"}


def test_chart_0_3_0_has_no_volume_name() -> None:
    assert "sharedStorage.volumeName" not in by_path(storage.shared_storage(context(NFS, "0.3.0"))[0])


@pytest.mark.parametrize(
    ("text", "key", "extra", "outcome"),
    [
        pytest.param(PVC, "Launcher.DataDirPVCName", {}, MOVED, id="claim"),
        pytest.param(PVC, "Launcher.DataDirPVCName", {"pvc": "mine"}, CHART, id="claim-gives-way"),
        pytest.param(NFS, "Launcher.DataDir", {}, MOVED, id="export"),
        pytest.param(NFS, "Launcher.DataDir", {"pvc": "mine"}, CHART, id="export-gives-way"),
        pytest.param("[Launcher]\nDataDir = /mnt/x\n", "Launcher.DataDir", {}, DROPPED, id="no-export"),
    ],
)
def test_launcher_storage_settings(text: str, key: str, extra: dict[str, Any], outcome: Outcome) -> None:
    assert decide(context(text, **extra), key).outcome is outcome


# runtime ---------------------------------------------------------------------------------------------------------------

INTERPRETERS = (
    "[Server]\nRVersion = /opt/R/4.2.3\n"
    "[R]\nExecutable = /usr/lib/R/bin/R\n"
    "[Python]\nExecutable = /opt/python/3.9.5/bin/python\nExecutable = /opt/python/miniconda-4.7.12/bin/python\n"
    "[Quarto]\nExecutable = /opt/quarto/1.3.340/bin/quarto\n"
    "[TensorFlow]\nExecutable = /usr/bin/tensorflow_model_server\n"
)


def test_interpreters_are_read_out_of_their_paths() -> None:
    assert [(one.part, one.version, one.path) for one in images.installations(context(INTERPRETERS))] == [
        ("r", "4.2.3", "/opt/R/4.2.3/bin/R"),
        ("r", "", "/usr/lib/R/bin/R"),
        ("python", "3.9.5", "/opt/python/3.9.5/bin/python"),
        ("python", "", "/opt/python/miniconda-4.7.12/bin/python"),
        ("quarto", "1.3.340", "/opt/quarto/1.3.340/bin/quarto"),
        ("tensorflow", "", "/usr/bin/tensorflow_model_server"),
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/opt/R/3.6.3/lib/R", ("3.6.3", "/opt/R/3.6.3/bin/R")),
        ("/opt/R/3.6.3/", ("3.6.3", "/opt/R/3.6.3/bin/R")),
        ("/opt/R/3.6.3/bin/R", ("3.6.3", "/opt/R/3.6.3/bin/R")),
        ("/usr/lib/R", ("", "/usr/lib/R/bin/R")),
    ],
)
def test_rversion_names_a_folder(path: str, expected: tuple[str, str]) -> None:
    (one,) = images.installations(context(f"[Server]\nRVersion = {path}\n"))
    assert (one.version, one.path) == expected


@pytest.mark.parametrize(
    ("chart", "extra", "outcome"),
    [
        pytest.param(NEWEST, {}, DROPPED, id="no-image"),
        pytest.param(NEWEST, {"images": ("a:b",)}, MOVED, id="image"),
        pytest.param(NEWEST, {"images": ("a:b",), "answers": {"executionEnvironments": [{"name": "x"}]}}, DROPPED, id="answered"),
    ],
)  # fmt: skip
def test_interpreter(chart: str, extra: dict[str, Any], outcome: Outcome) -> None:
    for key in ("Server.RVersion", "R.Executable", "Python.Executable", "Quarto.Executable"):
        assert decide(context(INTERPRETERS, chart, **extra), key).outcome is outcome
    unread = decide(context(INTERPRETERS, chart, **extra), "TensorFlow.Executable")
    assert unread.outcome is DROPPED, "no version, no place in an environment"


@pytest.mark.parametrize(
    ("chart", "connect", "path"),
    [
        pytest.param(NEWEST, "2026.08.0", "executionEnvironments", id="newest"),
        pytest.param("0.9.5", "2026.04.1", "executionEnvironments", id="both-exist"),
        pytest.param("0.8.34", "2026.03.0", "launcher.customRuntimeYaml", id="older-chart"),
        pytest.param("0.9.5", "2025.12.0", "launcher.customRuntimeYaml", id="older-connect"),
        pytest.param(NEWEST, "2025.12.0", "", id="neither"),
    ],
)
def test_where_images_go(chart: str, connect: str, path: str) -> None:
    edits, findings = built(context(POSTGRES + INTERPRETERS, chart, connect=connect, images=("a/b:c",)))
    listed = {"executionEnvironments", "launcher.customRuntimeYaml"} & set(edits)
    assert listed == ({path} if path else set())
    assert "G2H407" in findings
    if path:
        value: Any = edits[path].value
        (image,) = value if path == "executionEnvironments" else value["images"]
        assert image["name"] == "a/b:c"
        assert image["python"] == {"installations": [{"version": "3.9.5", "path": "/opt/python/3.9.5/bin/python"}]}
        assert ("title" in image) == (path == "executionEnvironments")


def test_the_tag_of_an_image_tells_what_it_holds() -> None:
    name = "ghcr.io/rstudio/content-base:r4.2.3-py3.11.9-ubuntu2204"
    (entry,) = images.entries([name, name], images.installations(context(INTERPRETERS)))
    assert isinstance(entry, dict)
    assert entry["r"] == {"installations": [{"version": "4.2.3", "path": "/opt/R/4.2.3/bin/R"}]}
    assert entry["python"] == {"installations": [{"version": "3.11.9", "path": "/opt/python/3.11.9/bin/python3"}]}
    assert entry["quarto"] == {"installations": [{"version": "1.3.340", "path": "/opt/quarto/1.3.340/bin/quarto"}]}


@pytest.mark.parametrize(
    ("chart", "path", "value"),
    [
        pytest.param(NEWEST, "executionEnvironments", [], id="environments"),
        pytest.param("0.8.0", "launcher.customRuntimeYaml", "base", id="runtimes"),
    ],
)
def test_without_images_a_template_is_left(chart: str, path: str, value: Tree) -> None:
    connect = "2026.08.0" if chart == NEWEST else "2025.03.0"
    edits, findings = built(context(INTERPRETERS, chart, connect=connect))
    assert edits[path].value == value
    assert edits[path].todo
    assert 'version: "4.2.3"' in edits[path].todo
    assert "R 4.2.3" in findings["G2H407"].what


DEFINITION = b"""name: Kubernetes
images:
  - name: a/one:1
    python: {installations: [{path: /opt/python/3.9.5/bin/python3, version: 3.9.5}]}
  - name: a/two:1
    r: {installations: [{path: /opt/R/4.1.0/bin/R, version: 4.1.0}]}
"""
SECOND = b"images: [{name: a/three:1, r: {installations: [{path: /r, version: 4.0.0}]}}]"
CLUSTER = "[Launcher]\nClusterDefinition = /a.yaml\n"


@pytest.mark.parametrize(
    ("files", "outcome", "names", "expected"),
    [
        pytest.param({"/a.yaml": DEFINITION}, MOVED, ["a/one:1", "a/two:1"], set(), id="good"),
        pytest.param({"/a.yaml": DEFINITION + b"extra: 1\n"}, MOVED, ["a/one:1", "a/two:1"], {"G2H429"}, id="more"),
        pytest.param({}, DROPPED, [], {"G2H419"}, id="missing"),
        pytest.param({"/a.yaml": b"images: [\n"}, DROPPED, [], {"G2H419"}, id="not-yaml"),
        pytest.param({"/a.yaml": b"\xff"}, DROPPED, [], {"G2H419"}, id="not-text"),
        pytest.param({"/a.yaml": b"images: [{name: x}]"}, MOVED, ["x"], {"G2H419"}, id="no-installation"),
        pytest.param({"/a.yaml": b"images: [{title: x}]"}, DROPPED, [], {"G2H419"}, id="no-name"),
        pytest.param({"/a.yaml": b"images: [{name: x, r: {installations: [{path: /r}]}}]"}, MOVED, ["x"], {"G2H419"}, id="no-version"),
        pytest.param(None, DROPPED, [], {"G2H407"}, id="no-disk"),
    ],
)  # fmt: skip
def test_cluster_definition(files: Any, outcome: Outcome, names: list[str], expected: set[str]) -> None:
    ctx = context(CLUSTER, files=files)
    result = decide(ctx, "Launcher.ClusterDefinition")
    assert (result.outcome, found(result.findings)) == (outcome, expected)
    value: Any = built(ctx)[0]["executionEnvironments"].value
    assert [image["name"] for image in value] == names


def test_cluster_definitions_add_up_with_versions_as_text() -> None:
    text = CLUSTER + "ClusterDefinition = /b.yaml\n"
    value: Any = built(context(text, files={"/a.yaml": DEFINITION, "/b.yaml": SECOND}))[0][
        "executionEnvironments"
    ].value
    assert [image["name"] for image in value] == ["a/one:1", "a/two:1", "a/three:1"]
    assert all(
        isinstance(one["version"], str)
        for image in value
        for part in ("r", "python")
        if part in image
        for one in image[part]["installations"]
    )


PROFILES = "[Launcher]\nKubernetesProfilesConfig = /p.conf\n"


@pytest.mark.parametrize(
    ("files", "outcome", "value", "expected"),
    [
        pytest.param({"/p.conf": b"[*]\r\ndefault-cpus=1\r\n[@big]\r\nmax-mem-mb=4096\r\n"}, MOVED, {"*": {"default-cpus": "1"}, "@big": {"max-mem-mb": "4096"}}, set(), id="good"),
        pytest.param({"/p.conf": b'[*]\njob-json-overrides="/spec":"/x.json"\ncontainer-images=a\nmax-cpus=2\n'}, MOVED, {"*": {"max-cpus": "2"}}, {"G2H415"}, id="refused-keys"),
        pytest.param({"/p.conf": b"x=1\n"}, DROPPED, None, {"G2H415"}, id="not-ini"),
        pytest.param({"/p.conf": b"[*]\nx=\xff\n"}, DROPPED, None, {"G2H415"}, id="not-text"),
        pytest.param({}, DROPPED, None, {"G2H415"}, id="missing"),
        pytest.param(None, DROPPED, None, {"G2H415"}, id="no-disk"),
    ],
)  # fmt: skip
def test_profiles(files: Any, outcome: Outcome, value: Tree, expected: set[str]) -> None:
    result = decide(context(PROFILES, files=files), "Launcher.KubernetesProfilesConfig")
    assert (result.outcome, found(result.findings)) == (outcome, expected)
    written = [edit for edit in result.edits if not edit.comments_only]
    assert by_path(written) == ({"launcher.launcherKubernetesProfilesConf": value} if value else {})


@pytest.mark.parametrize(
    ("backend", "name", "outcome", "edits", "expected"),
    [
        pytest.param(Backend.LAUNCHER, "rstudio-connect", CHART, {}, set(), id="release"),
        pytest.param(Backend.LAUNCHER, "content", MOVED, {"launcher.namespace": "content"}, {"G2H430"}, id="launcher"),
        pytest.param(Backend.KUBERNETES, "content", MOVED, {"backends.kubernetes.namespace": "content"}, {"G2H430"}, id="kubernetes"),
    ],
)  # fmt: skip
def test_content_namespace(
    backend: Backend, name: str, outcome: Outcome, edits: dict[str, Tree], expected: set[str]
) -> None:
    for key in ("Launcher.KubernetesNamespace", "Kubernetes.Namespace"):
        section, _, setting = key.partition(".")
        result = decide(context(f"[{section}]\n{setting} = {name}\n", backend=backend), key)
        assert (result.outcome, by_path(result.edits), found(result.findings)) == (outcome, edits, expected)


RUN_AS = "[Applications]\nRunAsCurrentUser = true\n[Authentication]\nProvider = "


@pytest.mark.parametrize(
    ("text", "chart", "answers", "edits", "expected"),
    [
        pytest.param(RUN_AS + "ldap\n", NEWEST, {}, {"nameservice.enabled": True, "nameservice.secretName": "rsc-rstudio-connect-nameservice"}, {"G2H431"}, id="ldap"),
        pytest.param(RUN_AS + "ldap\n", NEWEST, {"nameservice": {"secretName": "s"}}, {"nameservice.enabled": True}, set(), id="answered"),
        pytest.param(RUN_AS + "saml\n[HTTP]\nListen = :80\n", NEWEST, {"nameservice": {"apiKey": "s"}}, {"nameservice.enabled": True, "nameservice.server": "http://127.0.0.1:80"}, set(), id="port"),
        pytest.param(RUN_AS + "ldap\n", "0.8.17", {}, {}, {"G2H405"}, id="older-chart"),
        pytest.param(RUN_AS + "password\n", NEWEST, {}, {}, {"G2H405"}, id="provider"),
        pytest.param("[Applications]\nRunAsCurrentUser = false\n", NEWEST, {}, {}, set(), id="off"),
    ],
)  # fmt: skip
def test_current_user(
    text: str, chart: str, answers: dict[str, Tree], edits: dict[str, Tree], expected: set[str]
) -> None:
    result = decide(context(text, chart, answers=answers), "Applications.RunAsCurrentUser")
    assert (result.outcome, by_path(result.edits), found(result.findings)) == (CARRIED, edits, expected)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("legacy_tag_prefix", "ubuntu2204-", "ubuntu-22.04"),
        ("legacy_tag_prefix", "jammy-", "ubuntu-22.04"),
        ("legacy_tag_prefix", "bionic-", None),
        ("legacy_tag_prefix", 3, None),
        ("legacy_runtime_yaml", "base", None),
        ("legacy_runtime_yaml", "pro", None),
        ("legacy_runtime_yaml", {"name": "x", "images": [{"name": "a"}]}, [{"matching": "any", "name": "a"}]),
        ("legacy_runtime_yaml", [{"name": "a"}], [{"matching": "any", "name": "a"}]),
        ("legacy_runtime_yaml", "images: [{name: a}]", [{"matching": "any", "name": "a"}]),
        ("legacy_runtime_yaml", "images: [", None),
        ("legacy_runtime_yaml", {"images": [{"title": "no name"}]}, None),
    ],
)
def test_legacy(name: str, value: Tree, expected: Tree) -> None:
    """What an old value becomes at its new place; None: a person has to see to it, or it goes."""
    split = LEGACY[name](value, ("there",))
    assert (split[0][0].value if split and split[0] else None) == expected
    assert (split == ([], [])) is (value in ("base", "pro"))


# the whole -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "extra", "present", "absent"),
    [
        pytest.param("", {}, {"G2H401", "G2H407", "G2H410", "G2H411", "G2H417", "G2H425", "G2H212"}, {"G2H402"}, id="nothing-set"),
        pytest.param(POSTGRES, {}, set(), {"G2H401", "G2H402"}, id="postgres"),
        pytest.param("[Database]\nProvider = sqlite\n", {}, set(), {"G2H401", "G2H402"}, id="sqlite-is-said-at-the-setting"),
        pytest.param("[Database]\nProvider = postgres\n", {}, {"G2H402"}, {"G2H401"}, id="no-url"),
        pytest.param("", {"answers": {"pod": {"env": [{"name": "CONNECT_DATABASE_PROVIDER"}, {"name": "CONNECT_POSTGRES_URL"}]}}}, set(), {"G2H401", "G2H402"}, id="pod-env"),
        pytest.param("", {"answers": {"config": {"Database": {"Provider": "postgres"}, "Postgres": {"URL": "x"}}}}, set(), {"G2H401", "G2H402"}, id="values"),
        pytest.param("", {"license_server": "l:8989"}, set(), {"G2H410"}, id="license-option"),
        pytest.param("", {"answers": {"license": {"file": {"secret": "s"}}}}, set(), {"G2H410"}, id="license-answered"),
        pytest.param("[Licensing]\nLicenseType = remote\n", {}, {"G2H410"}, set(), id="license-remote"),
        pytest.param('[RPackageRepository "CRAN"]\nURL = x\n', {}, set(), {"G2H417"}, id="repository"),
        pytest.param("", {"chart_defaults": ChartDefaults.CHART}, set(), {"G2H417"}, id="repositories-of-the-chart"),
        pytest.param("", {"answers": {"config": {'RPackageRepository "x"': {"URL": "y"}}}}, set(), {"G2H417"}, id="repository-answered"),
        pytest.param("", {"chart": "0.20.0"}, set(), {"G2H212"}, id="launcher-was-the-default"),
        pytest.param("", {"backend": Backend.KUBERNETES}, set(), {"G2H212"}, id="direct-runner"),
        pytest.param("[Server]\nAddress = https://c.example.com\n", {}, set(), {"G2H425"}, id="address"),
        pytest.param("", {"answers": {"config": {"Server": {"Address": "https://c"}}}}, set(), {"G2H425"}, id="address-answered"),
        pytest.param("", {"answers": {"executionEnvironments": [{"name": "x"}]}}, set(), {"G2H407"}, id="images-answered"),
        pytest.param("", {"answers": {"launcher": {"customRuntimeYaml": {"images": [{"name": "x"}]}}}}, set(), {"G2H407"}, id="images-of-an-older-chart"),
    ],
)  # fmt: skip
def test_findings_of_the_whole(text: str, extra: dict[str, Any], present: set[str], absent: set[str]) -> None:
    findings = set(built(context(text, **extra))[1])
    assert present <= findings
    assert not absent & findings


def test_licence_options_become_values() -> None:
    edits, _ = built(context(POSTGRES, license_file_secret="lic", license_server="l:8989"))
    assert edits["license.file.secret"].value == "lic"
    assert edits["license.server"].value == "l:8989"


def test_an_open_licence_is_a_question_and_no_value() -> None:
    edit = built(context(POSTGRES))[0]["license"]
    assert edit.comments_only
    assert edit.todo


def test_every_named_transform_exists_and_none_is_left_over() -> None:
    known = load_tables()
    rules = {rule.transform for setting in known for rule in setting.rules if rule.transform}
    assert rules == set(TRANSFORMS)
    assert {row.transform for row in known.legacy if row.transform} == set(LEGACY)


@pytest.mark.parametrize(
    ("span", "path"),
    [
        (images.HAS_ENVIRONMENTS, images.ENVIRONMENTS),
        (images.HAS_RUNTIMES, images.RUNTIMES),
        (runtime.HAS_NAMESERVICE, ("nameservice", "enabled")),
        (storage.VOLUME_NAME, ("sharedStorage", "volumeName")),
    ],
)
def test_the_chart_has_what_is_written_from_the_version_named(span: Any, path: tuple[str, ...]) -> None:
    for version in charts.versions():
        node: Any = small.values_of(version)
        for key in path:
            node = node.get(key, {}) if isinstance(node, dict) and key in node else None
            if node is None:
                break
        assert (node is not None) == (version in span), version
