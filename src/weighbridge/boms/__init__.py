"""Bills of materials (CycloneDX): written for models, and read to find what is affected."""
