#!/usr/bin/env bash
# Builds what a release consists of into dist/: sdist, wheel, and gcfg2helm.pyz, one file that needs nothing but a Python of
# the version and platform that made it (PyYAML's reader is compiled). Everything is built twice, and must come out the same.
#
#     tools/release.sh [PYTHON]       PYTHON has the packages build and shiv
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-.venv/bin/python}
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || echo 1577836800)
export SOURCE_DATE_EPOCH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for turn in one two; do
    "$python" -m build --quiet --outdir "$work/$turn" .
    # From the same place both times: pip notes where a wheel came from.
    rm -rf "$work/wheel" && mkdir "$work/wheel" && cp "$work/$turn"/*.whl "$work/wheel/"
    "$python" -m shiv --reproducible --console-script gcfg2helm --python '/usr/bin/env python3' \
        --output-file "$work/$turn/gcfg2helm.pyz" "$work/wheel"/*.whl --quiet --no-compile
done
for file in "$work"/one/*; do
    cmp "$file" "$work/two/$(basename "$file")"
done
# The one file alone, in an empty folder: no pip, no network, no package of this environment.
(cd "$work" && mkdir alone && cd alone && env -i PATH="$PATH" HOME="$work" SHIV_ROOT="$work/shiv" "$(readlink -f "$(command -v python3)")" -I "$work/one/gcfg2helm.pyz" --version)
rm -rf dist && mkdir dist && cp "$work"/one/* dist/
(cd dist && sha256sum -- *)
