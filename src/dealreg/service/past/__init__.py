"""The past as anybody asks for it: as known then, as true then, what differs and why, and when a thing was first known."""
