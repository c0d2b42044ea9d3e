-- When something falls due next, due already or not.
SELECT min(due_at) AS due_at FROM falling_due
