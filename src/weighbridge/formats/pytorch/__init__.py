"""PyTorch: zip checkpoints, the streams before them, TorchScript and torch.package."""
