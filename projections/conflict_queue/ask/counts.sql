-- How many conflicts of each kind stand in each state.
SELECT kind, state, n FROM conflict_counts WHERE n <> 0 ORDER BY kind, state
