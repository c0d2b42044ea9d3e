"""Whether a rulebook that can be read also hangs together: asked when it is checked and when it is published, never of what was published."""
