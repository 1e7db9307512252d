"""Sources hand out random-access bytes: files, members of archives, ranges of remote files."""
