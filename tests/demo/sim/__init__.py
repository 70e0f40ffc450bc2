"""A small simulated data platform: the systems that watchdesk's connectors talk to, in memory."""
