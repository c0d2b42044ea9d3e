INSERT INTO standings (program, partner, standing_from, standing)
VALUES (%(_program)s, %(partner)s, %(standing_from)s, CASE WHEN %(standing)s = 'hold' THEN 'good' ELSE %(standing)s END)
ON CONFLICT (program, partner, standing_from) DO UPDATE SET standing = excluded.standing
