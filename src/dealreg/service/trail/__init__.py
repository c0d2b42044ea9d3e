"""Who looked at the trail: each question of an auditor and each export is a fact, recorded before anything is handed over."""
