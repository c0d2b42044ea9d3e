"""Special prices: asked on a registration, approved by levels, ending by themselves (ROE-33)."""
