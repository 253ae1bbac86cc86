"""The steps of a migration, as data; `report.runbook` renders them."""
