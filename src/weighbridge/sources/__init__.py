"""Sources hand out random-access bytes: local files, members of archives, ranges of remote files."""
