"""The log in forms that others read: CloudEvents as JSON lines, OCEL 2.0; and back, with the same root."""
