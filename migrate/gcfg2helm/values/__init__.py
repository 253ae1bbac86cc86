"""The values of the chart: read as Helm reads them, changed, written, compared. No module here knows a rule."""
