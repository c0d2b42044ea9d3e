"""What proves: the tree of RFC 6962, C2SP notes, checkpoints and tiles, and the stand-alone verifier. Standard library only."""
