"""Every benchmark works: at a tiny size it reports finite numbers; its times are nobody's business here."""
