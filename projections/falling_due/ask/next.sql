-- When something falls due next after an instant, or at all where none is given.
SELECT min(due_at) AS due_at FROM falling_due WHERE %(after)s::timestamptz IS NULL OR due_at > %(after)s::timestamptz
