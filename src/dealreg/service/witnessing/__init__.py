"""What leaves the house so that others can convict a rewrite: cosigned checkpoints, time stamps, receipts, and the policy to check them by."""
