"""Microsoft Partner Center: what its webhooks tell of referrals, and the referrals as its API returns them."""
