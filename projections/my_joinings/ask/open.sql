-- What waits for my answer, the nearest end first.
SELECT joining, program, asks, registration, line, tier, asked_at, answer_by FROM my_joinings ORDER BY answer_by, joining
