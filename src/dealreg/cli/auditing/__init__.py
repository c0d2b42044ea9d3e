"""The verbs of `dealreg audit`, a module each."""
