"""Read models: loaded, kept up to date, rebuilt and asked."""
