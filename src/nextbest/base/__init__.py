"""Words that every floor shares: errors, messages, findings, settings, contracts, capability cards, expressions."""
