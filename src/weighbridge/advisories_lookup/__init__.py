"""Which published advisories name a file, asked by its SHA-256 and by nothing else."""
