"""A site's own tables: what they change, and that the audit names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from helpers.run import run

if TYPE_CHECKING:
    from pathlib import Path

TABLE = """\
section = "Server"

[Address]
[[Address.rules]]
action = "drop"
reason = "Our proxy sets it."

[OurOwn]
type = "boolean"
"""


def test_the_audit_names_the_rows_of_a_site(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/server.toml").write_text(TABLE)
    (tmp_path / "x.gcfg").write_text("[Server]\nAddress = https://x.example.com\nOurOwn = yes\nViewerKiosk = on\n")
    plain = run("check", "x.gcfg", cwd=tmp_path).stdout
    done = run("check", "x.gcfg", "--mappings", "site", cwd=tmp_path).stdout
    assert "G2H101" in plain
    assert "G2H101" not in done
    assert "Our proxy sets it. (site/server.toml)" in done
    assert "Unchanged. (site/server.toml)" in done
    assert done.count("site/server.toml") == 2


def test_problems_of_a_site_are_reported_together(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/server.toml").write_text(
        'section = "Server"\n[X]\ntype = "foo"\nbar = 1\n[[X.rules]]\naction = "jump"\n'
    )
    (tmp_path / "x.gcfg").write_text("[Server]\n")
    done = run("check", "x.gcfg", "--mappings", "site", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.count("site/server.toml") == 4
