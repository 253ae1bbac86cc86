"""The values of an old chart brought to a new one, and from the launcher to the direct runner, with the proof."""
