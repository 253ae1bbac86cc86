"""What the shell completes: names of settings, sections and findings, versions of the chart."""

from collections.abc import Iterator


def versions(incomplete: str) -> list[str]:
    """Return the known versions of the chart that begin so, the newest first."""
    from gcfg2helm import chart

    return [str(one) for one in reversed(chart.versions()) if str(one).startswith(incomplete)]


def findings(incomplete: str) -> list[tuple[str, str]]:
    """Return the codes that begin so, each with its title."""
    from gcfg2helm.findings import codes

    return [(one.code, one.title) for one in codes().values() if one.code.startswith(incomplete.upper())]


def settings(incomplete: str) -> list[str]:
    """Return the settings that begin so; capitals do not matter."""
    return [name for name in _names(sections=False) if name.lower().startswith(incomplete.lower())]


def topics(incomplete: str) -> list[str]:
    """Return what `explain` knows and begins so: sections, settings, findings."""
    names = [name for name in _names(sections=True) if name.lower().startswith(incomplete.lower())]
    return [*names, *(code for code, _ in findings(incomplete))]


def sections(incomplete: str) -> list[str]:
    """Return the sections that begin so."""
    from gcfg2helm import tables

    return [one.name for one in tables.shipped().sections.values() if one.name.lower().startswith(incomplete.lower())]


def _names(*, sections: bool) -> Iterator[str]:
    from gcfg2helm import tables

    for section in tables.shipped().sections.values():
        if sections:
            yield section.name
        yield from (setting.key for setting in section.settings.values())
