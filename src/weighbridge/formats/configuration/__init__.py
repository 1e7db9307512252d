"""What configuration beside the weights names: code, classes, other repositories, packages."""
