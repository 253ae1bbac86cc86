"""What the shell completes: names of settings, sections and findings, versions of the chart."""

from collections.abc import Iterator


def versions(incomplete: str) -> list[str]:
    """Return the known versions of the chart that begin so, the newest first."""
    from gcfg2helm import chart

    return [str(one) for one in reversed(chart.versions()) if str(one).startswith(incomplete)]


def findings(incomplete: str) -> list[tuple[str, str]]:
    """Return the codes that begin so, each with its title."""
    from gcfg2helm.findings import codes

    return [(_typed(one.code, incomplete), one.title) for one in codes().values() if _begins(one.code, incomplete)]


def settings(incomplete: str) -> list[str]:
    """Return the settings that begin so; capitals do not matter."""
    return [_typed(name, incomplete) for name in _names(sections=False) if _begins(name, incomplete)]


def topics(incomplete: str) -> list[str | tuple[str, str]]:
    """Return what `explain` knows and begins so: sections, settings, findings with their titles."""
    names = [_typed(name, incomplete) for name in _names(sections=True) if _begins(name, incomplete)]
    return [*names, *findings(incomplete)]


def sections(incomplete: str) -> list[str]:
    """Return the sections that begin so."""
    from gcfg2helm import tables

    names = (one.name for one in tables.shipped().sections.values())
    return [_typed(name, incomplete) for name in names if _begins(name, incomplete)]


def _begins(name: str, incomplete: str) -> bool:
    return name.lower().startswith(incomplete.lower())


def _typed(name: str, incomplete: str) -> str:
    """Return a name that begins as it was typed: shells drop what begins otherwise."""
    return incomplete + name[len(incomplete) :]


def _names(*, sections: bool) -> Iterator[str]:
    from gcfg2helm import tables

    for section in tables.shipped().sections.values():
        if sections:
            yield section.name
        yield from (setting.key for setting in section.settings.values())
