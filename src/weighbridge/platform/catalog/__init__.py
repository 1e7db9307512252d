"""Models, versions, artifacts and which file is where."""
