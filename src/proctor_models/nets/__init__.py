"""The two networks, in plain PyTorch: training fits them, export converts them."""
