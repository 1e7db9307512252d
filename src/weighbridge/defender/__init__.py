"""The automated scanner: walks a target, has workers parse it, lets the rules judge the facts."""
