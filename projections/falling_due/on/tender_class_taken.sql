-- A tender's claim has neither window nor queue, and nobody asks for its progress (ROE-23).
-- May touch no row: the claim waited for a decision
DELETE FROM falling_due
WHERE aggregate = 'file' AND subject = %(customer)s AND registration = %(registration)s AND line = %(line)s AND what IN (
    'queue_ends', 'again', 'offer_ends', 'begins', 'ends', 'hold_ends', 'extension_due', 'released', 'progress_reminds', 'progress_suspends',
    'progress_releases'
)
