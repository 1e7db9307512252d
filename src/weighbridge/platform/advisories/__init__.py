"""WS and MSC records."""
