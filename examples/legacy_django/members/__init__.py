"""Who may lend."""
