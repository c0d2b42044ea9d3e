-- How many are open, by source and reason. They are few: kept 90 days.
SELECT source, reason, count(*) AS n, min(received_at) AS first_at, max(received_at) AS last_at
FROM intake.dead_letters WHERE resolved_at IS NULL GROUP BY source, reason ORDER BY source, reason
