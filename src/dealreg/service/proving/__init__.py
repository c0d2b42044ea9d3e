"""Proofs from what the seal keeps: hashes out of tiles, without the whole tree in memory."""
