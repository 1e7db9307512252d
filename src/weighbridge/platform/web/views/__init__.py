"""Views: thin, one file per subject; they read by selectors and change by services."""
