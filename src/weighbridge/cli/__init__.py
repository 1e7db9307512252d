"""The command ``weighbridge``: one file per command. Only this package prints."""
