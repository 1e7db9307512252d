"""Reports: a scan's result as text for people and JSON for programs. Nothing here prints."""
