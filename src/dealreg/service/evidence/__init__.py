"""Evidence that leaves the house: bundles with their proofs, the page that people read, and the verifier that goes with them."""
