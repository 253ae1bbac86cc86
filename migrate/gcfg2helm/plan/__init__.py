"""What becomes of the configuration: one decision for each entry, and the edits that make values.yaml of them."""
